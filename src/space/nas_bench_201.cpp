#include "oneproxy/space/nas_bench_201.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

constexpr int kFirstWidth = 16;
constexpr int kStages = 3;
constexpr int kCellsPerStage = 5;
constexpr int kNodes = 4;

const std::array<std::string, NasBench201::operator_count> kOperatorNames{"none", "skip_connect", "nor_conv_1x1",
                                                                          "nor_conv_3x3", "avg_pool_3x3"};

/// Kernel of a convolution, 0 for the other operators.
int kernel_of(std::uint8_t op) {
  return op == NasBench201::convolution_1x1 ? 1 : op == NasBench201::convolution_3x3 ? 3 : 0;
}

/// The benchmark's convolution: ReLU first, batch normalisation (folded into the weights) afterwards.
int relu_convolution(NetworkBuilder& net, int from, int channels, int kernel, int stride, const std::string& name) {
  const int activated = net.activation(from, Activation::relu, name + ".relu");
  return net.convolution(activated, channels, kernel, stride, 1, Activation::none, name);
}

int cell(NetworkBuilder& net, int from, const Architecture& x, const std::string& name) {
  const int channels = net.shape(from).channels;
  std::array<int, kNodes> node{from};
  for (std::uint8_t to = 1; to < kNodes; ++to) {
    int sum = -1;
    for (std::size_t e = 0; e < NasBench201::edge_count; ++e) {
      const auto [begin, end] = NasBench201::edges[e];
      if (end != to || x[e] == NasBench201::none) continue;
      const std::string edge = name + ".edge" + std::to_string(begin) + std::to_string(end);
      int term = node[begin];
      if (const int kernel = kernel_of(x[e])) term = relu_convolution(net, term, channels, kernel, 1, edge);
      if (x[e] == NasBench201::average_pool_3x3) term = net.average_pool(term, 3, 1, 1, edge);
      sum = sum < 0 ? term : net.add(sum, term, edge + ".add");
    }
    node[to] = sum < 0 ? net.zero(from, name + ".zero" + std::to_string(to)) : sum;
  }
  return node[kNodes - 1];
}

int reduction(NetworkBuilder& net, int from, const std::string& name) {
  const int channels = 2 * net.shape(from).channels;
  const int a = relu_convolution(net, from, channels, 3, 2, name + ".a");
  const int b = relu_convolution(net, a, channels, 3, 1, name + ".b");
  const int pooled = net.average_pool(from, 2, 2, 0, name + ".pool");
  const int shortcut = net.convolution(pooled, channels, 1, 1, 1, Activation::none, name + ".shortcut");
  return net.add(shortcut, b, name + ".add");
}

}  // namespace

NasBench201::NasBench201(std::string_view dataset) {
  if (dataset == "cifar100") {
    classes_ = 100;
  } else if (dataset == "imagenet16_120") {
    classes_ = 120;
    resolution_ = 16;
  } else if (dataset != "cifar10") {
    throw InputError("nas_bench_201, setting dataset",
                     "'" + std::string(dataset) + "' is unknown; expected cifar10, cifar100 or imagenet16_120");
  }
  description_ = "nas_bench_201(dataset=" + std::string(dataset) + ")";
  for (const auto [from, to] : edges) {
    decisions_.push_back(
        {"edge." + std::to_string(from) + "-" + std::to_string(to), {kOperatorNames.begin(), kOperatorNames.end()}});
  }
}

Network NasBench201::network(const Architecture& x) const {
  assert(contains(x));
  NetworkBuilder net({3, resolution_, resolution_});
  int at = net.convolution(0, kFirstWidth, 3, 1, 1, Activation::none, "stem");
  for (int stage = 0; stage < kStages; ++stage) {
    const std::string name = "stage" + std::to_string(stage);
    if (stage > 0) at = reduction(net, at, name + ".reduction");
    for (int i = 0; i < kCellsPerStage; ++i) at = cell(net, at, x, name + ".cell" + std::to_string(i));
  }
  at = net.scale(at, "last.normalisation");
  at = net.activation(at, Activation::relu, "last.relu");
  at = net.global_average_pool(at, "pool");
  net.fully_connected(at, classes_, "classifier");
  return std::move(net).finish();
}

