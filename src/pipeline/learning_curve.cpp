#include "oneproxy/pipeline/learning_curve.hpp"

#include <algorithm>
#include <cmath>

#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;
using Column = std::vector<double>;

std::size_t batch_after(std::size_t samples) { return std::max<std::size_t>(1, samples / 5); }

/// Truth, and the judgement by it. Rows that the target cannot run are no part of it.
class Judge {
 public:
  Judge(Column latency_ms, const Column& accuracy) : latency_ms_(std::move(latency_ms)), accuracy_(accuracy) {
    for (std::size_t row = 0; row < latency_ms_.size(); ++row) {
      if (!std::isnan(latency_ms_[row])) rows_.push_back(row);
    }
    if (accuracy_.empty()) return;
    slowest_ms_ = std::ranges::max(at(latency_ms_, rows_));
    least_ = std::ranges::min(at(accuracy_, rows_));
    const Column all = at(latency_ms_, rows_);
    oracle_ = hypervolume(all, at(accuracy_, rows_), slowest_ms_, least_);
  }

  double srcc_of(const Eigen::VectorXd& predicted, const std::vector<bool>& sampled) const {
    Column a;
    Column b;
    for (const std::size_t row : rows_) {
      if (sampled[row]) continue;
      a.push_back(predicted(static_cast<Index>(row)));
      b.push_back(latency_ms_[row]);
    }
    const double result = srcc(a, b);
    return std::isnan(result) ? 0 : result;
  }

  /// 0 without accuracies.
  double front_of(const Eigen::VectorXd& predicted) const {
    if (accuracy_.empty()) return 0;
    Column by_prediction;
    for (const std::size_t row : rows_) by_prediction.push_back(predicted(static_cast<Index>(row)));
    const Column accuracy = at(accuracy_, rows_);
    std::vector<std::size_t> found;
    for (const std::size_t i : pareto_front(by_prediction, accuracy)) found.push_back(rows_[i]);
    return hypervolume(at(latency_ms_, found), at(accuracy_, found), slowest_ms_, least_) / oracle_;
  }

  /// Counts limits for which a network is found, and those that it meets.
  void count_limits(const Eigen::VectorXd& surely_below_ms, std::size_t& found, std::size_t& met) const {
    Column sorted = at(latency_ms_, rows_);
    std::ranges::sort(sorted);
    for (std::size_t tenth = 1; tenth < 10; ++tenth) {
      const double limit_ms = sorted[tenth * sorted.size() / 10];
      const std::size_t none = latency_ms_.size();
      std::size_t best = none;
      for (const std::size_t row : rows_) {
        if (surely_below_ms(static_cast<Index>(row)) > limit_ms) continue;
        if (best == none || accuracy_[row] > accuracy_[best]) best = row;
      }
      if (best == none) continue;
      ++found;
      if (latency_ms_[best] <= limit_ms) ++met;
    }
  }

 private:
  static Column at(const Column& values, const std::vector<std::size_t>& rows) {
    Column result;
    for (const std::size_t row : rows) result.push_back(values[row]);
    return result;
  }

  Column latency_ms_;
  const Column& accuracy_;
  std::vector<std::size_t> rows_;
  double slowest_ms_ = 0;
  double least_ = 0;
  double oracle_ = 1;
};

/// One repetition for one target.
class Repetition {
 public:
  Repetition(const FewShotStudy& study, const CurveOptions& options, const Judge& judge,
             const FewShotStudy::Measure& measure, std::uint64_t repeat)
      : study_(study),
        options_(options),
        judge_(judge),
        measure_(measure),
        rng_(Rng(options.evaluate.seed).stream(repeat).stream(2)),
        samples_(study.measure_first(measure, repeat)),
        sampled_(static_cast<std::size_t>(study.prior().features.rows()), false) {
    for (const std::size_t row : samples_.tried) sampled_[row] = true;
  }

