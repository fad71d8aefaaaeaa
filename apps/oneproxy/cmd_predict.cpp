#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/kernel_model.hpp"
#include "oneproxy/predict/latency_file.hpp"
#include "oneproxy/space/onnx_reader.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::filesystem::path predictor;
  std::vector<std::string> onnx;
  std::string space;
  std::vector<std::string> architectures;
  std::filesystem::path table;
  std::string column;
  std::size_t skip = 0;
  bool counts = false;
};

std::shared_ptr<const Predictor> load(const Options& options, const SpacePtr& space) {
  if (!options.counts) return load_latency_predictor(options.predictor, space);
  return std::make_shared<KernelPredictor>(space, load_kernel_model(options.predictor), KernelModel::Form::counts);
}

void predict_onnx(const Options& options, const Common& common) {
  const KernelModel model = load_kernel_model(options.predictor);
  const auto form = options.counts ? KernelModel::Form::counts : KernelModel::Form::forests;
  nlohmann::json json{{"device", model.parts().device}, {"networks", nlohmann::json::array()}};
  std::vector<std::vector<std::string>> rows{{"network", "predicted ms", "MFLOPs", "kernels"}};
  for (const auto& file : options.onnx) {
    const Network network = read_onnx(file);
    const std::size_t kernels = kernels_of(network, model.parts().rules).size();
    const double flops = costs(network).flops;
    double ms = 0;
    try {
      ms = model.latency_ms(network, form);
    } catch (const InputError& error) {
      throw InputError(file, error.what());
    }
    json["networks"].push_back({{"file", file}, {"predicted_ms", ms}, {"flops", flops}, {"kernels", kernels}});
    rows.push_back({file, number(ms), number(flops / 1e6), std::to_string(kernels)});
  }
  if (common.json) return print(json);
  std::cout << model.parts().device << '\n' << aligned(rows);
}

/// How predictions agree with what was measured.
void compare(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const ArchTable table = read_published_table(options.table, *space);
  const std::size_t column = table.column(options.column);
  std::vector<Architecture> xs;
  std::vector<double> measured;
  for (std::size_t i = options.skip; i < table.architectures.size(); ++i) {
    const double value = table.values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(column));
    if (!(value > 0)) continue;  // not a latency: missing, or the network could not run
    xs.push_back(table.architectures[i]);
    measured.push_back(value);
  }
  if (xs.size() < 2)
    throw InputError(options.table.string(), "expected at least two measured networks to compare with");
  const std::vector<float> out = (*load(options, space))(xs);
  const std::vector<double> predicted(out.begin(), out.end());
  std::size_t within = 0;
  for (std::size_t i = 0; i < xs.size(); ++i)
    within += std::abs(predicted[i] - measured[i]) <= 0.1 * measured[i] ? 1 : 0;
  const double share = static_cast<double>(within) / static_cast<double>(xs.size());
  const double error_ms = rmse(predicted, measured);
  const double rank = srcc(predicted, measured);
  if (common.json) {
    return print({{"networks", xs.size()},
                  {"rmse_ms", error_ms},
                  {"share_within_10_percent", share},
                  {"srcc", std::isfinite(rank) ? nlohmann::json(rank) : nlohmann::json()}});
  }
  std::cout << xs.size() << " networks: RMSE " << number(error_ms, 3) << " ms, " << number(100 * share, 3)
            << "% within 10%, SRCC " << number(rank, 3) << '\n';
}

void predict_architectures(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const auto predictor = load(options, space);
  std::vector<Architecture> xs;
  for (const auto& text : options.architectures) xs.push_back(space->parse(text));
  const std::vector<float> ms = (*predictor)(xs);
  nlohmann::json json{{"networks", nlohmann::json::array()}};
  std::vector<std::vector<std::string>> rows{{"architecture", "predicted ms"}};
  for (std::size_t i = 0; i < xs.size(); ++i) {
    json["networks"].push_back({{"architecture", space->text(xs[i])}, {"predicted_ms", ms[i]}});
    rows.push_back({space->text(xs[i]), number(ms[i])});
  }
  if (common.json) return print(json);
  std::cout << aligned(rows);
}

void run(const Options& options, const Common& common) {
  const int ways = static_cast<int>(!options.onnx.empty()) + static_cast<int>(!options.architectures.empty()) +
                   static_cast<int>(!options.table.empty());
  if (ways != 1) throw InputError("predict", "expected one of --onnx, --architecture and --table");
  if (!options.onnx.empty()) return predict_onnx(options, common);
  if (!options.table.empty()) return compare(options, common);
  predict_architectures(options, common);
}

}  // namespace

void add_predict(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "predict", "Predict latencies, of any ONNX network by a kernel predictor",
                              "oneproxy predict --onnx network.onnx --predictor kernels.json", common);
  command->add_option("--predictor", options->predictor, "File of the predictor (docs/formats/predictor.md)")
      ->required();
  command->add_option("--onnx", options->onnx, "ONNX networks of the operators in docs/formats/onnx.md");
  command->add_option("--architecture", options->architectures, "Architectures of a space, as text, an index or JSON");
  command->add_option("--table", options->table,
                      "Table of measured latencies to compare predictions with, ours or as others publish it");
  command->add_option("--column", options->column, "Column of the table (may be left out where there is one)");
  command->add_option("--skip", options->skip, "Rows at the table's start to leave out, e.g. those fitted to")
      ->capture_default_str();
  command->add_option("--space", options->space, "Space of architectures (default: that of the shipped models)");
  command->add_flag("--counts", options->counts, "A kernel predictor's linear form: one weight for each kernel");
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
