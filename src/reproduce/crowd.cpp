// Fig. 5: the distribution of the SRCC over many devices.

#include <algorithm>
#include <numeric>

#include "makers.hpp"
#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/adapt/srcc_spread.hpp"
#include "oneproxy/data/latency_matrix.hpp"
#include "oneproxy/report/svg.hpp"

namespace oneproxy {
namespace {

constexpr const char* ncnn_table = "device_benchmarks/ncnn_benchmark.csv";

/// The distribution at every percent: the same picture from far fewer points.
ChartLine distribution(const std::string& name, const std::vector<double>& ascending) {
  ChartLine line{.name = name, .x = {}, .y = {}, .deviation = {}, .steps = true};
  for (int percent = 0; percent <= 100; ++percent) {
    const double share = percent / 100.0;
    line.x.push_back(ascending[static_cast<std::size_t>(share * static_cast<double>(ascending.size() - 1))]);
    line.y.push_back(share);
  }
  return line;
}

ReproducedFigure fig5(const ReproduceContext& context) {
  report(context.progress, {"reading ncnn's table", 0, 1});
  const LatencyMatrix table =
      read_latency_matrix(context.data(ncnn_table), {.device_columns = {"device", "num_threads"},
                                                     .value_column = "avg_ms",
                                                     .where = {{"gpu_device", "-1"}, {"num_threads", "1"}}})
          .with_values(20);
  const Eigen::MatrixXd srcc = srcc_matrix(table.latency_ms, context.options.threads);
  const auto order = devices_by_speed(table.latency_ms);
  const std::span<const std::size_t> all(order);
  const std::size_t third = order.size() / 3;
  struct Group {
    const char* name;
    std::span<const std::size_t> devices;
    std::optional<double> paper;
    const char* remark;
  };
  const Group groups[]{{"all", all, {}, ""},
                       {"fastest third", all.first(third), .5, "the paper: the 100 fastest of 300 phones"},
                       {"middle third", all.subspan(third, order.size() - 2 * third), {}, ""},
                       {"slowest third", all.last(third), {}, ""}};
  ReproducedFigure figure;
  std::vector<ChartLine> lines;
  for (const Group& group : groups) {
    const auto values = pair_srccs(srcc, group.devices);
    const auto above = values.end() - std::ranges::lower_bound(values, 0.9);
    figure.rows.push_back({.target = std::string(group.name) + ", " + std::to_string(group.devices.size()) + " devices",
                           .quantity = "share of pairs with SRCC >= 0.9",
                           .ours = static_cast<double>(above) / static_cast<double>(values.size()),
                           .paper = group.paper,
                           .remark = group.remark});
    figure.rows.push_back({.target = std::string(group.name) + ", " + std::to_string(group.devices.size()) + " devices",
                           .quantity = "median SRCC",
                           .ours = values[values.size() / 2]});
    lines.push_back(distribution(group.name, values));
  }
  figure.pictures.push_back({"fig5.svg", line_chart_svg("Distribution of the SRCC over pairs of devices", "SRCC",
                                                        "share of pairs below", lines)});
  figure.notes = {
      "AI-Benchmark, which the paper used, is not public. Tencent/ncnn's community table stands in for it: processors "
      "on "
      "one thread with at least 20 networks, " +
      std::to_string(table.networks.size()) + " networks of many families."};
  return figure;
}

}  // namespace

std::vector<FigureMaker> crowd_makers() {
  return {{.id = "fig5", .title = "SRCC over many devices", .data = {ncnn_table}, .make = fig5}};
}

}  // namespace oneproxy
