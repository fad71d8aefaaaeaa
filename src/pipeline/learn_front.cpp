#include "learn_front.hpp"

#include <algorithm>

#include "oneproxy/adapt/select.hpp"

namespace oneproxy {

LearntFront learn_front(const std::shared_ptr<const SpacePrior>& prior, std::span<const double> accuracy,
                        const RunOptions& options, const MeasuredRows& samples,
                        const std::function<void(const std::vector<std::size_t>&)>& measure, const Rng& rng) {
  const std::size_t most = std::min(options.sample_count, accuracy.size());
  const std::size_t first = samples.rows.size();
  for (;;) {
    const auto posterior = std::make_shared<TargetPosterior>(prior, samples.rows, samples.latency_ms);
    const std::size_t before = samples.rows.size();
    std::vector<bool> taken(accuracy.size(), false);
    for (const std::size_t row : samples.rows) taken[row] = true;
    std::vector<std::size_t> left;
    for (std::size_t row = 0; row < taken.size(); ++row) {
      if (!taken[row]) left.push_back(row);
    }
    const std::size_t count = std::min(options.front_batch_count, most - std::min(most, before));
    Rng batch_rng = rng.stream(before);
    const NextBatch next = select_for_front(posterior->few_shot(), prior->prior(), accuracy, left, count, batch_rng);
    // The front lies at the edges, where the first samples are few: what the model expects there is believed only after
    // it has seen some of it.
    if (count > 0 && (before == first || !enough(next, options.wanted_front))) measure(next.rows);
    if (samples.rows.size() == before) return {posterior, next.expected_now};
  }
}

}  // namespace oneproxy
