#include "oneproxy/pipeline/run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <sstream>
#include <unordered_set>

#include "candidate_pool.hpp"
#include "learn_front.hpp"
#include "limit_search.hpp"
#include "metric_models.hpp"
#include "nearest_proxy.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/latency_model.hpp"
#include "oneproxy/measure/repeatability.hpp"
#include "oneproxy/pipeline/front.hpp"
#include "oneproxy/pipeline/target_posterior.hpp"
#include "oneproxy/predict/flops.hpp"
#include "oneproxy/search/exhaustive.hpp"
#include "oneproxy/search/pareto.hpp"
#include "oneproxy/search/scaling.hpp"
#include "timed_measuring.hpp"

namespace oneproxy {
namespace {

// Streams of the run's seed, so that one step's draws do not shift another's.
enum Stream : std::uint64_t { kCandidates, kSamples, kRepeat, kValidation, kSearch, kFrontSamples, kEvidence, kGraded };

// Measured however little time there is: what the SRCC and the fits need, and the two ends of a front.
constexpr std::size_t kFewestSamples = 6;
constexpr std::size_t kFewestOfFront = 2;

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
        progress_(progress),
        measuring_(target, *space, options, store, run, progress),
        metrics_(*space, options, store, run, progress),
        root_(options.seed) {}

  RunResult operator()() {
    result_.space = space_;
    result_.target = target_.description();
    result_.method = to_string(options_.method);
    result_.seed = options_.seed;
    for (const Metric& metric : options_.metrics) result_.metrics.push_back(metric.name);
    result_.facts = target_.facts();
    step("samples", [&] { measure_samples(); });
    step("adaptation", [&] { choose_predictor(); });
    step("repeatability", [&] { measure_repeatability(); });
    Front proposed;
    step("search", [&] { proposed = search(); });
    step("front", [&] { measure_front(proposed); });
    for (const double limit_ms : options_.limits_ms) step("limits", [&] { answer_limit(limit_ms); });
    finish_front();
    if (options_.evidence) step("evidence", [&] { gather_evidence(proposed); });
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

  /// Measures the first samples, chosen by the first proxy's latency.
  void measure_samples() {
    Rng rng = root_.stream(kCandidates);
    CandidatePool pool = make_candidate_pool(*space_, target_, accuracy_, options_, rng);
    candidates_ = std::move(pool.candidates);
    searchable_ = std::move(pool.searchable);
    recorded_ = pool.recorded;
    finite_ = pool.finite;
    // What cannot be found is no part of the front, which the posterior's samples serve.
    if (finite_ && options_.method == Method::posterior) candidates_ = searchable_;
    add_samples(options_.method == Method::target      ? std::min(options_.target_sample_count, candidates_.size())
                : options_.method == Method::posterior ? std::min(options_.first_sample_count, options_.sample_count)
                                                       : options_.sample_count);
    choose_proxy();
  }

  void add_samples(std::size_t count) {
    const auto latency = as_double((*proxies_.front().predictor)(candidates_));
    Rng rng = root_.stream(kSamples).stream(measured_.rows.size());
    measure_candidates(choose_samples(latency, count, options_.sampling, measured_.rows, rng));
  }

  void measure_candidates(std::vector<std::size_t> chosen) {
    std::vector<Architecture> xs;
    xs.reserve(chosen.size());
    for (const std::size_t i : chosen) xs.push_back(candidates_[i]);
    const std::size_t least = kFewestSamples - std::min(kFewestSamples, measured_.rows.size());
    const auto measured = measuring_.until(samples_end, least, xs, "sample", "measuring samples");
    chosen.resize(measured.size());
    xs.resize(measured.size());
    measured_.rows.insert(measured_.rows.end(), chosen.begin(), chosen.end());
    sampled_.insert(sampled_.end(), xs.begin(), xs.end());
    for (const auto& m : measured) {
      measured_.latency_ms.push_back(m.median_ms);
      result_.samples.push_back({.measured = m});
    }
  }

  void choose_proxy() {
    proxy_ = &nearest_proxy(proxies_, sampled_, measured_.latency_ms, options_.threshold);
    result_.proxy = proxy_->name;
  }

  /// The samples by which rankings are judged: those spread over the space, without those that serve the front.
  std::size_t judged_count() const {
    return options_.method == Method::posterior ? std::min(options_.first_sample_count, sampled_.size())
                                                : sampled_.size();
  }

  void judge_proxy() {
    const std::vector<double> predicted = as_double((*proxy_->predictor)(sampled_));
    const std::span<const double> measured(measured_.latency_ms);
    result_.before = estimate_srcc(std::span(predicted).first(judged_count()), measured.first(judged_count()));
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
        learn_front();
        break;
      case Method::target: {
        predictor_ = std::make_shared<LinearPredictor>(
            fit_linear(space_, sampled_, measured_.latency_ms, {.seed = options_.seed, .device = result_.target}));
        break;
      }
      case Method::flops:
        predictor_ = std::make_shared<FlopsPredictor>(space_);
        break;
      case Method::proxy:
      case Method::scaling:
        break;
    }
    calibrate();
  }

