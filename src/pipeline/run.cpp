#include "oneproxy/pipeline/run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <sstream>
#include <unordered_set>

#include "oneproxy/adapt/proxy_choice.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/measure/latency_model.hpp"
#include "oneproxy/measure/recorded.hpp"
#include "oneproxy/pipeline/front.hpp"
#include "oneproxy/pipeline/measure_missing.hpp"
#include "oneproxy/pipeline/posterior_fit.hpp"
#include "oneproxy/predict/accuracy.hpp"
#include "oneproxy/predict/flops.hpp"
#include "oneproxy/search/exhaustive.hpp"
#include "oneproxy/search/pareto.hpp"
#include "oneproxy/search/scaling.hpp"

namespace oneproxy {
namespace {

// Streams of the run's seed, so that one step's draws do not shift another's.
enum Stream : std::uint64_t { kCandidates, kSamples, kRepeat, kValidation, kSearch };

std::vector<double> as_double(const std::vector<float>& values) { return {values.begin(), values.end()}; }

class Run {
 public:
  Run(const SpacePtr& space, Device& target, const std::vector<Proxy>& proxies, const Predictor& accuracy,
      const RunOptions& options, Store& store, std::int64_t run, const ProgressCallback& progress)
      : space_(space),
        target_(target),
        proxies_(proxies),
        accuracy_(accuracy),
        options_(options),
        store_(store),
        run_(run),
        progress_(progress),
        root_(options.seed) {}

  RunResult operator()() {
    result_.space = space_;
    result_.target = target_.description();
    result_.method = to_string(options_.method);
    result_.seed = options_.seed;
    result_.facts = target_.facts();
    step("samples", [&] { measure_samples(); });
    step("adaptation", [&] { choose_predictor(); });
    step("repeatability", [&] { measure_repeatability(); });
    Front proposed;
    step("search", [&] { proposed = search(); });
    step("front", [&] { measure_front(proposed); });
    for (const double limit_ms : options_.limits_ms) step("limits", [&] { answer_limit(limit_ms); });
    finish_front();
    return std::move(result_);
  }

 private:
  template <class Action>
  void step(const std::string& name, Action&& action) {
    const auto start = std::chrono::steady_clock::now();
    action();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    auto& all = result_.seconds;
    const auto known = std::ranges::find(all, name, &std::pair<std::string, double>::first);
    if (known == all.end())
      all.emplace_back(name, seconds);
    else
      known->second += seconds;
  }

  std::vector<Measurement> measure(std::span<const Architecture> xs, const char* role, const char* doing) {
    return measure_missing(target_, *space_, xs, options_.protocol, store_, run_, role, doing, progress_);
  }

  /// The networks that samples are chosen from, and, where the target or the accuracies are a table, the only ones
  /// that can be found.
  void make_candidates() {
    const ArchTable* recorded = recorded_table(target_, *space_);
    const std::vector<Architecture>* rated = accuracy_architectures(accuracy_);
    recorded_ = recorded != nullptr;
    if (recorded_) {
      candidates_ = recorded->architectures;
    } else if (rated != nullptr) {
      candidates_ = *rated;
    } else {
      Rng rng = root_.stream(kCandidates);
      candidates_ = space_->sample_distinct(options_.candidate_count, rng);
    }
    finite_ = options_.exhaustive || recorded_ || rated != nullptr;
    if (finite_) searchable_ = candidates_;
    if (recorded_ && rated != nullptr) {
      const std::unordered_set<Architecture> known(rated->begin(), rated->end());
      std::erase_if(searchable_, [&](const Architecture& x) { return !known.contains(x); });
      if (searchable_.empty()) {
        throw InputError(target_.description(), "holds none of the architectures whose accuracies are known");
      }
    }
    if (candidates_.size() < options_.sample_count) {
      throw InputError(target_.description(), std::to_string(options_.sample_count) +
                                                  " samples were asked for, but only " +
                                                  std::to_string(candidates_.size()) + " networks are known");
    }
  }

