#include "oneproxy/space/ofa_mobilenet_v3.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "oneproxy/base/error.hpp"
#include "widths.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t kBlocks = OfaMobileNetV3::block_count;
constexpr int kClasses = 1000;
constexpr int kWidths[] = {16, 24, 40, 80, 112, 160, 960, 1280};

struct Stage {
  int stride;  // of its first block
  bool squeeze;
  Activation activation;
};
constexpr Stage kStages[OfaMobileNetV3::stage_count] = {{2, false, Activation::relu},
                                                        {2, true, Activation::relu},
                                                        {2, false, Activation::hard_swish},
                                                        {1, true, Activation::hard_swish},
                                                        {2, true, Activation::hard_swish}};

int squeezed_width(int channels) { return round_width(std::floor(channels / 4.0)); }

template <class Values>
std::vector<std::string> as_text(const Values& values) {
  std::vector<std::string> result;
  result.reserve(std::size(values));
  for (const int value : values) result.push_back(std::to_string(value));
  return result;
}

/// The numbers of "1.2.3"; empty where the text is not of that form.
std::vector<int> dotted(std::string_view text, char separator) {
  std::vector<int> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    int number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) return {};
    numbers.push_back(number);
    if (next == end) return numbers;
    if (*next != separator) return {};
    at = next + 1;
  }
}

}  // namespace

OfaMobileNetV3::OfaMobileNetV3(OfaMobileNetV3Settings settings) {
  if (settings.resolution > 0) {
    resolutions_ = {settings.resolution};
  } else {
    for (int r = 128; r <= 224; r += 4) resolutions_.push_back(r);
  }
  for (const int width : kWidths) widths_.push_back(round_width(width * settings.width));
  std::ostringstream text;
  text << "ofa_mobilenet_v3(resolution="
       << (settings.resolution > 0 ? std::to_string(settings.resolution) : std::string("any"))
       << ", width=" << settings.width << ")";
  description_ = text.str();
  for (int b = 0; b < block_count; ++b) decisions_.push_back({"kernel." + std::to_string(b), as_text(kernels)});
  for (int b = 0; b < block_count; ++b) decisions_.push_back({"expansion." + std::to_string(b), as_text(expansions)});
  for (int s = 0; s < stage_count; ++s) decisions_.push_back({"depth." + std::to_string(s), as_text(depths)});
  decisions_.push_back({"resolution", as_text(resolutions_)});
}

Network OfaMobileNetV3::network(const Architecture& x) const {
  assert(contains(x));
  NetworkBuilder net({3, resolution(x), resolution(x)});
  const auto block = [&](int from, int channels, int kernel, int expansion, int stride, const Stage& stage,
                         const std::string& name) {
    const int in = net.shape(from).channels;
    const int mid = in * expansion;
    int at = from;
    if (expansion > 1) at = net.convolution(at, mid, 1, 1, 1, stage.activation, name + ".expand");
    at = net.convolution(at, mid, kernel, stride, mid, stage.activation, name + ".depthwise");
    if (stage.squeeze) {
      int gate = net.global_average_pool(at, name + ".squeeze");
      gate = net.convolution(gate, squeezed_width(mid), 1, 1, 1, Activation::relu, name + ".squeeze.reduce");
      gate = net.convolution(gate, mid, 1, 1, 1, Activation::hard_sigmoid, name + ".squeeze.expand");
      at = net.multiply(at, gate, name + ".excite");
    }
    at = net.convolution(at, channels, 1, 1, 1, Activation::none, name + ".project");
    return stride == 1 && in == channels ? net.add(from, at, name + ".add") : at;
  };
  int at = net.convolution(0, widths_[0], 3, 2, 1, Activation::hard_swish, "stem");
  at = block(at, widths_[0], 3, 1, 1, {1, false, Activation::relu}, "first");
  for (int b = 0; b < block_count; ++b) {
    if (!present(x, b)) continue;
    const auto stage = static_cast<std::size_t>(b / max_depth);
    at = block(at, widths_[stage + 1], kernel(x, b), expansion(x, b), b % max_depth == 0 ? kStages[stage].stride : 1,
               kStages[stage], "block" + std::to_string(b));
  }
  at = net.convolution(at, widths_[6], 1, 1, 1, Activation::hard_swish, "features");
  at = net.global_average_pool(at, "pool");
  at = net.convolution(at, widths_[7], 1, 1, 1, Activation::hard_swish, "mix");
  net.fully_connected(at, kClasses, "classifier");
  return std::move(net).finish();
}

void OfaMobileNetV3::canonicalise(std::span<Architecture> xs) const {
  for (auto& x : xs) {
    for (int b = 0; b < block_count; ++b) {
      if (!present(x, b)) x[static_cast<std::size_t>(b)] = x[kBlocks + static_cast<std::size_t>(b)] = 0;
    }
  }
}

void OfaMobileNetV3::active_features(std::span<const Architecture> xs, ActiveFeatures& out) const {
  for (const auto& x : xs) {
    for (std::size_t d = 0; d < 2 * kBlocks; ++d) {
      if (present(x, static_cast<int>(d % kBlocks))) out.index.push_back(static_cast<std::uint16_t>(3 * d + x[d]));
    }
    const int step = (resolution(x) - 112) / 16;
    if (resolution(x) >= 112 && step < 8) out.index.push_back(static_cast<std::uint16_t>(6 * kBlocks + step));
    out.index.push_back(128);
    out.begin.push_back(static_cast<std::uint32_t>(out.index.size()));
  }
}