  void fit_to_samples() {
    AdaptationOptions options = options_.adaptation;
    options.seed = root_.stream(kValidation).next();
    AdaptedProxy adapted = adapt(*proxy_->predictor, sampled_, measured_.latency_ms, options);
    result_.after = cross_validated_srcc(*proxy_->predictor, sampled_, measured_.latency_ms, options);
    result_.lambda = adapted.lambda;
    predictor_ = std::make_shared<LinearPredictor>(std::move(adapted.predictor));
  }

  /// Adapts to the samples, with further batches of them while the SRCC stays below the threshold.
  void fit_with_batches() {
    for (;;) {
      fit_to_samples();
      const std::size_t room = std::min(options_.max_sample_count, candidates_.size());
      if (result_.after->srcc >= options_.threshold || sampled_.size() >= room || measuring_.is_spent(samples_end))
        break;
      add_samples(std::min(options_.batch_count, room - sampled_.size()));
      judge_proxy();
    }
    std::ostringstream why;
    why << result_.why << ". The proxy was adapted with " << sampled_.size() << " samples; its SRCC is now "
        << std::round(1000 * result_.after->srcc) / 1000;
    if (result_.after->srcc < options_.threshold) why << ", still below " << options_.threshold;
    result_.why = why.str() + ".";
  }

  /// Fits the posterior, with further samples that serve the front best while enough is expected of them.
  void learn_front() {
    if (!finite_) {
      Rng rng = root_.stream(kGraded);
      add_graded(*space_, options_.candidate_count / 2, rng, candidates_);
    }
    const std::uint64_t seed = root_.stream(kValidation).next();
    std::vector<std::shared_ptr<const LinearPredictor>> known;
    for (const auto& proxy : proxies_) known.push_back(proxy.predictor);
    const auto prior = std::make_shared<SpacePrior>(space_, candidates_, known, seed);
    const auto measure = [&](const std::vector<std::size_t>& rows) {
      if (!measuring_.is_spent(samples_end)) measure_candidates(rows);
    };
    const LearntFront learnt = oneproxy::learn_front(prior, as_double(accuracy_(candidates_)), options_, measured_,
                                                     measure, root_.stream(kFrontSamples));
    posterior_ = learnt.posterior;
    result_.expected_front = learnt.expected_front;
    metrics_.learn(prior, measured_.rows, sampled_);
    predictor_ = posterior_;
    result_.after = cross_validated_srcc(prior->prior(), measured_.rows, measured_.latency_ms, judged_count(), seed);
    judge_proxy();
    std::ostringstream why;
    why << result_.why << ". The posterior was fitted to " << sampled_.size() << " samples; its SRCC is now "
        << std::round(1000 * result_.after->srcc) / 1000 << ", and it expects to find "
        << std::round(1000 * *result_.expected_front) / 10 << "% of the front's hypervolume.";
    result_.why = why.str();
  }

  /// The line through the samples that turns predictions into the target's milliseconds. It keeps the ranking.
  void calibrate() {
    const auto raw = as_double(raw_predictor()(sampled_));
    if (!posterior_) line_ = fit_line(raw, measured_.latency_ms);  // the posterior's are the target's already
    const auto proxy_ms = (*proxy_->predictor)(sampled_);
    for (std::size_t i = 0; i < sampled_.size(); ++i) {
      result_.samples[i].proxy_ms = proxy_ms[i];
      result_.samples[i].predicted_ms = line_(raw[i]);
    }
  }