  void run(TargetCurve& curve, std::size_t& limits_found, std::size_t& limits_met) {
    const double share = 1 / static_cast<double>(options_.evaluate.repeat_count);
    bool stopped = false;
    for (std::size_t place = 0;; ++place) {
      const FewShotPosterior posterior(study_.prior(), samples_.rows, samples_.latency_ms);
      const Eigen::VectorXd median = posterior.predict_median();
      const CurvePoint point{samples_.rows.size(), judge_.srcc_of(median, sampled_), judge_.front_of(median)};
      if (curve.points.size() == place) curve.points.push_back({point.samples, 0, 0});
      curve.points[place].srcc += share * point.srcc;
      curve.points[place].front += share * point.front;
      const std::size_t count = std::min(batch_after(point.samples), options_.most_samples - point.samples);
      const NextBatch next = choose(posterior, count);
      const bool for_front = options_.following == Following::front;
      const bool last = count == 0 || next.rows.empty();
      if (!stopped && (last || enough(next, for_front ? options_.wanted_front : options_.wanted_srcc))) {
        stopped = true;
        curve.stop_samples += share * static_cast<double>(point.samples);
        curve.stop_srcc += share * point.srcc;
        curve.stop_front += share * point.front;
      }
      if (last) {
        // Ranks alone say nothing of a limit.
        const bool has_latencies = posterior.scale() != LatencyScale::rank;
        if (has_latencies && !options_.accuracy.empty()) {
          judge_.count_limits(posterior.predict().measured_quantile(options_.confidence), limits_found, limits_met);
        }
        return;
      }
      for (const std::size_t row : next.rows) add(row);
      // Others in place of those that it cannot run, so that all repetitions have the same points.
      while (samples_.rows.size() < point.samples + count) {
        const NextBatch others = choose(posterior, point.samples + count - samples_.rows.size());
        if (others.rows.empty()) break;
        for (const std::size_t row : others.rows) add(row);
      }
    }
  }

 private:
  NextBatch choose(const FewShotPosterior& posterior, std::size_t count) {
    std::vector<std::size_t> left;
    for (std::size_t row = 0; row < sampled_.size(); ++row) {
      if (!sampled_[row]) left.push_back(row);
    }
    count = std::min(count, left.size());
    if (options_.following == Following::front) {
      return select_for_front(posterior, study_.prior(), options_.accuracy, left, count, rng_);
    }
    if (options_.following == Following::ranking) {
      return select_for_ranking(posterior, study_.prior(), left, count, rng_);
    }
    // Random batches are a baseline that does not stop by itself.
    return {.rows = select_first(study_.prior(), left, count, Selection::random, rng_), .expected_after = 1};
  }

  void add(std::size_t row) {
    sampled_[row] = true;
    const double value = measure_(row);
    if (std::isnan(value)) return;
    samples_.rows.push_back(row);
    samples_.latency_ms.push_back(value);
  }

  const FewShotStudy& study_;
  const CurveOptions& options_;
  const Judge& judge_;
  const FewShotStudy::Measure& measure_;
  Rng rng_;
  FirstSamples samples_;
  std::vector<bool> sampled_;
};

}  // namespace

std::optional<std::size_t> TargetCurve::needed(double CurvePoint::*what, double wanted) const {
  std::optional<std::size_t> result;
  for (const CurvePoint& point : points) {
    if (point.*what < wanted) result.reset();
    if (point.*what >= wanted && !result) result = point.samples;
  }
  return result;
}

std::vector<TargetCurve> learning_curves(const SpacePtr& space, const ArchTable& table, const CurveOptions& options,
                                         const ProgressCallback& progress) {
  const EvaluateOptions& evaluate = options.evaluate;
  if (evaluate.method != FewShotMethod::posterior) throw InputError("method", "expected posterior for learning curves");
  if (options.following == Following::front && options.accuracy.empty()) {
    throw InputError("choosing samples for the front", "needs the accuracies of the networks");
  }
  if (options.most_samples < evaluate.sample_count || options.most_samples >= table.architectures.size()) {
    throw InputError("most samples", "expected at least the " + std::to_string(evaluate.sample_count) +
                                         " first ones, and fewer than the " +
                                         std::to_string(table.architectures.size()) + " architectures");
  }
  const FewShotStudy study(space, table, evaluate);
  std::vector<TargetCurve> curves;
  for (const std::string& target : evaluate.targets) {
    const std::size_t column = table.column(target);
    const auto measure = [&](std::size_t row) { return study.latency_ms(row, column); };
    Column latency_ms;
    for (std::size_t row = 0; row < table.architectures.size(); ++row) latency_ms.push_back(measure(row));
    const Judge judge(std::move(latency_ms), options.accuracy);
    TargetCurve curve;
    curve.target = target;
    std::size_t limits_found = 0;
    std::size_t limits_met = 0;
    for (std::size_t repeat = 0; repeat < evaluate.repeat_count; ++repeat) {
      report(progress, {"evaluating", curves.size() * evaluate.repeat_count + repeat,
                        evaluate.targets.size() * evaluate.repeat_count});
      Repetition(study, options, judge, measure, repeat).run(curve, limits_found, limits_met);
    }
    if (limits_found > 0) curve.met_limits = static_cast<double>(limits_met) / static_cast<double>(limits_found);
    curves.push_back(std::move(curve));
  }
  return curves;
}

}  // namespace oneproxy
