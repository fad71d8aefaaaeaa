#include "oneproxy/space/mobilenet_v2.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "oneproxy/base/error.hpp"
#include "widths.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t kBlocks = MobileNetV2::block_count;

/// Index of the option of this value, or 255.
std::uint8_t option_of(const int (&options)[3], int value) {
  const auto found = std::ranges::find(options, value);
  return found == std::end(options) ? 255 : static_cast<std::uint8_t>(found - std::begin(options));
}

std::string join(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ":") + std::to_string(value);
  return text;
}

std::vector<std::string> as_text(const int (&options)[3]) {
  std::vector<std::string> result;
  for (const int option : options) result.push_back(std::to_string(option));
  return result;
}

}  // namespace

MobileNetV2::MobileNetV2(MobileNetV2Settings settings) : settings_(std::move(settings)) {
  if (settings_.widths.size() != 9) {
    throw InputError("mobilenet_v2, setting widths",
                     "expected 9 numbers (stem, first block, 5 stages, last block, "
                     "features), got " +
                         std::to_string(settings_.widths.size()));
  }
  if (settings_.strides.size() != 1 + stage_count ||
      std::ranges::any_of(settings_.strides, [](int s) { return s > 2; })) {
    throw InputError("mobilenet_v2, setting strides", "expected 6 numbers that are 1 or 2 (stem, 5 stages)");
  }
  for (const int width : settings_.widths) scaled_widths_.push_back(round_width(width * settings_.width));
  if (settings_.width < 1) scaled_widths_.back() = round_width(settings_.widths.back());

  const MobileNetV2Settings defaults;
  std::ostringstream text;
  text << "mobilenet_v2(resolution=" << settings_.resolution << ", width=" << settings_.width
       << ", classes=" << settings_.classes << ", channels=" << settings_.channels;
  if (settings_.widths != defaults.widths) text << ", widths=" << join(settings_.widths);
  if (settings_.strides != defaults.strides) text << ", strides=" << join(settings_.strides);
  text << ")";
  description_ = text.str();

  for (std::size_t b = 0; b < kBlocks; ++b) decisions_.push_back({"kernel." + std::to_string(b), as_text(kernels)});
  for (std::size_t b = 0; b < kBlocks; ++b)
    decisions_.push_back({"expansion." + std::to_string(b), as_text(expansions)});
  for (int s = 0; s < stage_count; ++s) decisions_.push_back({"depth." + std::to_string(s), as_text(depths)});
}

Network MobileNetV2::network(const Architecture& x) const {
  assert(contains(x));
  const auto& widths = scaled_widths_;
  NetworkBuilder net({settings_.channels, settings_.resolution, settings_.resolution});
  const auto block = [&](int from, int channels, int kernel, int expansion, int stride, const std::string& name) {
    const int in = net.shape(from).channels;
    const int mid = in * expansion;
    int at = from;
    if (expansion > 1) at = net.convolution(at, mid, 1, 1, 1, Activation::relu6, name + ".expand");
    at = net.convolution(at, mid, kernel, stride, mid, Activation::relu6, name + ".depthwise");
    at = net.convolution(at, channels, 1, 1, 1, Activation::none, name + ".project");
    return stride == 1 && in == channels ? net.add(from, at, name + ".add") : at;
  };
  int at = net.convolution(0, widths[0], 3, settings_.strides[0], 1, Activation::relu6, "stem");
  at = block(at, widths[1], 3, 1, 1, "first");
  for (int b = 0; b < block_count; ++b) {
    if (!present(x, b)) continue;
    const int stage = b / max_depth;  // the last block counts as a sixth stage
    const int stride =
        stage < stage_count && b % max_depth == 0 ? settings_.strides[static_cast<std::size_t>(stage) + 1] : 1;
    at = block(at, widths[static_cast<std::size_t>(stage) + 2], kernel(x, b), expansion(x, b), stride,
               "block" + std::to_string(b));
  }
  at = net.convolution(at, widths[8], 1, 1, 1, Activation::relu6, "features");
  at = net.global_average_pool(at, "pool");
  net.fully_connected(at, settings_.classes, "classifier");
  return std::move(net).finish();
}

void MobileNetV2::canonicalise(std::span<Architecture> xs) const {
  for (auto& x : xs) {
    for (int b = 0; b < block_count; ++b) {
      if (!present(x, b)) x[static_cast<std::size_t>(b)] = x[kBlocks + static_cast<std::size_t>(b)] = 0;
    }
  }
}

