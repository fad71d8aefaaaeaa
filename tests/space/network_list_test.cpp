#include "oneproxy/space/network_list.hpp"

#include <gtest/gtest.h>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

Network network_of(int channels) {
  NetworkBuilder builder({channels, 4, 4});
  builder.global_average_pool(0, "pool");
  return std::move(builder).finish();
}

TEST(NetworkList, NamesAndNetworksComeBack) {
  std::vector<NamedNetwork> networks;
  for (int i = 0; i < 600; ++i) networks.push_back({"n" + std::to_string(i), network_of(i + 1)});
  const NetworkList list("networks of a test", networks);
  const auto xs = list.architectures();
  ASSERT_EQ(xs.size(), 600U);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    EXPECT_TRUE(list.contains(xs[i])) << i;
    EXPECT_EQ(NetworkList::index(xs[i]), i);
    EXPECT_EQ(list.parse(list.text(xs[i])), xs[i]);
    EXPECT_EQ(list.network(xs[i]), network_of(static_cast<int>(i) + 1));
  }
}

TEST(NetworkList, RefusesUnknownAndRepeatedNames) {
  const NetworkList list("networks of a test", {{"a", network_of(1)}});
  EXPECT_THROW(list.parse("b"), InputError);
  EXPECT_THROW(NetworkList("twice", {{"a", network_of(1)}, {"a", network_of(2)}}), InputError);
}

}  // namespace
}  // namespace oneproxy
