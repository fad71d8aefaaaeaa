#include <optional>

#include "convert.hpp"
#include "oneproxy/adapt/few_shot_prior.hpp"
#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/adapt/proxy_choice.hpp"
#include "oneproxy/adapt/sampling.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy::python {
namespace {

AdaptationOptions adaptation_options(const std::string& norm, bool intercept, const std::string& validation,
                                     std::uint64_t random_state) {
  AdaptationOptions options;
  if (norm != "l1" && norm != "l2") throw InputError("norm", "expected 'l1' or 'l2', got '" + norm + "'");
  if (validation != "folds" && validation != "split") {
    throw InputError("validation", "expected 'folds' or 'split', got '" + validation + "'");
  }
  options.norm = norm == "l1" ? AdaptationNorm::l1 : AdaptationNorm::l2;
  options.validation = validation == "split" ? LambdaValidation::split : LambdaValidation::folds;
  options.intercept = intercept;
  options.seed = random_state;
  return options;
}

/// The few-shot posterior with the conventions of scikit-learn.
class Posterior {
 public:
  Posterior(SpacePtr space, std::vector<std::shared_ptr<LinearPredictor>> proxies, std::vector<Architecture> candidates)
      : space_(std::move(space)), proxies_(std::move(proxies)), candidates_(std::move(candidates)) {}

