#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/data/operator_table.hpp"

namespace oneproxy {
namespace {

using testing::TemporaryFolder;

TEST(OperatorYaml, ReadsBackAsWritten) {
  const TemporaryFolder folder;
  Rng rng(3);
  std::vector<OperatorLatency> table;
  for (int i = 0; i < 100; ++i) {
    // From 1e-9 to 1e9: some have an exponent, some no decimals.
    const double latency_ms = std::pow(10.0, 18 * rng.uniform() - 9);
    table.push_back({"expanded_conv-input:8x8x" + std::to_string(1000 + i) + "-output:1x1x1", latency_ms,
                     0.01 * latency_ms, static_cast<double>(1 + i)});
  }
  table[0].latency_ms = 5;
  table[1].latency_ms = -0.25;
  table[2].deviation_ms = std::nan("");
  table[3].count = std::nan("");
  for (const auto spread : {OperatorSpread::deviation, OperatorSpread::variance}) {
    const auto file = folder / "table.yaml";
    write_operator_yaml(file, table, spread);
    const auto again = read_operator_table(file);
    ASSERT_EQ(again.size(), table.size());
    for (std::size_t i = 0; i < table.size(); ++i) {
      EXPECT_EQ(again[i].key, table[i].key);
      EXPECT_EQ(again[i].latency_ms, table[i].latency_ms);
      EXPECT_EQ(std::isnan(again[i].deviation_ms), std::isnan(table[i].deviation_ms));
      // The square and its root each round once.
      if (!std::isnan(table[i].deviation_ms)) {
        EXPECT_NEAR(again[i].deviation_ms, table[i].deviation_ms, 1e-15 * table[i].deviation_ms);
      }
      EXPECT_EQ(std::isnan(again[i].count), std::isnan(table[i].count));
      if (!std::isnan(table[i].count)) {
        EXPECT_EQ(again[i].count, table[i].count);
      }
    }
  }
}

TEST(OperatorYaml, HasTheLinesOfThePublishedFiles) {
  const TemporaryFolder folder;
  const auto file = folder / "table.yaml";
  const std::vector<OperatorLatency> table{{"Logits-input:7x7x1280-output:1000", 0.5, 0.25, 949},
                                           {"Conv-input:224x224x3-output:112x112x32", 4, 2, 10}};
  write_operator_yaml(file, table, OperatorSpread::variance);
  EXPECT_EQ(read_file(file),
            "Conv-input:224x224x3-output:112x112x32:\n  count: 10\n  mean: 4.0\n  var: 4.0\n"
            "Logits-input:7x7x1280-output:1000:\n  count: 949\n  mean: 0.5\n  var: 0.0625\n");
  write_operator_yaml(file, {table[0]}, OperatorSpread::deviation);
  EXPECT_EQ(read_file(file), "Logits-input:7x7x1280-output:1000:\n  count: 949\n  mean: 0.5\n  std: 0.25\n");
}

TEST(OperatorCsv, ReadsBackAsWrittenAndNamesWhatIsWrong) {
  const TemporaryFolder folder;
  const auto file = folder / "table.csv";
  const std::vector<OperatorLatency> table{
      {"8x8x3/convolution-4-k3@0", 0.1, 1e-3, 30}, {"a,b", -2, std::nan(""), std::nan("")}, {"say \"so\"", 1e-9, 0, 1}};
  write_operator_csv(file, table);
  const auto again = read_operator_table(file);
  ASSERT_EQ(again.size(), table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(again[i].key, table[i].key);
    EXPECT_EQ(again[i].latency_ms, table[i].latency_ms);
    EXPECT_EQ(std::isnan(again[i].count), std::isnan(table[i].count));
  }
  const auto refusal = [&](const std::string& content) -> std::string {
    write_file(file, content);
    try {
      read_operator_table(file);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal("key,ms\n").find("line 1: expected the columns operator,latency_ms"), std::string::npos);
  const std::string header = "operator,latency_ms,deviation_ms,count\n";
  EXPECT_NE(refusal(header + "a,1,2\n").find("line 2: expected four fields"), std::string::npos);
  EXPECT_NE(refusal(header + "a,fast,,\n").find("line 2, column latency_ms: 'fast'"), std::string::npos);
  EXPECT_NE(refusal(header + "a,,,\n").find("column latency_ms"), std::string::npos);
  EXPECT_NE(refusal(header + ",1,,\n").find("column operator"), std::string::npos);
  EXPECT_NE(refusal(header).find("holds no operators"), std::string::npos);
}

}  // namespace
}  // namespace oneproxy