  /// Measures `count` more samples, chosen by the first proxy's latency.
  void measure_samples() {
    make_candidates();
    const std::size_t count = options_.method == Method::target
                                  ? std::min(options_.target_sample_count, candidates_.size())
                                  : options_.sample_count;
    add_samples(count);
    choose_proxy();
  }

  void add_samples(std::size_t count) {
    const auto latency = as_double((*proxies_.front().predictor)(candidates_));
    Rng rng = root_.stream(kSamples).stream(taken_.size());
    const auto chosen = choose_samples(latency, count, options_.sampling, taken_, rng);
    std::vector<Architecture> xs;
    for (const std::size_t i : chosen) xs.push_back(candidates_[i]);
    const auto measured = measure(xs, "sample", "measuring samples");
    taken_.insert(taken_.end(), chosen.begin(), chosen.end());
    sampled_.insert(sampled_.end(), xs.begin(), xs.end());
    for (const auto& m : measured) {
      latency_ms_.push_back(m.median_ms);
      result_.samples.push_back({.measured = m});
    }
  }

  /// Section 5.3.1: of several proxies the one that ranks the samples most as the target does.
  void choose_proxy() {
    Eigen::MatrixXd predicted(static_cast<Eigen::Index>(sampled_.size()), static_cast<Eigen::Index>(proxies_.size()));
    for (std::size_t p = 0; p < proxies_.size(); ++p) {
      const auto values = (*proxies_[p].predictor)(sampled_);
      for (std::size_t i = 0; i < values.size(); ++i) {
        predicted(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(p)) = values[i];
      }
    }
    const Eigen::Map<const Eigen::MatrixXd> measured(latency_ms_.data(), predicted.rows(), 1);
    proxy_ = &proxies_[select_proxy(predicted, measured, options_.threshold).proxy];
    result_.proxy = proxy_->name;
  }

  void judge_proxy() {
    result_.before = estimate_srcc(as_double((*proxy_->predictor)(sampled_)), latency_ms_);
    const auto decision = decide_monotonicity(result_.before, options_.decision, options_.threshold);
    result_.decision = to_string(decision.answer);
    result_.why = decision.why;
    monotone_ = decision.answer == Monotonicity::monotone;
  }

  void choose_predictor() {
    judge_proxy();
    switch (options_.method) {
      case Method::adapt:
        result_.after = result_.before;
        if (!monotone_) fit_with_batches();
        break;
      case Method::posterior:
        fit_with_batches();
        break;
      case Method::target: {
        predictor_ = std::make_shared<LinearPredictor>(
            fit_linear(space_, sampled_, latency_ms_, {.seed = options_.seed, .device = result_.target}));
        break;
      }
      case Method::flops:
        flops_ = std::make_shared<FlopsPredictor>(space_);
        break;
      case Method::proxy:
      case Method::scaling:
        break;
    }
    calibrate();
  }

  void fit_to_samples() {
    const std::uint64_t seed = root_.stream(kValidation).next();
    if (options_.method == Method::posterior) {
      if (!posterior_) {
        std::vector<std::shared_ptr<const LinearPredictor>> known;
        for (const auto& proxy : proxies_) known.push_back(proxy.predictor);
        posterior_ = std::make_unique<PosteriorMethod>(space_, candidates_, known, seed);
      }
      PosteriorFit fit = posterior_->fit(taken_, latency_ms_);
      result_.after = fit.srcc;
      predictor_ = std::make_shared<LinearPredictor>(std::move(fit.predictor));
      return;
    }
    AdaptationOptions options = options_.adaptation;
    options.seed = seed;
    AdaptedProxy adapted = adapt(*proxy_->predictor, sampled_, latency_ms_, options);
    result_.after = cross_validated_srcc(*proxy_->predictor, sampled_, latency_ms_, options);
    result_.lambda = adapted.lambda;
    predictor_ = std::make_shared<LinearPredictor>(std::move(adapted.predictor));
  }

