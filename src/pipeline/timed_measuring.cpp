#include "timed_measuring.hpp"

#include <algorithm>

#include "oneproxy/pipeline/measure_missing.hpp"

namespace oneproxy {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

TimedMeasuring::TimedMeasuring(Device& target, const SearchSpace& space, const RunOptions& options, Store& store,
                               std::int64_t run, const ProgressCallback& progress)
    : target_(target), space_(space), options_(options), store_(store), run_(run), progress_(progress) {}

double TimedMeasuring::left_s(double share) const { return share * 60 * options_.minutes - seconds_since(start_); }

std::vector<Measurement> TimedMeasuring::all(std::span<const Architecture> xs, const char* role, const char* doing) {
  return measure_missing(target_, space_, xs, options_.protocol, store_, run_, role, doing, progress_);
}

std::vector<Measurement> TimedMeasuring::until(double share, std::size_t least, std::span<const Architecture> xs,
                                               const char* role, const char* doing) {
  if (!is_limited()) return all(xs, role, doing);
  std::vector<Measurement> result;
  const auto start = Clock::now();
  while (result.size() < xs.size() && (result.size() < least || !is_spent(share))) {
    // Half of what fits at the speed so far, since networks differ.
    const auto done = static_cast<double>(result.size());
    const double speed = result.empty() ? 0 : done / std::max(seconds_since(start), 1e-6);
    const double fits = is_spent(share) ? 1 : result.empty() ? 4 : left_s(share) * speed / 2;
    const auto count = static_cast<std::size_t>(std::clamp(fits, 1.0, static_cast<double>(xs.size() - result.size())));
    const auto part = all(xs.subspan(result.size(), count), role, doing);
    result.insert(result.end(), part.begin(), part.end());
  }
  return result;
}

}  // namespace oneproxy
