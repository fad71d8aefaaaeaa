#include "oneproxy/space/published_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

class PublishedTable : public testing::Test {
 protected:
  ~PublishedTable() override { std::filesystem::remove(file_); }
  ArchTable read(const std::string& space, const std::string& content) {
    std::ofstream(file_, std::ios::binary) << content;
    return read_published_table(file_, *make_space(space));
  }
  std::string error(const std::string& space, const std::string& content) {
    try {
      read(space, content);
    } catch (const InputError& e) {
      std::string text = e.what();
      EXPECT_TRUE(text.starts_with(file_.string())) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos);
      return text.substr(std::min(text.size(), file_.string().size()));
    }
    return "accepted";
  }

  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("published-") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv");
};

const std::string kCell = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";

TEST_F(PublishedTable, ReadsOneKeyColumnMissingValuesAndRepeatedArchitectures) {
  const auto table = read("nas_bench_201", "arch,x,y\r\n\"" + kCell + "\",1.5,\r\n" + kCell + ",nan,-1");
  EXPECT_EQ(table.columns, (std::vector<std::string>{"x", "y"}));
  ASSERT_EQ(table.architectures.size(), 2U);
  EXPECT_EQ(table.architectures[0], table.architectures[1]);
  EXPECT_EQ(table.values(0, 0), 1.5);
  EXPECT_TRUE(std::isnan(table.values(0, 1)));
  EXPECT_TRUE(std::isnan(table.values(1, 0)));
  EXPECT_EQ(table.values(1, 1), -1);
}

TEST_F(PublishedTable, ReadsAsManyKeyColumnsAsTheSpaceHas) {
  std::string header;
  std::string row;
  for (int i = 0; i < 22; ++i) {
    header += "op" + std::to_string(i) + ",";
    row += std::to_string(i % 9) + ",";
  }
  const auto space = make_space("fbnet");
  const auto table = read("fbnet", header + "phone\n" + row + "3\n");
  EXPECT_EQ(space->text(table.architectures.at(0)), "0.1.2.3.4.5.6.7.8.0.1.2.3.4.5.6.7.8.0.1.2.3");
  EXPECT_EQ(table.values(0, 0), 3);
  const auto ours =
      read("fbnet", "# space: " + space->description() + "\n# device phone: a phone\narchitecture,phone\n" +
                        space->text(table.architectures[0]) + ",3\n");
  EXPECT_EQ(ours.architectures, table.architectures);
  EXPECT_EQ(latency_column(ours, "").device, "a phone");
}

TEST_F(PublishedTable, NamesFileLineAndColumn) {
  EXPECT_EQ(error("nas_bench_201", ""), ": has no rows; expected a header and one architecture a line");
  EXPECT_EQ(error("nas_bench_201", "arch,x\n"), ": has no rows; expected a header and one architecture a line");
  EXPECT_EQ(error("fbnet", "a,b\n"),
            ", line 1: expected a header of 22 columns for the architecture and at least one device; found 2 columns");
  EXPECT_EQ(error("nas_bench_201", "# space: nas_bench_201(dataset=cifar10)\narchitecture,x\n" + kCell + ",1"),
            ", line 3: does not end with a newline; the file seems to be truncated");
  EXPECT_EQ(error("nas_bench_201", "# made here\n# space: fbnet(classes=10)\narchitecture,x\n" + kCell + ",1\n"),
            ", line 2: is a table of the space fbnet(classes=10); expected nas_bench_201(dataset=cifar10)");
  EXPECT_EQ(error("nas_bench_201", "arch,x\n" + kCell + ",1,2\n"), ", line 2: has 3 fields; expected 2");
  EXPECT_EQ(error("nas_bench_201", "arch,x\n" + kCell + ",fast\n"),
            ", line 2, column x: 'fast' is not a finite number (an empty field is a missing value)");
  EXPECT_EQ(error("nas_bench_201", "arch,x\n" + kCell + ",inf\n"),
            ", line 2, column x: 'inf' is not a finite number (an empty field is a missing value)");
  EXPECT_TRUE(
      error("nas_bench_201", "arch,x\n|none~0|,1\n").starts_with(", line 2: architecture '|none~0|': expected"));
  EXPECT_NE(error("nas_bench_201", std::string("\0\xff\x80,\0\n\0,\n", 9)), "accepted");
}

}  // namespace
}  // namespace oneproxy