  const Predictor& raw_predictor() const {
    return predictor_ ? *predictor_ : static_cast<const Predictor&>(*proxy_->predictor);
  }

  void measure_repeatability() {
    if (options_.repeat_count == 0 || recorded_ || latency_model(target_) != nullptr) return;  // they repeat themselves
    std::vector<std::size_t> order(sampled_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Rng rng = root_.stream(kRepeat);
    rng.shuffle(std::span(order));
    order.resize(std::min(order.size(), options_.repeat_count));
    std::vector<Architecture> xs;
    xs.reserve(order.size());
    for (const std::size_t i : order) xs.push_back(sampled_[i]);
    const auto measured = measuring_.until(repeats_end, 0, xs, "repeat", "measuring again");
    if (measured.empty()) return;
    for (std::size_t i = 0; i < measured.size(); ++i) {
      repeats_.push_back({result_.samples[order[i]].measured, measured[i]});
    }
    result_.repeatability_srcc = repeatability(repeats_).srcc;
  }

  SearchProblem problem(const Predictor& latency) const { return {*space_, latency, accuracy_}; }
  SearchProblem problem() const { return problem(raw_predictor()); }

  EvolutionOptions evolution() const {
    EvolutionOptions options = options_.evolution;
    options.seed = root_.stream(kSearch).next();
    options.threads = options_.threads;
    return options;
  }

  Front search_by(const Predictor& latency) const {
    return finite_ ? search_exhaustive(problem(latency), searchable_, progress_)
                   : search_front(problem(latency), evolution(), progress_);
  }

  Front search() {
    if (!metrics_.empty()) return metrics_.search(raw_predictor(), accuracy_, searchable_, evolution());
    Front front = search_by(raw_predictor());
    if (finite_ || options_.method != Method::scaling) return front;
    // The paper scales one architecture of the proxy's front; the one in its middle leaves room both ways.
    return search_exhaustive(problem(), scale_depth(*space_, front[front.size() / 2].architecture), progress_);
  }

  FrontNetwork proposal(const Candidate& candidate, const Measurement& measured) {
    return {
        .predicted_accuracy = candidate.accuracy,
        .accuracy = {},
        .predicted_latency_ms = line_(raw_predictor()({&candidate.architecture, 1})[0]),
        .interval = posterior_ ? std::optional(posterior_->intervals({&candidate.architecture, 1})[0]) : std::nullopt,
        .measured = measured,
        .metrics = metrics_.measure(candidate.architecture),
        .onnx = {}};
  }

  void measure_front(const Front& proposed) {
    Front chosen = spread_over_front(proposed, options_.front_count);
    // The ends first, and then always into the largest gap, so that what time allows is spread over the front.
    if (measuring_.is_limited()) chosen = widest_first(chosen);
    std::vector<Architecture> xs;
    for (const auto& candidate : chosen) xs.push_back(candidate.architecture);
    const auto measured = measuring_.until(front_end, kFewestOfFront, xs, "front", "measuring the front");
    for (std::size_t i = 0; i < measured.size(); ++i) proposed_.push_back(proposal(chosen[i], measured[i]));
  }

  /// Section 5.5: a limit is searched for by itself. Where the network found misses it as measured, the next search
  /// aims lower by as much as it missed.
  void answer_limit(double limit_ms) {
    LimitAnswer answer;
    answer.limit_ms = limit_ms;
    double aim_ms = limit_ms;
    for (int attempt = 0; attempt < 3 && !measuring_.is_spent(limits_end); ++attempt) {
      const double smallest_ms = line_(limit_search().smallest());
      if (!(aim_ms >= smallest_ms)) {
        answer.why_not = why_no_network(smallest_ms, options_.confidence);
        break;
      }
      const Candidate found = limit_search().best_within(line_.inverse(aim_ms));
      const auto measured = measuring_.all({&found.architecture, 1}, "front", "measuring for the limit").front();
      const auto same = [&](const FrontNetwork& n) { return n.measured.architecture == found.architecture; };
      if (std::ranges::none_of(proposed_, same)) proposed_.push_back(proposal(found, measured));
      if (attempt == 0 && posterior_) {
        answer.promise = {posterior_->probability_below(found.architecture, limit_ms), measured.median_ms};
      }
      if (measured.median_ms <= limit_ms) break;
      aim_ms *= limit_ms / measured.median_ms;
    }
    result_.limits.push_back(std::move(answer));
  }

  /// By a latency below which a network stays with the confidence asked for, where one was.
  LimitSearch& limit_search() {
    if (limit_search_) return *limit_search_;
    if (options_.confidence) pessimistic_ = std::make_shared<QuantilePredictor>(posterior_, *options_.confidence);
    limit_search_ = std::make_unique<LimitSearch>(problem(pessimistic_ ? *pessimistic_ : raw_predictor()), searchable_,
                                                  evolution(), progress_);
    return *limit_search_;
  }

  /// Line 11 of Algorithm 1: what is dominated as measured goes.
  void finish_front() {
    const auto kept = metrics_.empty() ? non_dominated_as_measured(proposed_, options_.accuracy_tolerance)
                                       : non_dominated_as_measured(proposed_);
    const std::unordered_set<std::size_t> keep(kept.begin(), kept.end());
    for (const std::size_t i : kept) result_.front.push_back(proposed_[i]);
    for (std::size_t i = 0; i < proposed_.size(); ++i) {
      if (!keep.contains(i)) result_.removed.push_back(proposed_[i]);
    }
    name_networks(result_.limits, result_.front);
  }

  void gather_evidence(const Front& proposed) {
    std::optional<AdaptationOptions> adaptation;
    if (options_.method == Method::adapt && predictor_) adaptation = options_.adaptation;
    Evidence& evidence = result_.evidence.emplace(oneproxy::gather_evidence(result_, target_, *proxy_, proxies_,
                                                                            sampled_, measured_.latency_ms, adaptation,
                                                                            root_.stream(kEvidence).next()));
    evidence.predicted = in_target_ms(proposed, line_);
    evidence.repeats = std::move(repeats_);
    if (!predictor_) return;
    const auto proxy_ms = as_double((*proxy_->predictor)(sampled_));
    evidence.proxy_only = in_target_ms(search_by(*proxy_->predictor), fit_line(proxy_ms, measured_.latency_ms));
  }

  const SpacePtr& space_;
  Device& target_;
  const std::vector<Proxy>& proxies_;
  const Predictor& accuracy_;
  const RunOptions& options_;
  const ProgressCallback& progress_;
  TimedMeasuring measuring_;
  MetricModels metrics_;
  Rng root_;

  std::vector<Architecture> candidates_;
  MeasuredRows measured_;  // indices in candidates_
  std::vector<Architecture> sampled_;
  const Proxy* proxy_ = nullptr;
  bool monotone_ = false;
  bool recorded_ = false;  // the target replays a table
  bool finite_ = false;    // only searchable_ can be found
  std::vector<Architecture> searchable_;
  std::shared_ptr<const Predictor> predictor_;  // adapted, the posterior or the target's own; null: the proxy's
  std::shared_ptr<const TargetPosterior> posterior_;
  std::shared_ptr<const Predictor> pessimistic_;
  Line line_;
  std::unique_ptr<LimitSearch> limit_search_;
  std::vector<FrontNetwork> proposed_;
  std::vector<RepeatedMeasurement> repeats_;
  RunResult result_;
};

}  // namespace

RunResult run_algorithm1(const SpacePtr& space, Device& target, const std::vector<Proxy>& proxies,
                         const Predictor& accuracy, const RunOptions& options, Store& store, std::int64_t run,
                         const ProgressCallback& progress) {
  if (options.method != Method::posterior && (options.confidence || !options.metrics.empty())) {
    throw InputError(options.confidence ? "confidence" : "metric",
                     "needs the method posterior: others predict latency alone");
  }
  return Run(space, target, proxies, accuracy, options, store, run, progress)();
}

}  // namespace oneproxy
