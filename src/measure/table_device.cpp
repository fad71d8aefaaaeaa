#include <unordered_map>

#include "engines.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/recorded.hpp"

namespace oneproxy {
namespace {

class TableDevice final : public Device {
 public:
  TableDevice(std::string file, std::string column) : file_(std::move(file)), column_name_(std::move(column)) {
    description_ = "table(" + file_ + (column_name_.empty() ? "" : ", column=" + column_name_) + ")";
    read_file(file_);  // a missing file is told now, not after the search
  }

  const std::string& description() const override { return description_; }

  MachineFacts facts() const override {
    MachineFacts facts = machine_facts();
    facts.engine = "replayed from " + file_ + (column_name_.empty() ? "" : ", column " + column_name_);
    return facts;
  }

  void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol&, const MeasurementSink& sink,
               const ProgressCallback& progress) override {
    read(space);
    std::size_t done_count = 0;
    for (const auto& x : xs) {
      report(progress, {"measuring", done_count++, xs.size()});
      const auto row = rows_.find(x);
      if (row == rows_.end()) throw InputError(file_, "has no architecture " + space.text(x));
      Measurement measurement;
      measurement.architecture = x;
      measurement.raw_ms = {static_cast<float>(table_.values(static_cast<Eigen::Index>(row->second), column_))};
      summarise(measurement);
      measurement.mean_ms = measurement.median_ms = measurement.p90_ms =
          table_.values(static_cast<Eigen::Index>(row->second), column_);
      measurement.stopped_by = "replayed";
      measurement.when = utc_now();
      if (sink) sink(measurement);
    }
    report(progress, {"measuring", done_count, xs.size()});
  }

  const ArchTable& read(const SearchSpace& space) {
    if (space.description() == space_) return table_;
    ArchTable table = read_arch_table(file_, space);
    if (column_name_.empty() && table.columns.size() != 1) {
      std::string names;
      for (const auto& name : table.columns) names += (names.empty() ? "" : ", ") + name;
      throw InputError(file_, "has the columns " + names + "; expected table(" + file_ + ", column=NAME)");
    }
    const std::size_t column = column_name_.empty() ? 0 : table.column(column_name_);
    require_latencies(table, column);
    rows_.clear();
    for (std::size_t i = 0; i < table.architectures.size(); ++i) rows_.emplace(table.architectures[i], i);
    table_ = std::move(table);
    column_ = static_cast<Eigen::Index>(column);
    space_ = space.description();
    return table_;
  }

 private:
  std::string file_;
  std::string column_name_;
  std::string description_;
  std::string space_;  // for which the table was read; "" at first
  ArchTable table_;
  Eigen::Index column_ = 0;
  std::unordered_map<Architecture, std::size_t> rows_;
};

}  // namespace

const ArchTable* recorded_table(Device& device, const SearchSpace& space) {
  auto* table = dynamic_cast<TableDevice*>(&device);
  return table == nullptr ? nullptr : &table->read(space);
}

std::unique_ptr<Device> make_table_device(Description description) {
  std::string file = description.take("", "");
  if (file.empty()) file = description.take("file", "");
  const std::string column = description.take("column", "");
  description.finish();
  if (file.empty()) throw InputError("table", "expected table(FILE) or table(FILE, column=NAME)");
  return std::make_unique<TableDevice>(std::move(file), column);
}

}  // namespace oneproxy
