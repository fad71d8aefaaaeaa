#include "operator_tables.hpp"

#include <map>

#include "oneproxy/base/error.hpp"
#include "oneproxy/data/latency_matrix.hpp"
#include "oneproxy/space/layerwise.hpp"

namespace oneproxy::operator_tables {
namespace {

constexpr int stage_count = 6;  // the last holds one block
constexpr int most_blocks[stage_count] = {4, 4, 4, 4, 4, 1};
constexpr int strides[stage_count] = {2, 2, 2, 1, 2, 1};
constexpr int expansions[] = {3, 6};

std::vector<int> kernels(bool kernel_7) { return kernel_7 ? std::vector{3, 5, 7} : std::vector{3, 5}; }

/// A block as tables name it.
struct Operator {
  int size = 0;  ///< pixels on a side of the input
  int in = 0;
  int out = 0;
  int stride = 1;
  int kernel = 3;
  int expansion = 3;
};

/// One weight for each block and candidate, in the order of LayerwiseSpace's encoding, and the constant.
template <class Latency>
LinearPredictor summed(const SpacePtr& space, bool kernel_7, int fourth_stage_channels, double fixed_ms,
                       const Latency& latency_ms) {
  const int channels[stage_count] = {24, 40, 80, fourth_stage_channels, 192, 320};
  std::vector<double> weights;
  int size = 112;
  int in = 16;
  for (int stage = 0; stage < stage_count; ++stage) {
    for (int block = 0; block < most_blocks[stage]; ++block) {
      const int stride = block == 0 ? strides[stage] : 1;
      for (const int kernel : kernels(kernel_7)) {
        for (const int expansion : expansions) {
          weights.push_back(latency_ms(Operator{size, in, channels[stage], stride, kernel, expansion}));
        }
      }
      size /= stride;
      in = channels[stage];
    }
  }
  weights.push_back(fixed_ms);
  const Eigen::VectorXd vector = Eigen::Map<const Eigen::VectorXd>(weights.data(), std::ssize(weights));
  return LinearPredictor(space, vector);
}

/// The rows of a CSV by what its key columns say, joined with dots as read_latency_matrix() does.
class Rows {
 public:
  Rows(const std::filesystem::path& file, std::size_t key_columns, const std::string& column) : file_(file.string()) {
    // Some of TF-NAS's differences of measurements are negative.
    const auto table = read_latency_matrix(file, {.key_columns = key_columns, .any_value = true}).select({{column}});
    for (std::size_t row = 0; row < table.networks.size(); ++row) {
      values_.emplace(table.networks[row], table.latency_ms(static_cast<Eigen::Index>(row), 0));
    }
  }
  double of(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) throw InputError(file_, "lacks the operator " + key);
    return found->second;
  }
  /// The row whose key begins so.
  double beginning_with(const std::string& start) const {
    const auto found = values_.lower_bound(start);
    if (found == values_.end() || !found->first.starts_with(start)) {
      throw InputError(file_, "lacks the operator " + start);
    }
    return found->second;
  }

 private:
  std::string file_;
  std::map<std::string, double> values_;
};

std::string shape(int size, int channels) {
  return std::to_string(size) + "x" + std::to_string(size) + "x" + std::to_string(channels);
}

}  // namespace

SpacePtr space(bool kernel_7, int fourth_stage_channels) {
  LayerwisePlan plan{.description = std::string("operator_tables(kernel_7=") + (kernel_7 ? "1" : "0") +
                                    ", channels=" + std::to_string(fourth_stage_channels) + ")",
                     .input = {3, 224, 224},
                     .stem = {},
                     .stages = {},
                     .head = {},
                     .choices = {{"kernel", {}}, {"expansion", {"3", "6"}}},
                     .candidates = {}};
  using Kind = LayerwisePlan::FixedLayer::Kind;
  plan.stem = {{.kind = Kind::convolution,
                .name = "stem",
                .channels = 32,
                .kernel = 3,
                .stride = 2,
                .activation = Activation::relu6,
                .block = {}},
               {.kind = Kind::block, .name = "first", .channels = 16, .block = {.kernel = 3, .expansion = 1}}};
  const std::vector<int> depths{2, 3, 4};
  plan.stages = {{24, 2, depths},  {40, 2, depths}, {80, 2, depths}, {fourth_stage_channels, 1, depths},
                 {192, 2, depths}, {320, 1, {1}}};
  plan.head = {
      {.kind = Kind::convolution, .name = "features", .channels = 1280, .activation = Activation::relu6, .block = {}},
      {.kind = Kind::global_average_pool, .name = "pool", .block = {}},
      {.kind = Kind::fully_connected, .name = "classifier", .channels = 1000, .block = {}}};
  for (const int kernel : kernels(kernel_7)) {
    plan.choices[0].options.push_back(std::to_string(kernel));
    for (const int expansion : expansions) plan.candidates.push_back({.kernel = kernel, .expansion = expansion});
  }
  return std::make_shared<LayerwiseSpace>(std::move(plan));
}

LinearPredictor proxylessnas(const std::filesystem::path& file, const SpacePtr& space, bool kernel_7,
                             const std::string& column) {
  const Rows rows(file, 10, column);
  const double fixed_ms =
      rows.beginning_with("Conv-input:224x224x3-output:112x112x32.") +
      rows.beginning_with("expanded_conv-input:112x112x32-output:112x112x16-expand:1-kernel:3-stride:1-idskip:0.") +
      rows.beginning_with("Conv_1-input:7x7x320-output:7x7x1280.") +
      rows.beginning_with("Logits-input:7x7x1280-output:1000.");
  return summed(space, kernel_7, 96, fixed_ms, [&](const Operator& o) {
    const bool skips = o.stride == 1 && o.in == o.out;
    return rows.beginning_with("expanded_conv-input:" + shape(o.size, o.in) +
                               "-output:" + shape(o.size / o.stride, o.out) + "-expand:" + std::to_string(o.expansion) +
                               "-kernel:" + std::to_string(o.kernel) + "-stride:" + std::to_string(o.stride) +
                               "-idskip:" + (skips ? "1." : "0."));
  });
}

LinearPredictor tfnas(const std::filesystem::path& file, const SpacePtr& space, const std::string& column) {
  const Rows rows(file, 2, column);
  return summed(space, false, 112, rows.beginning_with("base."), [&](const Operator& o) {
    const bool early = o.out == 24;
    return rows.of("MBInvertedResBlock_" + std::to_string(o.size) + "_" + std::to_string(o.in) + "_0_" +
                   std::to_string(o.out) + "_k" + std::to_string(o.kernel) + "_s" + std::to_string(o.stride) +
                   (early ? "_relu." : "_swish.") + std::to_string(o.in * o.expansion));
  });
}

}  // namespace oneproxy::operator_tables
