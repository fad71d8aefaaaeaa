#include "oneproxy/data/latency_matrix.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

class LatencyMatrixTest : public testing::Test {
 protected:
  ~LatencyMatrixTest() override { std::filesystem::remove(file_); }

  LatencyMatrix read(const std::string& content, const LatencyMatrixOptions& options = {}) {
    write_file(file_, content);
    return read_latency_matrix(file_, options);
  }
  std::string error_of(const std::string& content, const LatencyMatrixOptions& options = {}) {
    try {
      read(content, options);
    } catch (const InputError& error) {
      return std::string(error.what()).substr(file_.string().size());
    }
    return "accepted";
  }

  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) / ("oneproxy_matrix_" + std::to_string(getpid()) + ".csv");
};

TEST_F(LatencyMatrixTest, ReadsOneNetworkALine) {
  const auto table = read("# space: x\narchitecture,a,\"b, c\"\r\n\"n\"\"1\",1,2\nn2,,3.5\n\nn3,nan,1e1");
  EXPECT_EQ(table.networks, (std::vector<std::string>{"n\"1", "n2", "n3"}));
  EXPECT_EQ(table.devices, (std::vector<std::string>{"a", "b, c"}));
  EXPECT_EQ(table.latency_ms(0, 0), 1);
  EXPECT_EQ(table.latency_ms(2, 1), 10);
  EXPECT_TRUE(std::isnan(table.latency_ms(1, 0)));
  EXPECT_TRUE(std::isnan(table.latency_ms(2, 0)));
  const auto keyed = read("op0,op1,a\n1,2,3\n", {.key_columns = 2});
  EXPECT_EQ(keyed.networks, std::vector<std::string>{"1.2"});
  EXPECT_EQ(keyed.devices, std::vector<std::string>{"a"});
}

TEST_F(LatencyMatrixTest, MissingValuesAreDeclaredAndNeverRankedUnlessAsked) {
  const std::string content = "n,a\nx,-1\ny,2\n";
  EXPECT_TRUE(error_of(content).starts_with(", line 2, column a: '-1' is no latency in ms (> 0)"));
  EXPECT_TRUE(std::isnan(read(content, {.missing = -1}).latency_ms(0, 0)));
  EXPECT_EQ(read(content, {.any_value = true}).latency_ms(0, 0), -1);
}

TEST_F(LatencyMatrixTest, ReadsOneMeasurementALine) {
  const LatencyMatrixOptions options{.device_columns = {"device", "gpu"}, .where = {{"threads", "1"}}};
  const auto table = read(
      "device,gpu,threads,model,latency_ms\np,-1,1,net,4\np,-1,1,net,2\np,-1,2,net,9\np,0,1,other,5\nq,-1,1,net,7\n"
      "p,-1,1,net,3\n",
      options);
  EXPECT_EQ(table.devices, (std::vector<std::string>{"p -1", "p 0", "q -1"}));
  EXPECT_EQ(table.networks, (std::vector<std::string>{"net", "other"}));
  EXPECT_EQ(table.latency_ms(0, 0), 3);  // median of 4, 2, 3
  EXPECT_TRUE(std::isnan(table.latency_ms(1, 0)));
  EXPECT_EQ(table.latency_ms(1, 1), 5);
  EXPECT_EQ(table.latency_ms(0, 2), 7);
  EXPECT_EQ(error_of("device,gpu,threads,net,latency_ms\n", options),
            ", line 1: lacks the column 'model'; there are device, gpu, threads, net, latency_ms");
  EXPECT_EQ(error_of("device,gpu,threads,model,latency_ms\np,-1,2,net,9\n", options), ": has no rows that count");
}

TEST_F(LatencyMatrixTest, BadInputIsNamedByLineAndColumn) {
  EXPECT_EQ(error_of(""), ": is empty; expected a header and one network a line");
  EXPECT_EQ(error_of("n\n"), ", line 1: has 1 columns; expected more than the 1 that name the network");
  EXPECT_EQ(error_of("n,a\n"), ": has no rows that count");
  EXPECT_EQ(error_of("n,a,a\nx,1,2\n"), ", line 1: the column 'a' stands twice");
  EXPECT_EQ(error_of("n,a\nx,1,2\n"), ", line 2: has 3 fields; expected 2");
  EXPECT_EQ(error_of("n,a\nx,1\nx,1\n"), ", line 3: the network 'x' stands twice");
  EXPECT_EQ(error_of("n,a\nx,fast\n"),
            ", line 2, column a: 'fast' is not a finite number (an empty field is a missing value)");
  EXPECT_EQ(error_of("n,a\nx,inf\n"),
            ", line 2, column a: 'inf' is not a finite number (an empty field is a missing value)");
  EXPECT_EQ(error_of("n,a\n\"x,1\n"), ", line 2: a quote does not end");
  EXPECT_EQ(error_of("n,a\n\"x\"y,1\n"), ", line 2: expected a comma behind a quote");
}

TEST_F(LatencyMatrixTest, AnyBytesAreRefusedOrRead) {
  const std::string good = "# note\nn,\"a\",b\nx,1,2\n\"y\",-1,\nz,3,4\n";
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    std::string text = good;
    for (std::uint64_t k = 0; k <= rng.below(4); ++k) text[rng.below(text.size())] = static_cast<char>(rng.below(256));
    write_file(file_, text.substr(0, rng.below(text.size() + 1)));
    try {
      const auto table = read_latency_matrix(file_, {.any_value = true});
      EXPECT_EQ(table.latency_ms.rows(), static_cast<Eigen::Index>(table.networks.size()));
      EXPECT_EQ(table.latency_ms.cols(), static_cast<Eigen::Index>(table.devices.size()));
    } catch (const InputError&) {
    }
  }
}

TEST_F(LatencyMatrixTest, TablesAreJoinedByNetworks) {
  const auto a = read("n,a\nx,1\ny,2\n");
  const auto b = read("n,b,c\ny,3,4\nz,5,6\n");
  const auto both = join_latencies(std::vector<LatencyMatrix>{a, b});
  EXPECT_EQ(both.networks, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(both.devices, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(both.latency_ms(1, 0), 2);
  EXPECT_EQ(both.latency_ms(1, 2), 4);
  EXPECT_TRUE(std::isnan(both.latency_ms(0, 1)));
  EXPECT_THROW(join_latencies(std::vector<LatencyMatrix>{a, a}), InputError);

  const auto kept = both.with_values(2);
  EXPECT_EQ(kept.devices, both.devices);
  const auto two = both.select(std::vector<std::string>{"c"}).with_values(1);
  EXPECT_EQ(two.networks, (std::vector<std::string>{"y", "z"}));
  EXPECT_EQ(both.with_values(3).devices.size(), 0U);
  EXPECT_THROW(both.select(std::vector<std::string>{"d"}), InputError);
}

}  // namespace
}  // namespace oneproxy