NasBench201::PublishedCosts NasBench201::published_costs(const Architecture& x) const {
  PublishedCosts total;
  const auto convolution = [&](std::int64_t in, std::int64_t out, std::int64_t kernel, int size, bool normalised) {
    const std::int64_t weights = in * out * kernel * kernel;
    total.multiply_accumulates += weights * size * size;
    total.parameters += weights + (normalised ? 2 * out : 0);
  };
  int width = kFirstWidth;
  int size = resolution_;
  convolution(3, width, 3, size, true);
  for (int stage = 0; stage < kStages; ++stage) {
    if (stage > 0) {
      size /= 2;
      convolution(width, 2 * width, 3, size, true);
      convolution(2 * width, 2 * width, 3, size, true);
      convolution(width, 2 * width, 1, size, false);
      width *= 2;
    }
    for (int i = 0; i < kCellsPerStage; ++i) {
      for (const auto op : x.choices()) {
        if (const int kernel = kernel_of(op)) convolution(width, width, kernel, size, true);
      }
    }
  }
  total.parameters += 2 * width + (width + 1) * classes_;
  total.multiply_accumulates += (width + 1) * classes_;
  return total;
}

std::string NasBench201::text(const Architecture& x) const {
  std::string result;
  for (std::size_t e = 0; e < edge_count; ++e) {
    const auto [from, to] = edges[e];
    if (from == 0) result += to == 1 ? "|" : "+|";
    result += kOperatorNames[x[e]] + "~" + std::to_string(from) + "|";
  }
  return result;
}

Architecture NasBench201::parse(std::string_view text) const {
  if (text.starts_with('{')) return SearchSpace::parse(text);
  const auto fail = [&] {
    return InputError("architecture '" + std::string(text) + "'",
                      "expected an index from 0 to 15624 or |OP~0|+|OP~0|OP~1|+|OP~0|OP~1|OP~2| with OP one of none, "
                      "skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3");
  };
  if (!text.starts_with('|')) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (error != std::errc{} || end != text.data() + text.size() || index >= architecture_count) throw fail();
    return architecture(index);
  }
  Architecture x(edge_count);
  std::string_view rest = text;
  const auto eat = [&](std::string_view expected) {
    if (!rest.starts_with(expected)) throw fail();
    rest.remove_prefix(expected.size());
  };
  for (std::size_t e = 0; e < edge_count; ++e) {
    const auto [from, to] = edges[e];
    if (from == 0) eat(to == 1 ? "|" : "+|");
    const auto op = std::ranges::find(kOperatorNames, rest.substr(0, rest.find('~')));
    if (op == kOperatorNames.end()) throw fail();
    x[e] = static_cast<std::uint8_t>(op - kOperatorNames.begin());
    eat(*op + "~" + std::to_string(from) + "|");
  }
  if (!rest.empty()) throw fail();
  return x;
}

std::array<bool, NasBench201::edge_count> NasBench201::live_edges(const Architecture& x) {
  std::array<bool, kNodes> reached{true};
  std::array<bool, kNodes> used{};
  used[kNodes - 1] = true;
  // The edges are ordered by the node they enter, and every edge enters a later node than it leaves.
  for (std::size_t e = 0; e < edge_count; ++e) {
    if (x[e] != none && reached[edges[e].from]) reached[edges[e].to] = true;
  }
  for (std::size_t e = edge_count; e-- > 0;) {
    if (x[e] != none && used[edges[e].to]) used[edges[e].from] = true;
  }
  std::array<bool, edge_count> live{};
  for (std::size_t e = 0; e < edge_count; ++e) live[e] = x[e] != none && reached[edges[e].from] && used[edges[e].to];
  return live;
}

// Which sums come out equal depends on how the terms sort as text, since a sum within a sum is not resolved: the texts
// must be the benchmark's own, or other cells would count as one.
std::string NasBench201::graph_key(const Architecture& x) {
  const std::string zero = "#";
  std::array<std::string, kNodes> node{"0"};
  for (std::uint8_t to = 1; to < kNodes; ++to) {
    std::multiset<std::string> terms;
    for (std::size_t e = 0; e < edge_count; ++e) {
      if (edges[e].to != to) continue;
      const std::string& from = node[edges[e].from];
      if (x[e] == none || from == zero) {
        terms.insert(zero);
      } else {
        terms.insert(x[e] == skip_connect ? from : "(" + from + ")@" + kOperatorNames[x[e]]);
      }
    }
    for (const auto& term : terms) node[to] += (node[to].empty() ? "" : "+") + term;
  }
  return node[kNodes - 1];
}

}  // namespace oneproxy
