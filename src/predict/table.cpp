#include <cassert>
#include <cmath>
#include <unordered_map>

#include "oneproxy/base/error.hpp"
#include "oneproxy/predict/accuracy.hpp"

namespace oneproxy {

struct TablePredictor::Index {
  std::unordered_map<Architecture, std::size_t> row;
};

TablePredictor::TablePredictor(SpacePtr space, const ArchTable& table, std::size_t column)
    : space_(std::move(space)), file_(table.file.string()), architectures_(table.architectures) {
  assert(static_cast<Eigen::Index>(column) < table.values.cols());
  auto index = std::make_unique<Index>();
  for (std::size_t i = 0; i < architectures_.size(); ++i) {
    values_.push_back(
        static_cast<float>(table.values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(column))));
    index->row.emplace(architectures_[i], i);
  }
  index_ = std::move(index);
}

TablePredictor::~TablePredictor() = default;

void TablePredictor::predict(std::span<const Architecture> xs, std::span<float> out) const {
  assert(xs.size() == out.size());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto found = index_->row.find(xs[i]);
    if (found == index_->row.end()) {
      throw InputError(file_, "has no architecture " + space_->text(xs[i]) +
                                  "; a table can be searched over its own architectures only");
    }
    out[i] = values_[found->second];
  }
}

const std::vector<Architecture>* accuracy_architectures(const Predictor& predictor) {
  const auto* const table = dynamic_cast<const TablePredictor*>(&predictor);
  return table == nullptr ? nullptr : &table->architectures();
}

void require_accuracies(const ArchTable& table, std::size_t column) {
  for (std::size_t i = 0; i < table.architectures.size(); ++i) {
    const double value = table.values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(column));
    if (value >= 0 && value <= 100) continue;
    const std::string where =
        table.file.string() + ", line " + std::to_string(table.lines[i]) + ", column " + table.columns[column];
    if (std::isnan(value)) throw InputError(where, "is missing; expected an accuracy in percent (0 to 100)");
    throw InputError(where, "is not an accuracy in percent (0 to 100)");
  }
}

}  // namespace oneproxy
