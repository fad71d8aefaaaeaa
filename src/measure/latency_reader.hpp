#pragma once

#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace oneproxy {

/// What a benchmark program told.
struct ReadLatencies {
  std::vector<double> ms;         ///< one for each run it tells, or one that sums all its runs up
  std::optional<double> cold_ms;  ///< its first run, where it tells that apart
};

/// Finds latencies in what a benchmark program prints.
class LatencyReader {
 public:
  /// `how` is one of names(), or "regex:" and an ECMAScript expression whose first group is a latency in `unit` (ms,
  /// us, s, ns); every match is then one run. @throws InputError naming the setting.
  LatencyReader(const std::string& how, const std::string& unit);

  static const std::vector<std::string>& names();

  /// Lines are looked at one by one; of a line longer than 4,096 characters only these.
  /// @throws InputError (without a place) where there is no latency, or one that is not a number > 0.
  ReadLatencies read(std::string_view output) const;

 private:
  struct Expression {
    std::regex regex;
    double ms_per_unit = 1;
    enum class Take { only, first, all } take = Take::only;
  };
  std::vector<double> find(std::string_view output, const Expression& expression) const;

  std::string how_;
  std::vector<Expression> steady_;  // the first one that matches counts
  std::optional<Expression> cold_;
};

}  // namespace oneproxy