  /// Adapts to the samples, with further batches of them while the SRCC stays below the threshold.
  void fit_with_batches() {
    for (;;) {
      fit_to_samples();
      const std::size_t room = std::min(options_.max_sample_count, candidates_.size());
      if (result_.after->srcc >= options_.threshold || sampled_.size() >= room) break;
      add_samples(std::min(options_.batch_count, room - sampled_.size()));
      judge_proxy();
    }
    std::ostringstream why;
    why << result_.why
        << (options_.method == Method::adapt ? " The proxy was adapted with " : " The posterior was fitted to ")
        << sampled_.size() << " samples; its SRCC is now " << std::round(1000 * result_.after->srcc) / 1000;
    if (result_.after->srcc < options_.threshold) why << ", still below " << options_.threshold;
    result_.why = why.str() + ".";
  }

  /// The line through the samples that turns predictions into the target's milliseconds. It keeps the ranking.
  void calibrate() {
    const auto raw = as_double(predict_raw(sampled_));
    line_ = fit_line(raw, latency_ms_);
    const auto proxy_ms = (*proxy_->predictor)(sampled_);
    for (std::size_t i = 0; i < sampled_.size(); ++i) {
      result_.samples[i].proxy_ms = proxy_ms[i];
      result_.samples[i].predicted_ms = line_(raw[i]);
    }
  }

  const Predictor& raw_predictor() const {
    if (flops_) return *flops_;
    return predictor_ ? static_cast<const Predictor&>(*predictor_) : *proxy_->predictor;
  }
  std::vector<float> predict_raw(std::span<const Architecture> xs) const { return raw_predictor()(xs); }

