#include "oneproxy/space/layerwise.hpp"

#include <algorithm>
#include <cassert>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

using Form = BlockKind::Form;

int excite(NetworkBuilder& net, int from, const std::string& name) {
  const int channels = net.shape(from).channels;
  int gate = net.global_average_pool(from, name + ".squeeze");
  gate = net.convolution(gate, std::max(1, channels / 4), 1, 1, 1, Activation::relu, name + ".squeeze.reduce");
  gate = net.convolution(gate, channels, 1, 1, 1, Activation::hard_sigmoid, name + ".squeeze.expand");
  return net.multiply(from, gate, name + ".excite");
}

int add_block(NetworkBuilder& net, int from, const BlockKind& block, int channels, int stride,
              const std::string& name) {
  const int in = net.shape(from).channels;
  const bool same = stride == 1 && in == channels;
  int at = from;
  switch (block.form) {
    case Form::skip:
      return same ? from : net.convolution(from, channels, 1, stride, 1, block.activation, name);
    case Form::convolution:
      at = net.convolution(at, channels, block.kernel, stride, block.groups, block.activation, name + ".convolution");
      return same ? net.add(from, at, name + ".add") : at;
    case Form::inverted_residual: {
      const int mid = in * block.expansion;
      if (block.expansion > 1) {
        at = net.convolution(at, mid, 1, 1, block.groups, block.activation, name + ".expand");
        if (block.groups > 1) at = net.channel_shuffle(at, block.groups, name + ".shuffle");
      }
      [[fallthrough]];
    }
    case Form::separable: {
      const int mid = net.shape(at).channels;
      at = net.convolution(at, mid, block.kernel, stride, mid, block.activation, name + ".depthwise");
      if (block.squeeze) at = excite(net, at, name);
      const Activation last = block.form == Form::separable ? block.activation : Activation::none;
      at = net.convolution(at, channels, 1, 1, block.groups, last, name + ".project");
      return same ? net.add(from, at, name + ".add") : at;
    }
  }
  return at;
}

int add_fixed(NetworkBuilder& net, int from, const LayerwisePlan::FixedLayer& layer) {
  using Kind = LayerwisePlan::FixedLayer::Kind;
  switch (layer.kind) {
    case Kind::convolution:
      return net.convolution(from, layer.channels, layer.kernel, layer.stride, 1, layer.activation, layer.name);
    case Kind::block:
      return add_block(net, from, layer.block, layer.channels, layer.stride, layer.name);
    case Kind::max_pool:
      return net.max_pool(from, layer.kernel, layer.stride, layer.padding, layer.name);
    case Kind::average_pool:
      return net.average_pool(from, layer.kernel, layer.stride, layer.padding, layer.name);
    case Kind::global_average_pool:
      return net.global_average_pool(from, layer.name);
    case Kind::fully_connected:
      return net.fully_connected(from, layer.channels, layer.name, layer.activation);
  }
  return from;
}

/// @throws InputError where the groups of a block do not divide its channels.
void check_groups(const LayerwisePlan& plan, const BlockKind& block, int in, int out) {
  const int mid = block.form == Form::inverted_residual ? in * block.expansion : in;
  const bool divided = in % block.groups == 0 && mid % block.groups == 0 && out % block.groups == 0;
  if (block.form != Form::skip && !divided) {
    throw InputError(plan.description, std::to_string(block.groups) + " groups do not divide a block of " +
                                           std::to_string(in) + " to " + std::to_string(out) + " channels");
  }
}

}  // namespace

LayerwiseSpace::LayerwiseSpace(LayerwisePlan plan) : plan_(std::move(plan)) {
  assert(!plan_.choices.empty() && !plan_.candidates.empty() && !plan_.stages.empty());
  int in = plan_.input.channels;
  for (const auto& layer : plan_.stem) {
    if (layer.kind == LayerwisePlan::FixedLayer::Kind::block) check_groups(plan_, layer.block, in, layer.channels);
    if (layer.channels > 0) in = layer.channels;
  }
  std::size_t decisions = 0;
  for (std::size_t s = 0; s < plan_.stages.size(); ++s) {
    decisions += plan_.stages[s].depths.size() > 1 ? 1 : 0;
    for (int i = 0; i < plan_.stages[s].depths.back(); ++i) {
      for (const auto& block : plan_.candidates) check_groups(plan_, block, in, plan_.stages[s].channels);
      blocks_.push_back({s, i, in});
      in = plan_.stages[s].channels;
    }
  }
  decisions += blocks_.size() * plan_.choices.size();
  if (decisions > Architecture::max_decision_count) {
    throw InputError(plan_.description, "has " + std::to_string(decisions) + " decisions; there may be " +
                                            std::to_string(Architecture::max_decision_count));
  }
  for (const auto& choice : plan_.choices) {
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      decisions_.push_back({choice.name + "." + std::to_string(b), choice.options});
    }
  }
  for (std::size_t s = 0; s < plan_.stages.size(); ++s) {
    const auto& depths = plan_.stages[s].depths;
    depth_decision_.push_back(depths.size() > 1 ? static_cast<int>(decisions_.size()) : -1);
    if (depths.size() == 1) continue;
    auto& decision = decisions_.emplace_back(Decision{"depth." + std::to_string(s), {}});
    for (const int depth : depths) decision.options.push_back(std::to_string(depth));
  }
}