std::string OfaMobileNetV3::text(const Architecture& x) const {
  std::string result;
  for (int b = 0; b < block_count; ++b) {
    if (!present(x, b)) continue;
    if (b > 0) result += b % max_depth == 0 ? '-' : '.';
    result += std::to_string(kernel(x, b)) + 'x' + std::to_string(expansion(x, b));
  }
  return result + '@' + std::to_string(resolution(x));
}

Architecture OfaMobileNetV3::parse(std::string_view text) const {
  if (text.starts_with('{')) return SearchSpace::parse(text);
  const auto fail = [&](const std::string& what) -> InputError {
    return {"architecture '" + std::string(text) + "'",
            what +
                "; expected five stages of 2 to 4 blocks KERNELxEXPANSION and the resolution, like "
                "3x3.3x3-5x4.7x6-5x4.3x3-5x4.3x6-7x4.7x3@224, or 46 numbers with dots between them"};
  };
  // Both forms become 46 numbers: kernels, expansions, depths, resolution.
  std::vector<int> numbers = dotted(text, '.');
  if (text.find('x') != std::string_view::npos) {
    numbers.assign(decisions_.size(), 3);
    const auto at = text.find('@');
    const auto resolution = at == std::string_view::npos ? std::vector<int>{} : dotted(text.substr(at + 1), '.');
    if (resolution.size() != 1) throw fail("it does not end with @RESOLUTION");
    numbers.back() = resolution.front();
    std::string_view rest = text.substr(0, at);
    for (std::size_t stage = 0; stage < stage_count; ++stage) {
      std::string_view blocks = rest.substr(0, rest.find('-'));
      rest.remove_prefix(std::min(rest.size(), blocks.size() + 1));
      std::size_t depth = 0;
      for (; !blocks.empty(); ++depth) {
        if (depth == max_depth) throw fail("a stage has more than 4 blocks");
        const auto one = blocks.substr(0, blocks.find('.'));
        blocks.remove_prefix(std::min(blocks.size(), one.size() + 1));
        const auto pair = dotted(one, 'x');
        if (pair.size() != 2) throw fail("block '" + std::string(one) + "' is not of that form");
        numbers[stage * max_depth + depth] = pair[0];
        numbers[kBlocks + stage * max_depth + depth] = pair[1];
      }
      numbers[2 * kBlocks + stage] = static_cast<int>(depth);
    }
    if (!rest.empty()) throw fail("there are more than five stages");
  }
  if (numbers.size() != decisions_.size()) throw fail("it is of neither form");
  Architecture x(decisions_.size());
  for (std::size_t d = 0; d < decisions_.size(); ++d) {
    const auto& options = decisions_[d].options;
    const auto option = std::ranges::find(options, std::to_string(numbers[d]));
    if (option == options.end()) {
      throw fail(decisions_[d].name + " is " + std::to_string(numbers[d]) + ", not one of its options");
    }
    x[d] = static_cast<std::uint8_t>(option - options.begin());
  }
  return canonical(x);
}

Eigen::MatrixXd OfaMobileNetV3::few_shot_features(std::span<const Architecture> xs) const {
  Eigen::MatrixXd features(static_cast<Eigen::Index>(xs.size()), 11);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto& x = xs[i];
    const auto half = [](double size) { return std::ceil(size / 2); };
    double size = half(resolution(x));
    double in = widths_[0];
    double pointwise = 2 * (27 + in) * in * size * size;  // the stem and the first block
    double depthwise = 2 * 9 * in * size * size;
    double squeeze = 0;
    double moved = 6 * in * size * size;
    double expanded = in * size * size;
    double parameters = (27 + 9 + in) * in;
    double layers = 3;
    double blocks = 0;
    double fives = 0;
    double sevens = 0;
    for (int b = 0; b < block_count; ++b) {
      if (!present(x, b)) continue;
      const auto stage = static_cast<std::size_t>(b / max_depth);
      const double out = widths_[stage + 1];
      const double mid = in * expansion(x, b);
      const double k = kernel(x, b);
      const double in_area = size * size;
      if (b % max_depth == 0 && kStages[stage].stride == 2) size = half(size);
      const double area = size * size;
      pointwise += 2 * (in * mid * in_area + mid * out * area);
      depthwise += 2 * k * k * mid * area;
      moved += in * in_area + 2 * mid * (in_area + area) + out * area;
      expanded += mid * in_area;
      parameters += in * mid + k * k * mid + mid * out;
      layers += 3;
      if (kStages[stage].squeeze) {
        const double gate = 2 * mid * squeezed_width(static_cast<int>(mid));
        squeeze += 2 * gate;
        parameters += gate;
        moved += 2 * mid * area;
        layers += 4;
      }
      blocks += 1;
      fives += k == 5 ? 1 : 0;
      sevens += k == 7 ? 1 : 0;
      in = out;
    }
    pointwise += 2 * in * widths_[6] * size * size;
    features.row(static_cast<Eigen::Index>(i)) << pointwise, depthwise, squeeze, moved, expanded, parameters, layers,
        blocks, static_cast<double>(resolution(x)) * resolution(x), fives, sevens;
  }
  return features;
}

}  // namespace oneproxy
