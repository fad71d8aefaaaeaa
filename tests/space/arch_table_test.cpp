#include "oneproxy/space/arch_table.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

class ArchTableTest : public testing::Test {
 protected:
  ~ArchTableTest() override { std::filesystem::remove(file_); }

  std::string read_error(const std::string& content) {
    std::ofstream(file_, std::ios::binary) << content;
    try {
      read_arch_table(file_, *space_);
    } catch (const InputError& error) {
      return std::string(error.what()).substr(file_.string().size());
    }
    return "no error";
  }
  SpacePtr space_ = make_space("mobilenet_v2");
  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) / ("oneproxy_arch_table_" + std::to_string(getpid()) + ".csv");
  const std::string a_ = "5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4.5x3-3x4";
  const std::string b_ = "5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4.5x3-3x6";
};

TEST_F(ArchTableTest, WhatIsWrittenReadsTheSame) {
  ArchTable table;
  table.columns = {"x", "y"};
  table.notes = {{"made by", "a test"}};
  Rng rng(1);
  table.architectures = space_->sample_distinct(100, rng);
  table.values = Eigen::MatrixXd::Constant(100, 2, 1.5);
  table.values(3, 1) = std::nan("");
  write_arch_table(file_, *space_, table);
  const auto read = read_arch_table(file_, *space_);
  EXPECT_EQ(read.columns, table.columns);
  EXPECT_EQ(read.architectures, table.architectures);
  EXPECT_EQ(read.notes.at(1), table.notes.at(0));
  EXPECT_TRUE(std::isnan(read.values(3, 1)));
  EXPECT_EQ(read.values(99, 0), 1.5);
  EXPECT_EQ(read.column("y"), 1U);
  EXPECT_NO_THROW(require_latencies(read, 0));
  EXPECT_THROW(require_latencies(read, 1), InputError);
}

TEST_F(ArchTableTest, BadInputIsNamedByLineAndColumn) {
  EXPECT_EQ(read_error(""), ": is empty; expected a header line architecture,NAME,...");
  EXPECT_EQ(read_error("arch,x\n"), ", line 1: expected a header line architecture,NAME,...");
  EXPECT_EQ(read_error("architecture,x\n"), ": has no rows; expected one architecture a line");
  EXPECT_EQ(read_error("architecture,x\n" + a_ + ",1\n" + b_ + ",1"),
            ", line 3: does not end with a newline; the file seems to be truncated");
  EXPECT_EQ(read_error("architecture,x\n" + a_ + ",1,2\n"), ", line 2: has 3 fields; expected 2");
  EXPECT_EQ(read_error("architecture,x\n" + a_ + ",nan\n"),
            ", line 2, column x: 'nan' is not a finite number (an empty field is a missing value)");
  EXPECT_EQ(read_error("architecture,x\n" + a_ + ",1\n\n" + a_ + ",2\n"),
            ", line 4, column architecture: the same architecture stands in line 2");
  EXPECT_EQ(
      read_error("# space: mobilenet_v2(resolution=32, width=1, classes=10, channels=3)\narchitecture,x\n"),
      ", line 1: is a table of the space mobilenet_v2(resolution=32, width=1, classes=10, channels=3); expected " +
          space_->description());
  EXPECT_TRUE(read_error("architecture,x\n3x3,1\n").starts_with(", line 2, column architecture: architecture '3x3': "));
  EXPECT_TRUE(read_error(std::string("\x89PNG\r\n\x1a\n\0\0", 10)).starts_with(", line 1: expected a header line"));
}

TEST_F(ArchTableTest, JoiningKeepsEveryRowAndColumn) {
  std::ofstream(file_) << "architecture,x\n" << a_ << ",1\n" << b_ << ",2\n";
  const auto first = read_arch_table(file_, *space_);
  std::ofstream(file_) << "architecture,y,z\n" << b_ << ",3,4\n";
  const auto second = read_arch_table(file_, *space_);
  const auto both = join_tables(std::vector<ArchTable>{first, second});
  EXPECT_EQ(both.columns, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(both.architectures, first.architectures);
  EXPECT_EQ(both.values(1, 0), 2);
  EXPECT_EQ(both.values(1, 1), 3);
  EXPECT_EQ(both.values(1, 2), 4);
  EXPECT_TRUE(std::isnan(both.values(0, 1)));
  EXPECT_THROW(join_tables(std::vector<ArchTable>{first, first}), InputError);
}

TEST_F(ArchTableTest, RowsThatLackAValueCanBeLeftOut) {
  std::ofstream(file_) << "architecture,x,y\n" << a_ << ",1,\n" << b_ << ",2,3\n";
  const auto table = read_arch_table(file_, *space_);
  const auto kept = rows_with(table, std::vector<std::size_t>{0, 1});
  ASSERT_EQ(kept.architectures.size(), 1U);
  EXPECT_EQ(kept.architectures[0], table.architectures[1]);
  EXPECT_EQ(kept.values(0, 1), 3);
  EXPECT_EQ(kept.lines[0], 3U);
  EXPECT_EQ(rows_with(table, std::vector<std::size_t>{0}).architectures, table.architectures);
  std::ofstream(file_) << "architecture,x\n" << a_ << ",\n";
  EXPECT_THROW(rows_with(read_arch_table(file_, *space_), std::vector<std::size_t>{0}), InputError);
}

TEST_F(ArchTableTest, AColumnOfLatenciesHasItsRowsAndDevice) {
  std::ofstream(file_) << "# device x: onednn(threads=1)\narchitecture,x,y\n" << a_ << ",1,\n" << b_ << ",2,3\n";
  const auto table = read_arch_table(file_, *space_);
  const LatencyColumn x = latency_column(table, "x");
  EXPECT_EQ(x.architectures, table.architectures);
  EXPECT_EQ(x.latency_ms, (std::vector<double>{1, 2}));
  EXPECT_EQ(x.device, "onednn(threads=1)");
  const LatencyColumn y = latency_column(table, "y");
  EXPECT_EQ(y.architectures, std::vector{table.architectures[1]});
  EXPECT_EQ(y.latency_ms, std::vector{3.0});
  EXPECT_EQ(y.device, "y");
  try {
    table.column("");
    FAIL() << "took one of two columns";
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(), file_.string() + ": has several columns; expected the name of one of x, y");
  }
  std::ofstream(file_) << "architecture,x\n" << a_ << ",0\n";
  EXPECT_THROW(latency_column(read_arch_table(file_, *space_), ""), InputError);
  EXPECT_EQ(read_arch_table(file_, *space_).column(""), 0U);
}

TEST_F(ArchTableTest, LatenciesMustBePositive) {
  std::ofstream(file_) << "architecture,x\n" << a_ << ",1\n" << b_ << ",-1\n";
  const auto table = read_arch_table(file_, *space_);
  try {
    require_latencies(table, 0);
    FAIL() << "-1 was accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(), file_.string() + ", line 3, column x: '-1'; expected a latency in ms (> 0)");
  }
}

}  // namespace
}  // namespace oneproxy