int LayerwiseSpace::depth(const Architecture& x, std::size_t stage) const {
  const auto& depths = plan_.stages[stage].depths;
  return depth_decision_[stage] < 0 ? depths.front() : depths[x[static_cast<std::size_t>(depth_decision_[stage])]];
}

bool LayerwiseSpace::present(const Architecture& x, std::size_t block) const {
  return blocks_[block].index < depth(x, blocks_[block].stage);
}

std::size_t LayerwiseSpace::candidate(const Architecture& x, std::size_t block) const {
  std::size_t index = 0;
  for (std::size_t c = 0; c < plan_.choices.size(); ++c) {
    index = index * plan_.choices[c].options.size() + x[c * blocks_.size() + block];
  }
  return index;
}

Network LayerwiseSpace::network(const Architecture& x) const {
  assert(contains(x));
  NetworkBuilder net(plan_.input);
  int at = 0;
  for (const auto& layer : plan_.stem) at = add_fixed(net, at, layer);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (!present(x, b)) continue;
    const auto& stage = plan_.stages[blocks_[b].stage];
    at = add_block(net, at, plan_.candidates[candidate(x, b)], stage.channels, blocks_[b].index == 0 ? stage.stride : 1,
                   "block" + std::to_string(b));
  }
  for (const auto& layer : plan_.head) at = add_fixed(net, at, layer);
  return std::move(net).finish();
}

void LayerwiseSpace::canonicalise(std::span<Architecture> xs) const {
  for (auto& x : xs) {
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      if (present(x, b)) continue;
      for (std::size_t c = 0; c < plan_.choices.size(); ++c) x[c * blocks_.size() + b] = 0;
    }
  }
}

void LayerwiseSpace::active_features(std::span<const Architecture> xs, ActiveFeatures& out) const {
  for (const auto& x : xs) {
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      if (!present(x, b)) continue;
      out.index.push_back(static_cast<std::uint16_t>(b * plan_.candidates.size() + candidate(x, b)));
    }
    out.index.push_back(static_cast<std::uint16_t>(feature_count() - 1));
    out.begin.push_back(static_cast<std::uint32_t>(out.index.size()));
  }
}

std::string LayerwiseSpace::text(const Architecture& x) const {
  std::string result;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (!present(x, b)) continue;
    if (b > 0) result += blocks_[b].index == 0 ? '-' : '.';
    for (std::size_t c = 0; c < plan_.choices.size(); ++c) {
      if (c > 0) result += 'x';
      result += plan_.choices[c].options[x[c * blocks_.size() + b]];
    }
  }
  return result;
}

Architecture LayerwiseSpace::parse(std::string_view text) const {
  if (text.starts_with('{')) return SearchSpace::parse(text);
  const auto fail = [&](const std::string& what) -> InputError {
    std::string form;
    for (const auto& choice : plan_.choices) form += (form.empty() ? "" : "x") + choice.name;
    return {"architecture '" + std::string(text) + "'", what + "; expected " + std::to_string(plan_.stages.size()) +
                                                            " stages with - between them, of blocks " + form +
                                                            " with . between them"};
  };
  // The part of `rest` before the separator, which goes too.
  const auto next = [](std::string_view& rest, char separator) {
    const auto part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    return part;
  };
  Architecture x(decisions_.size());
  if (static_cast<std::size_t>(std::ranges::count(text, '-')) + 1 != plan_.stages.size()) {
    throw fail("it has another number of stages");
  }
  std::string_view stages = text;
  std::size_t first = 0;  // block of the stage, among all that there may be
  for (std::size_t s = 0; s < plan_.stages.size(); ++s) {
    std::string_view stage = next(stages, '-');
    const auto& depths = plan_.stages[s].depths;
    const auto count = static_cast<int>(std::ranges::count(stage, '.')) + 1;
    const auto depth = std::ranges::find(depths, count);
    if (depth == depths.end()) throw fail("stage " + std::to_string(s) + " cannot have " + std::to_string(count));
    if (depth_decision_[s] >= 0) {
      x[static_cast<std::size_t>(depth_decision_[s])] = static_cast<std::uint8_t>(depth - depths.begin());
    }
    for (std::size_t b = first; b < first + static_cast<std::size_t>(count); ++b) {
      std::string_view block = next(stage, '.');
      for (std::size_t c = 0; c < plan_.choices.size(); ++c) {
        const auto& options = plan_.choices[c].options;
        const std::string_view value = c + 1 < plan_.choices.size() ? next(block, 'x') : block;
        const auto option = std::ranges::find(options, value);
        if (option == options.end()) {
          throw fail("'" + std::string(value) + "' is not an option of " + plan_.choices[c].name);
        }
        x[c * blocks_.size() + b] = static_cast<std::uint8_t>(option - options.begin());
      }
    }
    first += static_cast<std::size_t>(depths.back());
  }
  return canonical(x);
}

}  // namespace oneproxy
