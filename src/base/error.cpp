#include "oneproxy/base/error.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "oneproxy/base/progress.hpp"

namespace oneproxy {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row.back();
}

}  // namespace

InputError::InputError(std::string_view where, std::string_view what)
    : std::runtime_error(std::string(where) + ": " + std::string(what)) {}

std::string suggestion(std::string_view name, std::span<const std::string> known) {
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = &candidate;
    }
  }
  return best == nullptr ? "" : "; did you mean '" + *best + "'?";
}

void report(const ProgressCallback& callback, const Progress& progress) {
  if (callback && !callback(progress)) throw Stopped("stopped while " + std::string(progress.step));
}

}  // namespace oneproxy
