// Figs. 16, 25 and 26: all networks of NAS-Bench-201 as candidates, with their true accuracies. Each latency predictor
// chooses the networks that are Pareto-optimal by it; the measured latencies say what the choice is worth.

#include <charconv>
#include <cmath>

#include "front_row.hpp"
#include "makers.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/data/latency_matrix.hpp"
#include "oneproxy/reproduce/proxy_study.hpp"
#include "oneproxy/space/nas_bench_201.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

constexpr const char* oneproxy_table = "nasbench201/oneproxy_latency_ms.csv";
constexpr const char* help_table = "nasbench201/help_latency_ms.csv";
constexpr const char* accuracy_table = "nasbench201/accuracy.csv";

/// Accuracies in percent by the benchmark's index.
std::vector<double> read_accuracies(const std::filesystem::path& file, const std::string& column) {
  const LatencyMatrix table = read_latency_matrix(file, {.key_columns = 3, .any_value = true}).select({{column}});
  std::vector<double> accuracy(NasBench201::architecture_count, std::nan(""));
  for (std::size_t row = 0; row < table.networks.size(); ++row) {
    const std::string& key = table.networks[row];  // "index.operators.text"
    std::size_t index = accuracy.size();
    std::from_chars(key.data(), key.data() + key.size(), index);
    if (index >= accuracy.size()) {
      throw InputError(file.string(), "'" + key.substr(0, key.find('.')) + "' is no index of NAS-Bench-201");
    }
    accuracy[index] = table.latency_ms(static_cast<Index>(row), 0);
  }
  for (std::size_t i = 0; i < accuracy.size(); ++i) {
    if (std::isnan(accuracy[i])) throw InputError(file.string(), "lacks the network " + std::to_string(i));
  }
  return accuracy;
}

struct Target {
  const char* column;
  const char* name;
  std::size_t training_count;
  const char* remark = "";
};

struct Task {
  const char* id;
  const char* accuracy_column;
  const char* title;
};

class Exhaustive {
 public:
  Exhaustive(const ReproduceContext& context, const Task& task, ReproducedFigure& figure)
      : context_(context),
        task_(task),
        accuracy_(read_accuracies(context.data(accuracy_table), task.accuracy_column)),
        figure_(figure) {}

  void add(const std::string& file, const std::string& proxy, std::span<const Target> targets) {
    report(context_.progress, {"reading " + file, 0, 1});
    const SpacePtr space = make_space("nas_bench_201");
    const ProxyStudy study(space, read_published_table(context_.data(file), *space), proxy, context_.options.seed);
    for (const Target& target : targets) add(study, target);
  }

 private:
  void add(const ProxyStudy& study, const Target& target) {
    std::vector<double> accuracy;
    for (const auto& x : study.table().architectures) accuracy.push_back(accuracy_[NasBench201::official_index(x)]);
    FrontRowRequest request;
    request.target = {.column = target.column, .training_count = target.training_count};
    request.name = target.name;
    request.proxy = "Pixel3";
    request.accuracy = accuracy;
    request.picture = std::string(task_.id) + "-" + target.column + ".svg";
    request.picture_title = std::string(task_.title) + ", " + target.name;
    request.remark = target.remark;
    add_front_row(context_, study, request, figure_);
  }

  const ReproduceContext& context_;
  Task task_;
  std::vector<double> accuracy_;
  ReproducedFigure& figure_;
};

ReproducedFigure exhaustive(const ReproduceContext& context, const Task& task) {
  const Target all[]{{"eyeriss", "Eyeriss", 20}, {"fpga", "FPGA", 20}, {"raspi4", "Raspi4", 20}};
  const Target edge[]{{"rice_edgegpu", "Edge GPU", 40}, {"rice_edgetpu", "Edge TPU", 40, "networks that could run"}};
  ReproducedFigure figure;
  Exhaustive study(context, task, figure);
  study.add(help_table, "pixel3", all);
  study.add(oneproxy_table, "rice_pixel3", edge);
  figure.notes = {
      "Candidates are all 15,625 networks (Edge GPU and Edge TPU: the 1,999 of OneProxy's table), accuracies the "
      "benchmark's on the test images after 200 epochs. Networks chosen by each predictor are judged by the target's "
      "measured latencies: hypervolume as share of the true front's; the reference point is the slowest latency and "
      "the "
      "lowest accuracy of all. The paper shows the fronts as pictures, without numbers."};
  return figure;
}

ReproducedFigure fig16(const ReproduceContext& context) {
  return exhaustive(context, {"fig16", "cifar10_test_200ep", "CIFAR-10"});
}

ReproducedFigure fig25(const ReproduceContext& context) {
  auto figure = exhaustive(context, {"fig25", "cifar100_test_200ep", "CIFAR-100"});
  figure.notes.push_back(
      "Latencies are those of CIFAR-10: the images are as large, only the classifier has 90 outputs fewer.");
  return figure;
}

ReproducedFigure fig26(const ReproduceContext& context) {
  auto figure = exhaustive(context, {"fig26", "imagenet16_120_test_200ep", "ImageNet16-120"});
  figure.notes.push_back(
      "Latencies are those of CIFAR-10, 32 x 32 pixels; the paper's, of 16 x 16, are not in the public tables at "
      "hand.");
  return figure;
}

}  // namespace

std::vector<FigureMaker> exhaustive_makers() {
  const std::vector<std::string> data{help_table, oneproxy_table, accuracy_table};
  return {{.id = "fig16", .title = "Exhaustive search, CIFAR-10", .data = data, .make = fig16},
          {.id = "fig25", .title = "Exhaustive search, CIFAR-100", .data = data, .make = fig25},
          {.id = "fig26", .title = "Exhaustive search, ImageNet16-120", .data = data, .make = fig26}};
}

}  // namespace oneproxy
