#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/gcn.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "weights are written as they lie in memory");

constexpr const char* format_name = "oneproxy-gcn-predictor";
constexpr int format_version = 1;
constexpr std::size_t largest_layer = 100'000'000;  // weights

void append(std::string& bytes, const float* values, Eigen::Index count) {
  bytes.append(reinterpret_cast<const char*>(values), static_cast<std::size_t>(count) * sizeof(float));
}

/// What follows the header, layer by layer.
class WeightReader {
 public:
  explicit WeightReader(std::string_view bytes) : bytes_(bytes) {}

  DenseLayer take(const json& size) {
    if (!size.is_array() || size.size() != 2 || !size[0].is_number_unsigned() || !size[1].is_number_unsigned()) {
      throw InputError("field layers", "expected inputs and outputs of each layer");
    }
    const auto inputs = size[0].get<std::size_t>();
    const auto outputs = size[1].get<std::size_t>();
    if (inputs == 0 || outputs == 0 || inputs > largest_layer || outputs > largest_layer / inputs) {
      throw InputError("field layers", "expected sizes from 1 on");
    }
    DenseLayer layer;
    if (bytes_.size() < (inputs + 1) * outputs * sizeof(float)) {
      throw InputError("weights", "are fewer than field layers says");
    }
    layer.weight.resize(static_cast<Eigen::Index>(inputs), static_cast<Eigen::Index>(outputs));
    layer.bias.resize(static_cast<Eigen::Index>(outputs));
    copy(layer.weight.data(), inputs * outputs);
    copy(layer.bias.data(), outputs);
    return layer;
  }
  bool empty() const { return bytes_.empty(); }

 private:
  void copy(float* to, std::size_t count) {
    std::memcpy(to, bytes_.data(), count * sizeof(float));
    bytes_.remove_prefix(count * sizeof(float));
  }

  std::string_view bytes_;
};

const json& field(const json& header, const char* name) {
  const auto found = header.find(name);
  if (found == header.end()) throw InputError(std::string("field ") + name, "is missing");
  return *found;
}

GcnModel read(std::string_view content, const SearchSpace& space) {
  const std::size_t end = content.find('\n');
  const json header =
      end == std::string_view::npos ? json() : json::parse(content.substr(0, end), nullptr, /*allow_exceptions=*/false);
  if (!header.is_object() || field(header, "format") != format_name) {
    throw InputError(std::string("expected the format ") + format_name);
  }
  if (field(header, "version") != format_version) {
    throw InputError("field version", "expected 1, not " + header["version"].dump());
  }
  if (field(header, "space") != space.description()) {
    throw InputError("field space", "made for " + header["space"].dump() + ", expected '" + space.description() + "'");
  }
  GcnModel model;
  const json& graph = field(header, "graph");
  if (graph != "cell" && graph != "layers") throw InputError("field graph", "expected cell or layers");
  model.kind = graph == "cell" ? GcnGraphKind::cell : GcnGraphKind::layers;
  const json& device = field(header, "device");
  const json& samples = field(header, "sample_count");
  if (!device.is_string()) throw InputError("field device", "expected a text");
  if (!samples.is_number_unsigned()) throw InputError("field sample_count", "expected a whole number from 0");
  model.device = device.get<std::string>();
  model.sample_count = samples.get<std::size_t>();
  const json& layers = field(header, "layers");
  if (!layers.is_array() || layers.size() < 2) throw InputError("field layers", "expected two layers at least");
  WeightReader weights(content.substr(end + 1));
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) model.convolutions.push_back(weights.take(layers[i]));
  model.output = weights.take(layers.back());
  if (!weights.empty()) throw InputError("weights", "are more than field layers says");
  return model;
}

}  // namespace

void save_gcn(const std::filesystem::path& file, const SearchSpace& space, const GcnModel& model) {
  nlohmann::ordered_json header;
  header["format"] = format_name;
  header["version"] = format_version;
  header["space"] = space.description();
  header["device"] = model.device;
  header["sample_count"] = model.sample_count;
  header["graph"] = model.kind == GcnGraphKind::cell ? "cell" : "layers";
  header["layers"] = nlohmann::ordered_json::array();
  std::string weights;
  const auto add = [&](const DenseLayer& layer) {
    header["layers"].push_back({layer.weight.rows(), layer.weight.cols()});
    append(weights, layer.weight.data(), layer.weight.size());
    append(weights, layer.bias.data(), layer.bias.size());
  };
  for (const auto& layer : model.convolutions) add(layer);
  add(model.output);
  write_file(file, header.dump() + "\n" + weights);
}

std::shared_ptr<const GcnPredictor> load_gcn(const std::filesystem::path& file, SpacePtr space) {
  const std::string content = read_file(file);
  try {
    GcnModel model = read(content, *space);
    return std::make_shared<GcnPredictor>(std::move(space), std::move(model));
  } catch (const InputError& error) {
    throw InputError(file.string(), error.what());
  }
}

}  // namespace oneproxy