  void fit(std::span<const Architecture> xs, std::span<const double> latency_ms) {
    // Samples and candidates stand for the space together: columns are standardised over both.
    std::vector<Architecture> all(xs.begin(), xs.end());
    all.insert(all.end(), candidates_.begin(), candidates_.end());
    posterior_.reset();
    prior_ = few_shot_prior(predicted(all), space_->few_shot_features(all), space_->few_shot_encoding(all));
    std::vector<std::size_t> rows(xs.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
    posterior_.emplace(prior_, rows, latency_ms);
  }

  LatencyBelief belief(std::span<const Architecture> xs) const {
    if (!posterior_) throw InputError("posterior", "expected fit() before predict()");
    return posterior_->predict(
        prior_.features_of(predicted(xs), space_->few_shot_features(xs), space_->few_shot_encoding(xs)));
  }

  double expected_srcc(std::uint64_t random_state) const {
    if (!posterior_) throw InputError("posterior", "expected fit() before expected_srcc()");
    Rng rng(random_state);
    return posterior_->expected_srcc(rng);
  }

  const SearchSpace& space() const { return *space_; }

 private:
  Eigen::MatrixXd predicted(std::span<const Architecture> xs) const {
    Eigen::MatrixXd result(static_cast<Eigen::Index>(xs.size()), static_cast<Eigen::Index>(proxies_.size()));
    for (std::size_t p = 0; p < proxies_.size(); ++p) {
      result.col(static_cast<Eigen::Index>(p)) = proxies_[p]->latency_ms(xs);
    }
    return result;
  }

  SpacePtr space_;
  std::vector<std::shared_ptr<LinearPredictor>> proxies_;
  std::vector<Architecture> candidates_;
  FewShotPrior prior_;
  std::optional<FewShotPosterior> posterior_;
};

}  // namespace

void bind_adaptation(py::module_& m) {
  py::class_<SrccEstimate>(m, "SrccEstimate")
      .def_readonly("srcc", &SrccEstimate::srcc)
      .def_readonly("low", &SrccEstimate::low)
      .def_readonly("high", &SrccEstimate::high)
      .def_readonly("sample_count", &SrccEstimate::sample_count)
      .def_readonly("confidence", &SrccEstimate::confidence)
      .def("__repr__", [](const SrccEstimate& e) {
        return py::str("SrccEstimate({:.4f}, {:.4f} to {:.4f}, {} samples)")
            .format(e.srcc, e.low, e.high, e.sample_count);
      });
  m.def(
      "estimate_srcc",
      [](const Doubles& a, const Doubles& b, double confidence) {
        if (!(confidence > 0 && confidence < 1)) throw InputError("confidence", "expected a number between 0 and 1");
        const auto x = values(a, "a");
        return estimate_srcc(x, values(b, "b", x.size()), confidence);
      },
      py::arg("a"), py::arg("b"), py::arg("confidence") = 0.95);
  m.def(
      "decide_monotonicity",
      [](const SrccEstimate& estimate, const std::string& rule, double threshold) {
        if (rule != "interval" && rule != "paper") throw InputError("rule", "expected 'interval' or 'paper'");
        const auto decision =
            decide_monotonicity(estimate, rule == "paper" ? DecisionRule::paper : DecisionRule::interval, threshold);
        return py::make_tuple(to_string(decision.answer), decision.why);
      },
      py::arg("estimate"), py::arg("rule") = "interval", py::arg("threshold") = 0.9);
  m.def(
      "choose_samples",
      [](const Doubles& proxy_latency, std::size_t count, const std::string& sampling, std::uint64_t random_state) {
        if (sampling != "stratified" && sampling != "random") {
          throw InputError("sampling", "expected 'stratified' or 'random', got '" + sampling + "'");
        }
        Rng rng(random_state);
        const auto chosen = choose_samples(values(proxy_latency, "proxy_latency"), count,
                                           sampling == "random" ? Sampling::random : Sampling::stratified, {}, rng);
        return py::array_t<std::int64_t>(py::cast(chosen));
      },
      py::arg("proxy_latency"), py::arg("count"), py::arg("sampling") = "stratified", py::arg("random_state") = 1);

  py::class_<AdaptedProxy>(m, "AdaptedProxy")
      .def_property_readonly("predictor",
                             [](const AdaptedProxy& a) { return std::make_shared<LinearPredictor>(a.predictor); })
      .def_readonly("alpha", &AdaptedProxy::alpha)
      .def_readonly("b", &AdaptedProxy::b)
      .def_readonly("intercept_ms", &AdaptedProxy::intercept_ms)
      .def_readonly("lambda_", &AdaptedProxy::lambda)
      .def_readonly("validation_srcc_before", &AdaptedProxy::validation_srcc_before)
      .def_readonly("validation_srcc_after", &AdaptedProxy::validation_srcc_after)
      .def(
          "predict",
          [](const AdaptedProxy& a, const py::object& xs) {
            const auto known = architectures(*a.predictor.space(), xs);
            const py::gil_scoped_release release;
            return a.predictor.latency_ms(known);
          },
          py::arg("xs"));
  m.def(
      "adapt",
      [](const LinearPredictor& proxy, const py::object& xs, const Doubles& latency_ms, const std::string& norm,
         bool intercept, const std::string& validation, std::uint64_t random_state) {
        const auto known = architectures(*proxy.space(), xs);
        const auto latency = latencies(latency_ms, known.size());
        const auto options = adaptation_options(norm, intercept, validation, random_state);
        const py::gil_scoped_release release;
        return adapt(proxy, known, latency, options);
      },
      py::arg("proxy").none(false), py::arg("xs"), py::arg("latency_ms"), py::arg("norm") = "l2",
      py::arg("intercept") = false, py::arg("validation") = "folds", py::arg("random_state") = 1);
  m.def(
      "select_proxy",
      [](const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& measured, double threshold) {
        if (predicted.rows() != measured.rows() || predicted.size() == 0 || measured.size() == 0) {
          throw InputError("select_proxy", "expected a row for each sample in both, and at least one column each");
        }
        const auto choice = select_proxy(predicted, measured, threshold);
        return py::make_tuple(choice.proxy, choice.srcc);
      },
      py::arg("predicted"), py::arg("measured"), py::arg("threshold") = 0.9);

  py::class_<Posterior>(m, "Posterior")
      .def(py::init([](const std::shared_ptr<SearchSpace>& space, std::vector<std::shared_ptr<LinearPredictor>> proxies,
                       std::size_t candidates, std::uint64_t random_state) {
             for (const auto& proxy : proxies) require_space(proxy, *space, "proxies");
             Rng rng(random_state);
             return std::make_unique<Posterior>(space, std::move(proxies), space->sample_distinct(candidates, rng));
           }),
           py::arg("space").none(false), py::arg("proxies") = std::vector<std::shared_ptr<LinearPredictor>>(),
           py::arg("candidates") = 2000, py::arg("random_state") = 1)
      .def(
          "fit",
          [](py::object self, const py::object& xs, const Doubles& latency_ms) {
            auto& posterior = self.cast<Posterior&>();
            const auto known = architectures(posterior.space(), xs);
            const auto latency = latencies(latency_ms, known.size());
            {
              const py::gil_scoped_release release;
              posterior.fit(known, latency);
            }
            return self;
          },
          py::arg("xs"), py::arg("latency_ms"))
      .def(
          "predict",
          [](const Posterior& posterior, const py::object& xs) {
            const auto known = architectures(posterior.space(), xs);
            const py::gil_scoped_release release;
            return posterior.belief(known).median();
          },
          py::arg("xs"))
      .def(
          "interval",
          [](const Posterior& posterior, const py::object& xs, double probability) {
            if (!(probability > 0 && probability < 1)) {
              throw InputError("probability", "expected a number between 0 and 1");
            }
            const auto belief = posterior.belief(architectures(posterior.space(), xs));
            if (belief.scale == LatencyScale::rank) {
              throw InputError("interval", "this posterior orders architectures and knows no latencies (scale rank)");
            }
            return std::make_pair(belief.measured_quantile(0.5 - probability / 2),
                                  belief.measured_quantile(0.5 + probability / 2));
          },
          py::arg("xs"), py::arg("probability") = 0.9)
      .def("expected_srcc", &Posterior::expected_srcc, py::arg("random_state") = 1,
           py::call_guard<py::gil_scoped_release>());
}

}  // namespace oneproxy::python
