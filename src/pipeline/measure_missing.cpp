#include "oneproxy/pipeline/measure_missing.hpp"

#include <unordered_map>

namespace oneproxy {

std::vector<Measurement> measure_missing(Device& device, const SearchSpace& space, std::span<const Architecture> xs,
                                         const Protocol& protocol, Store& store, std::int64_t run,
                                         std::string_view role, std::string_view step,
                                         const ProgressCallback& progress) {
  std::unordered_map<Architecture, Measurement> known;
  for (auto& m : store.measurements(run, role, space)) known.emplace(m.architecture, std::move(m));
  std::vector<Architecture> missing;
  for (const auto& x : xs) {
    if (!known.contains(x)) missing.push_back(x);
  }
  if (!missing.empty()) {
    const std::size_t there = xs.size() - missing.size();
    device.measure(
        space, missing, protocol,
        [&](const Measurement& m) {
          store.put(run, role, space, m);
          known.insert_or_assign(m.architecture, m);
        },
        [&](const Progress& p) {
          report(progress, {step, there + p.done, xs.size()});
          return true;
        });
  }
  std::vector<Measurement> result;
  result.reserve(xs.size());
  for (const auto& x : xs) result.push_back(known.at(x));
  return result;
}

}  // namespace oneproxy
