#include "oneproxy/predict/kernel_model.hpp"

#include <algorithm>
#include <cassert>

#include "oneproxy/base/error.hpp"
#include "oneproxy/predict/ridge.hpp"

namespace oneproxy {

const double* KernelModel::find(const KernelConfig& config, Form form, Memory& memory) const {
  if (form == Form::counts) {
    const auto weight = parts_.weight_ms.find(config.text);
    if (weight != parts_.weight_ms.end()) return &weight->second;
  }
  const auto known = memory.find(config.text);
  if (known != memory.end()) return &known->second;
  const auto forest = parts_.forests.find(config.kind);
  if (forest == parts_.forests.end()) return nullptr;
  return &memory.emplace(config.text, forest->second(config.features)).first->second;
}

double KernelModel::latency_ms(const Network& network, Form form, Memory& memory) const {
  const Network operators = split_activations(network);
  double sum = parts_.overhead_ms;
  for (const Kernel& kernel : split_kernels(operators, parts_.rules)) {
    // Longest parts first: a chain of operators that was never met whole is taken as the known kernels in it.
    std::span<const int> left(kernel.layers);
    while (!left.empty()) {
      const double* ms = nullptr;
      std::size_t count = left.size() + 1;
      while (ms == nullptr && --count > 0) {
        const auto part = left.first(count);
        ms = find(kernel_config(operators, {{part.begin(), part.end()}}), form, memory);
      }
      if (ms == nullptr) {
        const Layer& layer = operators.layers[static_cast<std::size_t>(left.front())];
        std::string known;
        for (const auto& [kind, forest] : parts_.forests) known += (known.empty() ? "" : ", ") + kind;
        throw InputError("layer " + layer.name, "is a kernel that the predictor does not know: " +
                                                    kernel_config(operators, {{left.front()}}).text +
                                                    "; it has forests for " + (known.empty() ? "no kind" : known));
      }
      sum += *ms;
      left = left.subspan(count);
    }
  }
  return sum;
}

double KernelModel::latency_ms(const Network& network, Form form) const {
  Memory memory;
  return latency_ms(network, form, memory);
}

std::vector<double> KernelModel::latency_ms(std::span<const Network> networks, Form form) const {
  Memory memory;  // networks of a space share most of their kernels
  std::vector<double> result;
  result.reserve(networks.size());
  for (const Network& network : networks) result.push_back(latency_ms(network, form, memory));
  return result;
}

void KernelPredictor::predict(std::span<const Architecture> xs, std::span<float> out) const {
  assert(xs.size() == out.size());
  std::vector<Network> networks;
  constexpr std::size_t block = 256;  // bounds the memory of the networks
  for (std::size_t begin = 0; begin < xs.size(); begin += block) {
    networks.clear();
    for (const auto& x : xs.subspan(begin, std::min(block, xs.size() - begin))) networks.push_back(space_->network(x));
    const auto ms = model_.latency_ms(networks, form_);
    std::ranges::transform(ms, out.begin() + static_cast<std::ptrdiff_t>(begin),
                           [](double value) { return static_cast<float>(value); });
  }
}

KernelModel fit_kernel_model(std::string device, double overhead_ms, FusionRules rules,
                             std::span<const KernelSample> samples, const ForestOptions& options) {
  std::map<std::string, std::vector<const KernelSample*>> by_kind;
  KernelModel::Parts parts{.device = std::move(device),
                           .overhead_ms = overhead_ms,
                           .rules = std::move(rules),
                           .forests = {},
                           .weight_ms = {}};
  for (const auto& sample : samples) {
    by_kind[sample.config.kind].push_back(&sample);
    parts.weight_ms[sample.config.text] = sample.ms;
  }
  for (const auto& [kind, of_kind] : by_kind) {
    Eigen::MatrixXd x(static_cast<Eigen::Index>(of_kind.size()), KernelConfig::feature_count);
    std::vector<double> ms;
    for (const KernelSample* sample : of_kind) {
      const auto row = static_cast<Eigen::Index>(ms.size());
      x.row(row) = Eigen::Map<const Eigen::RowVectorXd>(sample->config.features.data(), x.cols());
      ms.push_back(sample->ms);
    }
    parts.forests.emplace(kind, fit_forest(x, ms, options));
  }
  return KernelModel(std::move(parts));
}

KernelModel fit_kernel_counts(std::string device, FusionRules rules, std::span<const Network> networks,
                              std::span<const double> latency_ms) {
  assert(networks.size() >= 2 && networks.size() == latency_ms.size());
  std::vector<std::map<std::string, int>> counts;
  std::map<std::string, int> most;
  for (const Network& network : networks) {
    auto& count = counts.emplace_back();
    for (const auto& config : kernels_of(network, rules)) {
      int& seen = most[config.text];
      seen = std::max(seen, ++count[config.text]);
    }
  }
  // Columns of the scale of one-hot ones, as the fit expects.
  Eigen::MatrixXd x =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(networks.size()), static_cast<Eigen::Index>(most.size()));
  std::map<std::string, Eigen::Index> column;
  for (const auto& [text, largest] : most) column.emplace(text, static_cast<Eigen::Index>(column.size()));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (const auto& [text, count] : counts[i]) {
      x(static_cast<Eigen::Index>(i), column.at(text)) = static_cast<double>(count) / most.at(text);
    }
  }
  const RidgeFit fit =
      fit_ridge(x, Eigen::Map<const Eigen::VectorXd>(latency_ms.data(), static_cast<Eigen::Index>(latency_ms.size())));
  KernelModel::Parts parts{.device = std::move(device),
                           .overhead_ms = fit.intercept,
                           .rules = std::move(rules),
                           .forests = {},
                           .weight_ms = {},
                           .measurement_count = networks.size()};
  for (const auto& [text, largest] : most) parts.weight_ms.emplace(text, fit.weights[column.at(text)] / largest);
  return KernelModel(std::move(parts));
}

}  // namespace oneproxy
