#include "ofa_task.hpp"

#include <map>

#include "oneproxy/base/error.hpp"
#include "oneproxy/data/latency_matrix.hpp"
#include "oneproxy/data/tensors.hpp"
#include "oneproxy/predict/mlp.hpp"
#include "oneproxy/space/ofa_mobilenet_v3.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

constexpr const char* operators_file = "operator_tables/ofa_mbv3_note10_lut.csv";
constexpr const char* latency_file = "ofa_mbv3/help_latency_ms.csv";
constexpr const char* accuracy_file = "ofa_mbv3/acc_predictor.pth";

constexpr int channels[]{24, 32, 48, 96, 136, 192};  // the stem's and the five stages', width 1.2
constexpr int strides[]{2, 2, 2, 1, 2};
constexpr bool squeezes[]{false, true, false, true, true};
constexpr bool hard_swishes[]{false, false, true, true, true};

std::string shape(int size, int depth) {
  return std::to_string(size) + "x" + std::to_string(size) + "x" + std::to_string(depth);
}

/// The phone's table by "RESOLUTION.KEY".
class PhoneOperators {
 public:
  explicit PhoneOperators(const std::filesystem::path& file) : file_(file.string()) {
    const auto table = read_latency_matrix(file, {.key_columns = 11, .any_value = true}).select({{"latency_ms"}});
    for (std::size_t row = 0; row < table.networks.size(); ++row) {
      const std::string& key = table.networks[row];
      values_.emplace(key.substr(0, key.find('.', key.find('.') + 1)), table.latency_ms(static_cast<Index>(row), 0));
    }
  }

  bool has(int resolution) const { return values_.contains(stem(resolution)); }

  double latency_ms(const OfaMobileNetV3& space, const Architecture& x) const {
    const int resolution = space.resolution(x);
    const std::string prefix = std::to_string(resolution) + ".";
    int size = resolution / 2;
    double sum =
        of(stem(resolution)) + of(prefix + "expanded_conv-input:" + shape(size, 24) + "-output:" + shape(size, 24) +
                                  "-expand:24-kernel:3-stride:1-idskip:1-se:0-hs:0");
    int in = channels[0];
    for (int block = 0; block < OfaMobileNetV3::block_count; ++block) {
      if (!OfaMobileNetV3::present(x, block)) continue;
      const int stage = block / OfaMobileNetV3::max_depth;
      const int stride = block % OfaMobileNetV3::max_depth == 0 ? strides[stage] : 1;
      const int out = channels[stage + 1];
      const int out_size = (size + stride - 1) / stride;
      sum += of(prefix + "expanded_conv-input:" + shape(size, in) + "-output:" + shape(out_size, out) +
                "-expand:" + std::to_string(in * OfaMobileNetV3::expansion(x, block)) +
                "-kernel:" + std::to_string(OfaMobileNetV3::kernel(x, block)) + "-stride:" + std::to_string(stride) +
                "-idskip:" + (stride == 1 && in == out ? "1" : "0") + "-se:" + (squeezes[stage] ? "1" : "0") +
                "-hs:" + (hard_swishes[stage] ? "1" : "0"));
      size = out_size;
      in = out;
    }
    return sum + of(prefix + "Conv_1-input:" + shape(size, in) + "-output:" + shape(size, 1152)) +
           of(prefix + "AvgPool2D-input:" + shape(size, 1152) + "-output:1x1x1152") +
           of(prefix + "Conv_2-input:1x1x1152-output:1x1x1536") + of(prefix + "Logits-input:1x1x1536-output:1000");
  }

 private:
  static std::string stem(int resolution) {
    return std::to_string(resolution) + ".Conv-input:" + shape(resolution, 3) + "-output:" + shape(resolution / 2, 24);
  }
  double of(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) throw InputError(file_, "lacks the operator " + key);
    return found->second;
  }

  std::string file_;
  std::map<std::string, double> values_;
};

/// Once-for-All's predictor: 128-400-400-400-1. The space's encoding has the constant besides, whose weights are 0.
MlpPredictor read_accuracy(const std::filesystem::path& file, const SpacePtr& space) {
  const PythonFile pth(file);
  const Pickle& pickle = pth.pickle();
  std::vector<DenseLayer> layers;
  for (const char* layer : {"0", "2", "4", "6"}) {
    const auto tensor = [&](const std::string& name) {
      const auto found = pickle.find(pickle.root(), name);
      if (found == Pickle::absent) throw InputError(file.string(), "lacks the tensor " + name);
      return pth.array(found);
    };
    const NumberArray weight = tensor(std::string(layer) + ".weight");
    const NumberArray bias = tensor(std::string(layer) + ".bias");
    if (weight.shape.size() != 2 || bias.values.size() != static_cast<std::size_t>(weight.shape[0])) {
      throw InputError(file.string(), std::string("layer ") + layer + ": expected a matrix and a bias for each row");
    }
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto outputs = static_cast<Index>(weight.shape[0]);
    const auto inputs = static_cast<Index>(weight.shape[1]);
    DenseLayer dense;
    dense.weight = FeatureMatrix::Zero(layers.empty() ? inputs + 1 : inputs, outputs);
    dense.weight.topRows(inputs) =
        Eigen::Map<const RowMajor>(weight.values.data(), outputs, inputs).transpose().cast<float>();
    dense.bias = Eigen::Map<const Eigen::VectorXd>(bias.values.data(), outputs).cast<float>();
    layers.push_back(std::move(dense));
  }
  return MlpPredictor(space, std::move(layers));
}

}  // namespace

const char* const ofa_note =
    "Once-for-All's MobileNet-V3 networks: the proxy is a phone (Samsung Note10), whose latencies are sums of "
    "Once-for-All's table of operators; targets are GPUs measured by HELP at batch 1, 32 and 64; accuracies on "
    "ImageNet "
    "by Once-for-All's own predictor.";

std::vector<std::string> ofa_files() { return {operators_file, latency_file, accuracy_file}; }

OfaTask load_ofa_task(const ReproduceContext& context) {
  report(context.progress, {"reading Once-for-All's networks", 0, 1});
  const auto space = std::make_shared<OfaMobileNetV3>(OfaMobileNetV3Settings{});
  const ArchTable all = read_published_table(context.data(latency_file), *space);
  const PhoneOperators phone(context.data(operators_file));
  OfaTask task;
  task.space = space;
  task.phone = "Note10";
  task.gpus = all.columns;
  task.table.file = all.file;
  task.table.columns = {task.phone};
  task.table.columns.insert(task.table.columns.end(), all.columns.begin(), all.columns.end());
  std::vector<Index> rows;
  for (std::size_t i = 0; i < all.architectures.size(); ++i) {
    if (!phone.has(space->resolution(all.architectures[i]))) continue;
    rows.push_back(static_cast<Index>(i));
    task.table.architectures.push_back(all.architectures[i]);
  }
  task.table.values.resize(std::ssize(rows), all.values.cols() + 1);
  task.table.values.rightCols(all.values.cols()) = all.values(rows, Eigen::all);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    task.table.values(static_cast<Index>(i), 0) = phone.latency_ms(*space, task.table.architectures[i]);
  }
  for (const float value : read_accuracy(context.data(accuracy_file), space)(task.table.architectures)) {
    task.accuracies.push_back(100 * static_cast<double>(value));
  }
  return task;
}

}  // namespace oneproxy