  void measure_repeatability() {
    if (options_.repeat_count == 0 || recorded_ || latency_model(target_) != nullptr) return;  // they repeat themselves
    std::vector<std::size_t> order(sampled_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Rng rng = root_.stream(kRepeat);
    rng.shuffle(std::span(order));
    order.resize(std::min(order.size(), options_.repeat_count));
    std::vector<Architecture> xs;
    std::vector<double> first;
    std::vector<double> again;
    for (const std::size_t i : order) {
      xs.push_back(sampled_[i]);
      first.push_back(latency_ms_[i]);
    }
    for (const auto& m : measure(xs, "repeat", "measuring again")) again.push_back(m.median_ms);
    result_.repeatability_srcc = srcc(first, again);
  }

  SearchProblem problem() const { return {*space_, raw_predictor(), accuracy_}; }

  EvolutionOptions evolution() const {
    EvolutionOptions options = options_.evolution;
    options.seed = root_.stream(kSearch).next();
    options.threads = options_.threads;
    return options;
  }

  Front search() {
    if (finite_) return finite_front_ = search_exhaustive(problem(), searchable_, progress_);
    const Front front = search_front(problem(), evolution(), progress_);
    if (options_.method != Method::scaling) return front;
    // The paper scales one architecture of the proxy's front; the one in its middle leaves room both ways.
    return search_exhaustive(problem(), scale_depth(*space_, front[front.size() / 2].architecture), progress_);
  }

  FrontNetwork proposal(const Candidate& candidate, const Measurement& measured) const {
    return {.predicted_accuracy = candidate.accuracy,
            .accuracy = {},
            .predicted_latency_ms = line_(candidate.latency_ms),
            .measured = measured,
            .onnx = {}};
  }

  void measure_front(const Front& proposed) {
    const Front chosen = spread_over_front(proposed, options_.front_count);
    std::vector<Architecture> xs;
    for (const auto& candidate : chosen) xs.push_back(candidate.architecture);
    const auto measured = measure(xs, "front", "measuring the front");
    for (std::size_t i = 0; i < chosen.size(); ++i) proposed_.push_back(proposal(chosen[i], measured[i]));
  }

  bool meets(const FrontNetwork& network, double limit_ms) const { return network.measured.median_ms <= limit_ms; }

  /// Section 5.5: a limit is searched for by itself. Where the network found misses it as measured, the next search
  /// aims lower by as much as it missed.
  void answer_limit(double limit_ms) {
    LimitAnswer answer{.limit_ms = limit_ms, .network = {}, .why_not = {}};
    double aim_ms = limit_ms;
    for (int attempt = 0; attempt < 3; ++attempt) {
      const double smallest_ms = line_(smallest_predicted());
      if (aim_ms < smallest_ms) {
        std::ostringstream why;
        why.precision(4);
        why << "no network is predicted to meet it; the smallest predicted latency is " << smallest_ms << " ms";
        answer.why_not = why.str();
        break;
      }
      const Candidate found = best_for(line_.inverse(aim_ms));
      const auto measured = measure({&found.architecture, 1}, "front", "measuring for the limit").front();
      const auto same = [&](const FrontNetwork& n) { return n.measured.architecture == found.architecture; };
      if (std::ranges::none_of(proposed_, same)) proposed_.push_back(proposal(found, measured));
      if (measured.median_ms <= limit_ms) break;
      aim_ms *= limit_ms / measured.median_ms;
    }
    result_.limits.push_back(std::move(answer));
  }

  EvolutionarySearch& limit_search() {
    if (!limit_search_) limit_search_ = std::make_unique<EvolutionarySearch>(problem(), evolution(), progress_);
    return *limit_search_;
  }

  double smallest_predicted() {
    return finite_ ? finite_front_.front().latency_ms : limit_search().minimum().latency_ms;
  }

  /// Eqns. (1) and (2), in the units of the search's predictor. Precondition: limit >= smallest_predicted().
  Candidate best_for(double limit) {
    return finite_ ? *oneproxy::best_within(finite_front_, limit) : limit_search().maximise_accuracy(limit);
  }

  /// Line 11 of Algorithm 1: what is dominated as measured goes.
  void finish_front() {
    std::vector<double> latency;
    std::vector<double> accuracy;
    for (const auto& n : proposed_) {
      latency.push_back(n.measured.median_ms);
      accuracy.push_back(n.predicted_accuracy);
    }
    const auto kept = remove_dominated(latency, accuracy, options_.accuracy_tolerance);
    const std::unordered_set<std::size_t> keep(kept.begin(), kept.end());
    for (const std::size_t i : kept) result_.front.push_back(proposed_[i]);
    for (std::size_t i = 0; i < proposed_.size(); ++i) {
      if (!keep.contains(i)) result_.removed.push_back(proposed_[i]);
    }
    for (auto& limit : result_.limits) {
      for (std::size_t i = 0; i < result_.front.size(); ++i) {
        if (meets(result_.front[i], limit.limit_ms)) limit.network = i;  // the last one is the most accurate
      }
      if (limit.network)
        limit.why_not.clear();
      else if (limit.why_not.empty())
        limit.why_not = "no network that was measured meets it";
    }
  }

  const SpacePtr& space_;
  Device& target_;
  const std::vector<Proxy>& proxies_;
  const Predictor& accuracy_;
  const RunOptions& options_;
  Store& store_;
  std::int64_t run_;
  const ProgressCallback& progress_;
  Rng root_;

  std::vector<Architecture> candidates_;
  std::vector<std::size_t> taken_;  // indices in candidates_
  std::vector<Architecture> sampled_;
  std::vector<double> latency_ms_;
  const Proxy* proxy_ = nullptr;
  bool monotone_ = false;
  bool recorded_ = false;  // the target replays a table
  bool finite_ = false;    // only searchable_ can be found
  std::vector<Architecture> searchable_;
  Front finite_front_;
  std::shared_ptr<const LinearPredictor> predictor_;  // adapted or the target's own; null: the proxy's
  std::shared_ptr<const Predictor> flops_;
  std::unique_ptr<PosteriorMethod> posterior_;
  Line line_;
  std::unique_ptr<EvolutionarySearch> limit_search_;
  std::vector<FrontNetwork> proposed_;
  RunResult result_;
};

}  // namespace

RunResult run_algorithm1(const SpacePtr& space, Device& target, const std::vector<Proxy>& proxies,
                         const Predictor& accuracy, const RunOptions& options, Store& store, std::int64_t run,
                         const ProgressCallback& progress) {
  return Run(space, target, proxies, accuracy, options, store, run, progress)();
}

}  // namespace oneproxy
