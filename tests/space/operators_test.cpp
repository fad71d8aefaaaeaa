#include "oneproxy/space/operators.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "adapt/published_data.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/space/operator_space.hpp"

namespace oneproxy {
namespace {

const char* const kSpaces[] = {"mobilenet_v2(resolution=64, width=0.5)", "fbnet", "ofa_mobilenet_v3(resolution=128)",
                               "nas_bench_201"};

TEST(Operators, AreAllLayersOnceAndInOrder) {
  for (const char* name : kSpaces) {
    for (const auto grain : {OperatorGrain::block, OperatorGrain::layer}) {
      const SpacePtr space = make_space(name);
      Rng rng(5);
      for (int i = 0; i < 20; ++i) {
        const Network network = space->network(space->sample(rng));
        std::size_t at = 1;
        for (const auto& span : operator_spans(network, grain)) {
          while (grain == OperatorGrain::layer && network.layers[at].kind == LayerKind::zero) ++at;
          ASSERT_EQ(span.begin, at) << name;
          ASSERT_LT(span.begin, span.end);
          at = span.end;
        }
        EXPECT_EQ(at, network.layers.size()) << name;
      }
    }
  }
}

TEST(Operators, OfAChainCostWhatTheNetworkCosts) {
  for (const char* name : {kSpaces[0], kSpaces[1], kSpaces[2]}) {
    const SpacePtr space = make_space(name);
    Rng rng(7);
    for (int i = 0; i < 20; ++i) {
      const Network network = space->network(space->sample(rng));
      NetworkCosts sum;
      Network chained;
      for (const auto& span : operator_spans(network, OperatorGrain::block)) {
        const Network part = operator_network(network, span);
        const NetworkCosts part_costs = costs(part);
        sum.flops += part_costs.flops;
        sum.parameters += part_costs.parameters;
        sum.layers += part_costs.layers;
        chained = chained.layers.empty() ? part : chain(chained, part);
      }
      const NetworkCosts whole = costs(network);
      EXPECT_EQ(sum.flops, whole.flops) << name;
      EXPECT_EQ(sum.parameters, whole.parameters) << name;
      EXPECT_EQ(sum.layers, whole.layers) << name;
      // But for the names the chain of all operators is the network itself.
      for (std::size_t l = 0; l < network.layers.size(); ++l) chained.layers[l].name = network.layers[l].name;
      EXPECT_EQ(chained, network) << name;
    }
  }
}

TEST(Operators, KeysAreEqualForEqualOperatorsAlone) {
  const SpacePtr space = make_space("ofa_mobilenet_v3(resolution=128)");
  std::map<std::string, Network> known;
  Rng rng(3);
  for (int i = 0; i < 200; ++i) {
    const Network network = space->network(space->sample(rng));
    for (const auto& span : operator_spans(network, OperatorGrain::block)) {
      Network part = operator_network(network, span);
      for (auto& layer : part.layers) layer.name.clear();
      const auto [entry, is_new] = known.emplace(operator_key(network, span), part);
      EXPECT_EQ(entry->second, part);
    }
  }
  std::set<std::string> different;
  for (const auto& [key, part] : known) {
    for (const auto& [other_key, other] : known) EXPECT_EQ(key == other_key, part == other);
  }
  EXPECT_GT(known.size(), 80U);
}

TEST(Operators, ThatOthersReadInTheMiddleCannotRunAlone) {
  NetworkBuilder net({3, 8, 8});
  const int a = net.convolution(0, 4, 1, 1, 1, Activation::relu, "one.a");
  const int b = net.convolution(a, 4, 3, 1, 1, Activation::relu, "one.b");
  net.add(a, b, "two");
  const Network network = std::move(net).finish();
  const auto spans = operator_spans(network, OperatorGrain::block);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_THROW(operator_network(network, spans[0]), InputError);
  EXPECT_EQ(operator_network(network, spans[1]).layers.size(), 2U);
}

TEST(PublishedKeys, OfOnceForAllAreThoseOfItsTable) {
  const auto file = published::folder() / "operator_tables" / "ofa_mbv3_note10_lut.csv";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no published table of operators";
  std::map<std::string, std::set<std::string>> published;
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const auto fields = published::fields(line);
    published[fields[0]].insert(fields[1]);
  }
  ASSERT_EQ(published.size(), 5U);
  for (const auto& [resolution, keys] : published) {
    const OperatorSpace space(make_space("ofa_mobilenet_v3(resolution=" + resolution + ")"));
    std::set<std::string> ours;
    for (const auto& each : space.operators()) ours.insert(each.ofa_mbv3);
    EXPECT_EQ(ours, keys) << resolution;
  }
}

TEST(OperatorSpace, HoldsEveryOperatorOfTheSpaceAloneAndAfterAnother) {
  for (const char* name : kSpaces) {
    const SpacePtr base = make_space(name);
    const OperatorSpace space(base);
    EXPECT_EQ(space.grain(), std::string(name) == "nas_bench_201" ? OperatorGrain::layer : OperatorGrain::block);
    std::set<std::string> keys;
    std::size_t first_count = 0;
    for (std::size_t i = 0; i < space.operators().size(); ++i) {
      const auto& each = space.operators()[i];
      keys.insert(each.key);
      EXPECT_EQ(space.network(space.alone(i)), each.network);
      EXPECT_EQ(space.parse(space.text(space.alone(i))), space.alone(i));
      if (each.before < 0) {
        ++first_count;
        continue;
      }
      const Network both = space.network(space.after(i));
      const Network& before = space.operators()[static_cast<std::size_t>(each.before)].network;
      EXPECT_EQ(both.layers.size(), before.layers.size() + each.network.layers.size() - 1);
      EXPECT_EQ(costs(both).flops, costs(before).flops + costs(each.network).flops);
      EXPECT_EQ(space.parse(space.text(space.after(i))), space.after(i));
    }
    EXPECT_EQ(first_count, 1U) << name;
    EXPECT_EQ(keys.size(), space.operators().size());
    Rng rng(99);
    for (int i = 0; i < 500; ++i) {
      const Network network = base->network(base->sample(rng));
      for (const auto& span : operator_spans(network, space.grain())) {
        EXPECT_TRUE(keys.contains(operator_key(network, span))) << operator_key(network, span);
      }
    }
  }
}

TEST(OperatorSpace, IsMadeAgainFromItsDescription) {
  const OperatorSpace space(make_space("mobilenet_v2(resolution=32, width=1)"));
  // Five stages of two shapes and the last block, each of nine candidates; stem, first block, features, classifier.
  EXPECT_EQ(space.operators().size(), 11U * 9 + 4);
  const SpacePtr again = make_space(space.description());
  EXPECT_EQ(again->description(), space.description());
  Rng rng(1);
  for (int i = 0; i < 100; ++i) {
    const Architecture x = again->sample(rng);
    EXPECT_EQ(again->network(x), space.network(x));
    EXPECT_EQ(again->parse(again->text(x)), x);
  }
  EXPECT_THROW(space.parse("nothing"), InputError);
  EXPECT_THROW(make_space("operators()"), InputError);
}

TEST(OperatorSpace, RefusesASpaceWhoseWidthsAreDecided) {
  EXPECT_THROW(OperatorSpace(make_space("mobilenet_v3(resolution=64)")), InputError);
}

}  // namespace
}  // namespace oneproxy
