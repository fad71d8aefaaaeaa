#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/space/layerwise.hpp"

#ifdef ONEPROXY_HAS_YAML

#include <yaml-cpp/yaml.h>

namespace oneproxy {
namespace {

constexpr std::size_t largest_file = 1'000'000;
constexpr std::size_t most_entries = 255;  // of a list: an option's number is one byte

/// FNV-1a, 64 bits, as 16 hexadecimal digits.
std::string digest_of(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

/// A node with what messages call it.
class Field {
 public:
  Field(const YAML::Node& node, std::string file, std::string path)
      : node_(node), file_(std::move(file)), path_(std::move(path)) {}

  [[noreturn]] void fail(const std::string& what) const {
    const bool placed = node_.IsDefined() && node_.Mark().line >= 0;  // an empty file has no place
    const std::string line = placed ? ", line " + std::to_string(node_.Mark().line + 1) : "";
    throw InputError(file_ + line + (path_.empty() ? "" : ", field " + path_), what);
  }

  bool has(const std::string& key) const { return node_[key].IsDefined(); }
  Field operator[](const std::string& key) const {
    const YAML::Node child = node_[key];
    if (!child.IsDefined()) fail("lacks the field " + key);
    return {child, file_, (path_.empty() ? "" : path_ + ".") + key};
  }

  /// @throws InputError where this is no mapping, or holds other keys.
  void expect_keys(const std::set<std::string>& keys) const {
    if (!node_.IsMap()) fail("expected a mapping");
    std::string known;
    for (const auto& key : keys) known += (known.empty() ? "" : ", ") + key;
    for (const auto& entry : node_) {
      std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (keys.contains(key)) continue;
      std::ranges::replace_if(
          key, [](unsigned char c) { return std::isprint(c) == 0; }, '?');
      fail("unknown field '" + key + "'; there are " + known);
    }
  }

  std::vector<Field> list() const {
    if (!node_.IsSequence() || node_.size() == 0 || node_.size() > most_entries) {
      fail("expected a list of 1 to " + std::to_string(most_entries) + " entries");
    }
    std::vector<Field> result;
    for (std::size_t i = 0; i < node_.size(); ++i) {
      result.emplace_back(node_[i], file_, path_ + "[" + std::to_string(i) + "]");
    }
    return result;
  }

  int number(int lowest, int highest) const {
    int value = 0;
    if (!node_.IsScalar() || !YAML::convert<int>::decode(node_, value) || value < lowest || value > highest) {
      fail("expected a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
    }
    return value;
  }
  int number(const std::string& key, int fallback, int lowest, int highest) const {
    return has(key) ? (*this)[key].number(lowest, highest) : fallback;
  }

  /// A number or a list of numbers, ascending.
  std::vector<int> numbers(int lowest, int highest) const {
    if (node_.IsScalar()) return {number(lowest, highest)};
    std::vector<int> result;
    for (const Field& entry : list()) {
      result.push_back(entry.number(lowest, highest));
      if (result.size() > 1 && result[result.size() - 2] >= result.back()) entry.fail("expected ascending numbers");
    }
    return result;
  }

  std::string word() const {
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    if (!node_.IsScalar() || node_.Scalar().empty() || node_.Scalar().size() > 64 ||
        !std::ranges::all_of(node_.Scalar(), is_word)) {
      fail("expected a word of letters, digits and _");
    }
    return node_.Scalar();
  }

  template <class Value, std::size_t size>
  Value choice(const std::array<std::pair<const char*, Value>, size>& choices) const {
    std::string known;
    for (const auto& [name, value] : choices) {
      if (node_.IsScalar() && node_.Scalar() == name) return value;
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    fail("expected one of " + known);
  }

 private:
  YAML::Node node_;
  std::string file_;
  std::string path_;
};

using Form = BlockKind::Form;
using Kind = LayerwisePlan::FixedLayer::Kind;
constexpr std::array<std::pair<const char*, Activation>, 4> activations{{{"none", Activation::none},
                                                                         {"relu6", Activation::relu6},
                                                                         {"relu", Activation::relu},
                                                                         {"hard_swish", Activation::hard_swish}}};
constexpr std::array<std::pair<const char*, Form>, 4> forms{{{"inverted_residual", Form::inverted_residual},
                                                             {"separable", Form::separable},
                                                             {"convolution", Form::convolution},
                                                             {"skip", Form::skip}}};
constexpr std::array<std::pair<const char*, Kind>, 7> layer_kinds{{{"convolution", Kind::convolution},
                                                                   {"inverted_residual", Kind::block},
                                                                   {"separable", Kind::block},
                                                                   {"max_pool", Kind::max_pool},
                                                                   {"average_pool", Kind::average_pool},
                                                                   {"global_average_pool", Kind::global_average_pool},
                                                                   {"fully_connected", Kind::fully_connected}}};
const std::set<std::string> block_keys{"kind", "kernel", "expansion", "groups", "squeeze", "activation"};

int odd_kernel(const Field& field) {
  const int kernel = field.number(1, 31);
  if (kernel % 2 == 0) field.fail("expected an odd number");
  return kernel;
}

/// The fields of `field` over those of `block`.
BlockKind read_block(const Field& field, BlockKind block) {
  if (field.has("kind")) block.form = field["kind"].choice(forms);
  if (field.has("kernel")) block.kernel = odd_kernel(field["kernel"]);
  block.expansion = field.number("expansion", block.expansion, 1, 64);
  block.groups = field.number("groups", block.groups, 1, 4096);
  block.squeeze = field.number("squeeze", block.squeeze ? 1 : 0, 0, 1) == 1;
  if (field.has("activation")) block.activation = field["activation"].choice(activations);
  return block;
}

LayerwisePlan::FixedLayer read_layer(const Field& field) {
  LayerwisePlan::FixedLayer layer;
  layer.kind = field["kind"].choice(layer_kinds);
  layer.name = field["name"].word();
  std::set<std::string> keys{"kind", "name"};
  const bool pool = layer.kind == Kind::max_pool || layer.kind == Kind::average_pool;
  if (layer.kind == Kind::block) keys.insert(block_keys.begin(), block_keys.end());
  if (layer.kind == Kind::convolution || layer.kind == Kind::fully_connected) keys.insert("activation");
  if (layer.kind == Kind::convolution || layer.kind == Kind::block || pool) keys.insert({"kernel", "stride"});
  if (!pool && layer.kind != Kind::global_average_pool) keys.insert("channels");
  if (pool) keys.insert("padding");
  field.expect_keys(keys);
  if (keys.contains("channels")) layer.channels = field["channels"].number(1, 1'000'000);
  if (pool) layer.kernel = field["kernel"].number(1, 4096);
  if (layer.kind == Kind::convolution) layer.kernel = odd_kernel(field["kernel"]);
  layer.stride = field.number("stride", 1, 1, 64);
  layer.padding = field.number("padding", 0, 0, layer.kernel - 1);
  if (layer.kind == Kind::block) layer.block = read_block(field, {});
  if (layer.kind != Kind::block && field.has("activation")) layer.activation = field["activation"].choice(activations);
  return layer;
}

/// `choices` (every combination of their options) or `candidates` (each with a name) of all blocks.
void read_candidates(const Field& root, LayerwisePlan& plan) {
  BlockKind base;
  if (root.has("block")) {
    root["block"].expect_keys(block_keys);
    base = read_block(root["block"], base);
  }
  if (root.has("choices") == root.has("candidates")) root.fail("expected one of the fields choices and candidates");
  if (root.has("candidates")) {
    auto keys = block_keys;
    keys.insert("name");
    plan.choices = {{"block", {}}};
    auto& names = plan.choices.front().options;
    for (const Field& field : root["candidates"].list()) {
      field.expect_keys(keys);
      names.push_back(field["name"].word());
      if (std::ranges::count(names, names.back()) > 1) field.fail("the name '" + names.back() + "' stands twice");
      plan.candidates.push_back(read_block(field, base));
    }
    return;
  }
  const Field choices = root["choices"];
  choices.expect_keys({"kernel", "expansion", "groups", "squeeze"});
  plan.candidates = {base};
  for (const std::string name : {"kernel", "expansion", "groups", "squeeze"}) {
    if (!choices.has(name)) continue;
    Decision decision{name, {}};
    std::vector<BlockKind> all;
    const auto values = choices[name].numbers(name == "squeeze" ? 0 : 1, name == "squeeze" ? 1 : 4096);
    for (const int value : values) {
      if (name == "kernel" && (value % 2 == 0 || value > 31)) choices[name].fail("expected odd numbers up to 31");
      if (name == "expansion" && value > 64) choices[name].fail("expected numbers up to 64");
      decision.options.push_back(std::to_string(value));
    }
    for (const BlockKind& each : plan.candidates) {
      for (const int value : values) {
        BlockKind& block = all.emplace_back(each);
        if (name == "kernel") block.kernel = value;
        if (name == "expansion") block.expansion = value;
        if (name == "groups") block.groups = value;
        if (name == "squeeze") block.squeeze = value == 1;
      }
    }
    plan.choices.push_back(std::move(decision));
    plan.candidates = std::move(all);
  }
  if (plan.choices.empty()) choices.fail("expected at least one of kernel, expansion, groups, squeeze");
}

/// Follows the image's size through the network, which no decision changes.
class Sizes {
 public:
  explicit Sizes(int size) : size_(size) {}

  void stride(int stride) { size_ = (size_ + stride - 1) / stride; }

  void layer(const LayerwisePlan::FixedLayer& layer, const Field& field) {
    if (layer.kind == Kind::fully_connected && !pooled_) field.fail("expected a global_average_pool before it");
    if (layer.kind == Kind::max_pool || layer.kind == Kind::average_pool) {
      if (layer.kernel > size_ + 2 * layer.padding) {
        field.fail("windows of " + std::to_string(layer.kernel) + " pixels on an image of " + std::to_string(size_));
      }
      size_ = (size_ + 2 * layer.padding - layer.kernel) / layer.stride + 1;
    } else {
      stride(layer.stride);
    }
    if (layer.kind == Kind::global_average_pool) {
      pooled_ = true;
      size_ = 1;
    }
  }

 private:
  int size_;
  bool pooled_ = false;
};

LayerwisePlan read_plan(const YAML::Node& node, const std::string& file) {
  const Field root(node, file, "");
  root.expect_keys({"input", "stem", "block", "choices", "candidates", "stages", "head"});
  LayerwisePlan plan;
  const Field input = root["input"];
  input.expect_keys({"channels", "resolution"});
  const int resolution = input["resolution"].number(1, 4096);
  plan.input = {input["channels"].number(1, 4096), resolution, resolution};
  read_candidates(root, plan);
  Sizes sizes(resolution);
  std::set<std::string> names;
  const auto read_layers = [&](const char* key, std::vector<LayerwisePlan::FixedLayer>& layers) {
    if (!root.has(key)) return;
    for (const Field& field : root[key].list()) {
      layers.push_back(read_layer(field));
      const auto& layer = layers.back();
      if (!names.insert(layer.name).second || layer.name == "input" || layer.name.starts_with("block")) {
        field.fail("the name '" + layer.name + "' is taken");
      }
      sizes.layer(layer, field);
    }
  };
  read_layers("stem", plan.stem);
  for (const auto& layer : plan.stem) {
    if (layer.kind == Kind::global_average_pool) root["stem"].fail("expected no global_average_pool in it");
  }
  for (const Field& field : root["stages"].list()) {
    field.expect_keys({"channels", "stride", "depth"});
    plan.stages.push_back({field["channels"].number(1, 1'000'000), field.number("stride", 1, 1, 64),
                           field.has("depth") ? field["depth"].numbers(1, 64) : std::vector<int>{1}});
    sizes.stride(plan.stages.back().stride);
  }
  read_layers("head", plan.head);
  if (plan.head.empty() || plan.head.back().kind != Kind::fully_connected) {
    root.fail("expected a head that ends with a fully_connected layer");
  }
  return plan;
}

}  // namespace

SpacePtr read_layerwise_space(const std::filesystem::path& file, const std::string& digest) {
  const std::string name = file.string();
  const std::string content = read_file(file);
  if (content.size() > largest_file) throw InputError(name, "is larger than 1 MB; expected a description of a space");
  const std::string found = digest_of(content);
  if (!digest.empty() && digest != found) {
    throw InputError("layerwise, setting digest", name + " has changed: its digest is now " + found);
  }
  try {
    LayerwisePlan plan = read_plan(YAML::Load(content), name);
    plan.description = "layerwise(" + name + ", digest=" + found + ")";
    return std::make_shared<LayerwiseSpace>(std::move(plan));
  } catch (const YAML::Exception& error) {
    throw InputError(name + ", line " + std::to_string(error.mark.line + 1), error.msg);
  }
}

}  // namespace oneproxy

#else

namespace oneproxy {

SpacePtr read_layerwise_space(const std::filesystem::path&, const std::string&) {
  throw InputError("layerwise", "this build lacks yaml-cpp; install libyaml-cpp-dev, and build anew");
}

}  // namespace oneproxy

#endif
