#include "oneproxy/search/local_search.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "archive.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy {
namespace {

class LocalSearch {
 public:
  LocalSearch(const SearchProblem& problem, const LocalSearchOptions& options)
      : problem_(problem), options_(options), rng_(options.seed) {}

  void add_random(std::size_t count) {
    constexpr int fruitless_rounds = 20;  // then the space has hardly any more
    for (int round = 0; round < fruitless_rounds && archive_.size() < count; ++round) {
      const std::size_t before = archive_.size();
      batch_.clear();
      while (batch_.size() < count - before) batch_.push_back(problem_.space.sample(rng_));
      evaluate(count);
      if (archive_.size() > before) round = -1;
    }
  }

  /// Evaluates what differs in one decision from a member that is chosen; false where every member was.
  bool expand_one() {
    const std::uint32_t member = choose();
    if (member == Archive::none) return false;
    expanded_[member] = true;
    const auto decisions = problem_.space.decisions();
    batch_.clear();
    for (std::size_t d = 0; d < decisions.size(); ++d) {
      Architecture x = archive_.architecture(member);
      for (std::size_t option = 0; option < decisions[d].options.size(); ++option) {
        x[d] = static_cast<std::uint8_t>(option);
        if (x != archive_.architecture(member)) batch_.push_back(x);
      }
    }
    problem_.space.canonicalise(batch_);
    rng_.shuffle<Architecture>(batch_);  // the last ones may be left out
    evaluate(options_.max_evaluations);
    return true;
  }

  const Archive& archive() const { return archive_; }

 private:
  /// One, at random, of the first front that has members not yet expanded: that of all, that of the others, ...
  std::uint32_t choose() {
    std::vector<std::uint32_t> rest(archive_.size());
    std::iota(rest.begin(), rest.end(), 0U);
    while (!rest.empty()) {
      std::vector<float> latency_ms, accuracy;
      for (const auto i : rest) {
        latency_ms.push_back(archive_.latency_ms(i));
        accuracy.push_back(archive_.accuracy(i));
      }
      std::vector<std::uint32_t> open;
      std::vector<bool> on_front(rest.size(), false);
      for (const std::size_t i : pareto_front(std::span<const float>(latency_ms), std::span<const float>(accuracy))) {
        on_front[i] = true;
        if (!expanded_[rest[i]]) open.push_back(rest[i]);
      }
      if (!open.empty()) return open[rng_.below(open.size())];
      std::size_t kept = 0;
      for (std::size_t i = 0; i < rest.size(); ++i) {
        if (!on_front[i]) rest[kept++] = rest[i];
      }
      rest.resize(kept);
    }
    return Archive::none;
  }

  /// What is new of batch_, until the archive holds `most`.
  void evaluate(std::size_t most) {
    std::erase_if(batch_, [&](const Architecture& x) { return archive_.find(x) != Archive::none; });
    latency_ms_.resize(batch_.size());
    problem_.latency.predict(batch_, latency_ms_);
    for (std::size_t i = 0; i < batch_.size() && archive_.size() < most; ++i) {
      if (archive_.find(batch_[i]) == Archive::none) archive_.add(batch_[i], latency_ms_[i]);
    }
    archive_.evaluate_accuracy(problem_.accuracy, options_.threads);
    expanded_.resize(archive_.size(), false);
  }

  const SearchProblem& problem_;
  const LocalSearchOptions& options_;
  Rng rng_;
  Archive archive_;
  std::vector<bool> expanded_;  // of each archive entry
  std::vector<Architecture> batch_;
  std::vector<float> latency_ms_;
};

}  // namespace

Front search_front_locally(const SearchProblem& problem, const LocalSearchOptions& options,
                           const ProgressCallback& progress) {
  const std::size_t most = options.max_evaluations;
  if (most == 0) throw InputError("search option max_evaluations", "expected at least 1");
  LocalSearch search(problem, options);
  search.add_random(std::max<std::size_t>(1, most / 10));
  do {
    report(progress, {"searching", search.archive().size(), most});
  } while (search.archive().size() < most && search.expand_one());
  report(progress, {"searching", most, most});
  return search.archive().front();
}

}  // namespace oneproxy