void MobileNetV2::active_features(std::span<const Architecture> xs, ActiveFeatures& out) const {
  for (const auto& x : xs) {
    for (int b = 0; b < block_count; ++b) {
      if (!present(x, b)) continue;
      const auto block = static_cast<std::size_t>(b);
      out.index.push_back(static_cast<std::uint16_t>(block * candidate_count + 3U * x[block] + x[kBlocks + block]));
    }
    out.index.push_back(block_count * candidate_count);
    out.begin.push_back(static_cast<std::uint32_t>(out.index.size()));
  }
}

std::string MobileNetV2::text(const Architecture& x) const {
  std::string result;
  for (int b = 0; b < block_count; ++b) {
    if (!present(x, b)) continue;
    if (b > 0) result += b % max_depth == 0 ? '-' : '.';
    result += std::to_string(kernel(x, b)) + 'x' + std::to_string(expansion(x, b));
  }
  return result;
}

Architecture MobileNetV2::parse(std::string_view text) const {
  if (text.starts_with('{')) return SearchSpace::parse(text);
  const auto fail = [&](const std::string& what) -> InputError {
    return {"architecture '" + std::string(text) + "'",
            what +
                "; expected five stages of 2 to 4 blocks and a last block, each KERNELxEXPANSION, like "
                "5x3.3x3-5x4.7x6-5x4.3x3-5x4.3x6-7x4.7x3-3x3"};
  };
  Architecture x(decisions_.size());
  int stage = 0;
  int depth = 0;
  std::size_t at = 0;
  for (;;) {
    if (stage > stage_count || depth == (stage == stage_count ? 1 : max_depth)) throw fail("too many blocks");
    const std::string_view block = text.substr(at, 3);
    if (block.size() < 3 || block[1] != 'x') throw fail("a block is not of that form");
    const auto b = static_cast<std::size_t>(stage * max_depth + depth);
    x[b] = option_of(kernels, block[0] - '0');
    x[kBlocks + b] = option_of(expansions, block[2] - '0');
    if (x[b] == 255) throw fail("kernel is not 3, 5 or 7");
    if (x[kBlocks + b] == 255) throw fail("expansion is not 3, 4 or 6");
    ++depth;
    at += 3;
    const bool end = at == text.size();
    if (!end && text[at] == '.') {
      ++at;
      continue;
    }
    if (!end && text[at] != '-') throw fail("blocks are parted by . and stages by -");
    if (stage < stage_count) {
      if (depth < depths[0]) throw fail("a stage has fewer than 2 blocks");
      x[2 * kBlocks + static_cast<std::size_t>(stage)] = option_of(depths, depth);
    }
    if (end) break;
    ++at;
    ++stage;
    depth = 0;
  }
  if (stage != stage_count) throw fail("there are not five stages and a last block");
  return canonical(x);
}

nlohmann::json MobileNetV2::to_json(const Architecture& x) const {
  nlohmann::json json{{"kernel_size", nlohmann::json::array()},
                      {"expansion_ratio", nlohmann::json::array()},
                      {"depth", nlohmann::json::array()}};
  for (int b = 0; b < block_count; ++b) {
    json["kernel_size"].push_back(kernel(x, b));
    json["expansion_ratio"].push_back(expansion(x, b));
  }
  for (int s = 0; s < stage_count; ++s) json["depth"].push_back(depth(x, s));
  return json;
}

Architecture MobileNetV2::from_json(const nlohmann::json& json) const {
  if (!json.is_object())
    throw InputError("architecture", "expected an object with kernel_size, expansion_ratio, depth");
  Architecture x(decisions_.size());
  const auto read = [&](const char* field, std::size_t first, std::size_t count, const int(&options)[3]) {
    const auto found = json.find(field);
    const std::string expected = "expected a list of " + std::to_string(count) + " numbers, each " +
                                 std::to_string(options[0]) + ", " + std::to_string(options[1]) + " or " +
                                 std::to_string(options[2]);
    const std::string where = "architecture, field " + std::string(field);
    if (found == json.end() || !found->is_array()) throw InputError(where, expected);
    if (found->size() != count) throw InputError(where, expected + "; got " + std::to_string(found->size()));
    for (std::size_t i = 0; i < count; ++i) {
      const auto& value = (*found)[i];
      const auto option = value.is_number_integer() ? option_of(options, value.get<int>()) : std::uint8_t{255};
      if (option == 255)
        throw InputError(where, expected + "; number " + std::to_string(i + 1) + " is " + value.dump());
      x[first + i] = option;
    }
  };
  read("kernel_size", 0, kBlocks, kernels);
  read("expansion_ratio", kBlocks, kBlocks, expansions);
  read("depth", 2 * kBlocks, stage_count, depths);
  return canonical(x);
}

}  // namespace oneproxy
