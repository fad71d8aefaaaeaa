#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/recorded.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;

class TableDevice : public ::testing::Test {
 protected:
  TableDevice() {
    fs::create_directories(folder_);
    Rng rng(3);
    xs_ = space_->sample_distinct(20, rng);
    table_.columns = {"phone", "board"};
    table_.architectures = {xs_.begin(), xs_.begin() + 19};
    table_.values.resize(19, 2);
    for (Eigen::Index i = 0; i < 19; ++i) table_.values.row(i) << 1.5 + 0.1 * static_cast<double>(i), 7.25;
  }
  ~TableDevice() override { fs::remove_all(folder_); }

  std::string write() const {
    write_arch_table(folder_ / "t.csv", *space_, table_);
    return (folder_ / "t.csv").string();
  }

  std::string error(const std::string& device, std::size_t first, std::size_t count) const {
    try {
      make_device(device)->measure(*space_, std::span(xs_).subspan(first, count), {}, {}, {});
    } catch (const InputError& failure) {
      return failure.what();
    }
    return "";
  }

  fs::path folder_ = fs::temp_directory_path() / ("oneproxy_table_" + std::to_string(::getpid()));
  SpacePtr space_ = make_space("mobilenet_v2(resolution=28, width=0.5, channels=1, classes=10)");
  std::vector<Architecture> xs_;
  ArchTable table_;
};

TEST_F(TableDevice, ReplaysWhatWasRecorded) {
  const auto device = make_device("table(" + write() + ", column=phone)");
  std::vector<Measurement> measured;
  device->measure(*space_, std::span(xs_).first(19), {}, [&](const Measurement& m) { measured.push_back(m); }, {});
  ASSERT_EQ(measured.size(), 19U);
  for (std::size_t i = 0; i < 19; ++i) {
    EXPECT_EQ(measured[i].architecture, xs_[i]);
    const double expected = table_.values(static_cast<Eigen::Index>(i), 0);
    EXPECT_DOUBLE_EQ(measured[i].mean_ms, expected);
    EXPECT_DOUBLE_EQ(measured[i].median_ms, expected);
    EXPECT_EQ(measured[i].stopped_by, "replayed");
    EXPECT_EQ(measured[i].runs, 1);
  }
}

TEST_F(TableDevice, SaysWhichArchitecturesItHolds) {
  const auto device = make_device("table(" + write() + ", column=board)");
  const ArchTable* table = recorded_table(*device, *space_);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->architectures, table_.architectures);
  EXPECT_EQ(recorded_table(*make_device("onednn"), *space_), nullptr);
}

TEST_F(TableDevice, NamesAnArchitectureThatItLacks) {
  const std::string file = write();
  EXPECT_EQ(error("table(" + file + ", column=phone)", 19, 1), file + ": has no architecture " + space_->text(xs_[19]));
}

TEST_F(TableDevice, NeedsAColumnOnlyWhereThereAreSeveral) {
  const std::string file = write();
  EXPECT_NE(error("table(" + file + ")", 0, 1).find("has the columns phone, board"), std::string::npos);
  EXPECT_NE(error("table(" + file + ", column=bord)", 0, 1).find("bord"), std::string::npos);
  table_.columns = {"phone"};
  table_.values.conservativeResize(19, 1);
  EXPECT_EQ(error("table(" + write() + ")", 0, 19), "");
}

TEST_F(TableDevice, RefusesLatenciesThatAreNone) {
  for (const double bad : {-1.0, 0.0, std::numeric_limits<double>::quiet_NaN()}) {
    table_.values(4, 1) = bad;
    const std::string message = error("table(" + write() + ", column=board)", 0, 1);
    EXPECT_NE(message.find("t.csv, line 7"), std::string::npos) << message;  // "# space", header, four rows before it
    EXPECT_NE(message.find("board"), std::string::npos) << message;
    EXPECT_EQ(error("table(" + write() + ", column=phone)", 0, 19), "") << "the other column is good";
  }
}

TEST_F(TableDevice, RefusesDescriptionsAndFilesThatCannotBe) {
  EXPECT_NE(error("table(a,b.csv)", 0, 1).find("cannot have a comma"), std::string::npos);
  EXPECT_NE(error("table()", 0, 1).find("expected table(FILE)"), std::string::npos);
  EXPECT_NE(error("table", 0, 1).find("expected table(FILE)"), std::string::npos);
  EXPECT_NE(error("table(" + (folder_ / "none.csv").string() + ")", 0, 1).find("none.csv: cannot be read"),
            std::string::npos);
}

}  // namespace
}  // namespace oneproxy
