// The tables of docs/design/adaptation.md: SRCC with the target, on architectures that were not sampled, of the proxy
// and of the adapted proxy. Each figure is a mean over targets and samplings.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "adapt/published_data.hpp"
#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/adapt/sampling.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

struct Variant {
  std::string name = {};
  AdaptationOptions options = {};
  bool cheapest_is_zero = false;  // the proxy's weights shifted so in each block, instead of the mean
};

struct Outcome {
  double before = 0;
  std::vector<double> after;   // by variant
  double estimated_after = 0;  // cross_validated_srcc() of the first variant
};

std::vector<double> values(const Eigen::VectorXd& vector) { return {vector.begin(), vector.end()}; }

// The same predictor by other weights: in each block the cheapest option is 0, and the constant takes up the
// difference.
LinearPredictor with_cheapest_at_zero(const LinearPredictor& proxy) {
  Eigen::VectorXd weights = proxy.weights_ms();
  Eigen::Index begin = 0;
  for (const Decision& decision : proxy.space()->decisions()) {
    auto block = weights.segment(begin, static_cast<Eigen::Index>(decision.options.size()));
    begin += block.size();
    weights(weights.size() - 1) += block.minCoeff();
    block.array() -= block.minCoeff();
  }
  return LinearPredictor(proxy.space(), std::move(weights));
}

// Targets to which the proxy is not monotone (SRCC below 0.9) and that have every latency.
Outcome adapt_everywhere(const published::LatencyTable& table, const std::string& proxy_device,
                         std::size_t sample_count, std::uint64_t repeats, const std::vector<Variant>& variants) {
  const LinearPredictor proxy = fit_linear(table.space, table.architectures, table.column(proxy_device));
  const LinearPredictor shifted = with_cheapest_at_zero(proxy);
  const std::vector<double> proxy_latency = values(proxy.latency_ms(table.architectures));
  Outcome outcome{.after = std::vector<double>(variants.size())};
  double count = 0;
  for (const std::string& device : table.devices) {
    const std::vector<double> latency = table.column(device);
    bool missing = false;
    for (const double value : latency) missing = missing || std::isnan(value);
    if (device == proxy_device || missing || srcc(proxy_latency, latency) >= 0.9) continue;
    for (std::uint64_t repeat = 1; repeat <= repeats; ++repeat) {
      Rng rng(repeat);
      std::vector<Architecture> samples;
      std::vector<double> sampled;
      std::vector<bool> inside(latency.size(), false);
      for (const std::size_t i : choose_samples(proxy_latency, sample_count, Sampling::stratified, {}, rng)) {
        samples.push_back(table.architectures[i]);
        sampled.push_back(latency[i]);
        inside[i] = true;
      }
      const auto unseen_srcc = [&](const std::vector<double>& predicted) {
        std::vector<double> a;
        std::vector<double> b;
        for (std::size_t i = 0; i < latency.size(); ++i) {
          if (inside[i]) continue;
          a.push_back(predicted[i]);
          b.push_back(latency[i]);
        }
        return srcc(a, b);
      };
      count += 1;
      outcome.before += unseen_srcc(proxy_latency);
      for (std::size_t v = 0; v < variants.size(); ++v) {
        AdaptationOptions options = variants[v].options;
        options.seed = repeat;
        const LinearPredictor adapted =
            adapt(variants[v].cheapest_is_zero ? shifted : proxy, samples, sampled, options).predictor;
        outcome.after[v] += unseen_srcc(values(adapted.latency_ms(table.architectures)));
        if (v == 0) outcome.estimated_after += cross_validated_srcc(proxy, samples, sampled, options).srcc;
      }
    }
  }
  outcome.before /= count;
  outcome.estimated_after /= count;
  for (double& after : outcome.after) after /= count;
  return outcome;
}

std::vector<Variant> all_variants() {
  std::vector<Variant> variants;
  for (const AdaptationNorm norm : {AdaptationNorm::l2, AdaptationNorm::l1}) {
    for (const bool intercept : {false, true}) {
      for (const char* validation : {"folds", "split, refit", "split"}) {
        Variant variant{std::string(norm == AdaptationNorm::l1 ? "l1" : "l2") + (intercept ? ", intercept, " : ", ") +
                        validation};
        variant.options.norm = norm;
        variant.options.intercept = intercept;
        variant.options.lambda_count = 50;
        if (validation != std::string("folds")) {
          variant.options.validation = LambdaValidation::split;
          variant.options.refit = validation == std::string("split, refit");
        }
        variants.push_back(variant);
      }
    }
  }
  for (const std::size_t from : {std::size_t{0}, variants.size() / 2}) {
    Variant variant = variants[from];
    variant.name += ", cheapest 0";
    variant.cheapest_is_zero = true;
    variants.push_back(variant);
  }
  return variants;
}

void print_tables(const published::LatencyTable& table, const std::vector<std::string>& proxies,
                  std::uint64_t repeats) {
  const std::vector<Variant> variants = all_variants();
  for (const std::size_t sample_count : {30, 50}) {
    std::vector<Outcome> outcomes;
    std::printf("%zu samples; proxy:         ", sample_count);
    for (const std::string& proxy : proxies) {
      outcomes.push_back(adapt_everywhere(table, proxy, sample_count, repeats, variants));
      std::printf("%12s", proxy.c_str());
    }
    std::printf("\n%-27s", "before");
    for (const Outcome& outcome : outcomes) std::printf("%12.3f", outcome.before);
    for (std::size_t v = 0; v < variants.size(); ++v) {
      std::printf("\n%-27s", variants[v].name.c_str());
      for (const Outcome& outcome : outcomes) std::printf("%12.3f", outcome.after[v]);
    }
    std::printf("\n%-27s", "first, cross-validated");
    for (const Outcome& outcome : outcomes) std::printf("%12.3f", outcome.estimated_after);
    std::printf("\n");
  }
}

void expect_better(const published::LatencyTable& table, const std::string& proxy) {
  const Outcome outcome = adapt_everywhere(table, proxy, 50, 1, {{"default"}});
  EXPECT_GT(outcome.after[0], outcome.before + 0.03);
  EXPECT_LT(outcome.estimated_after, outcome.after[0] + 0.03);
}

// Not named Slow: under the sanitizers its folds reach corners of the path that random problems do not.
TEST(Published, AdaptationOnNasBench201) {
  if (!std::filesystem::exists(published::nasbench201_file())) GTEST_SKIP() << "no " << published::nasbench201_file();
  const published::LatencyTable table = published::nasbench201();
  for (const char* proxy : {"true_vpu", "rice_pixel3", "eagle_gtx"}) {
    SCOPED_TRACE(proxy);
    expect_better(table, proxy);
  }
}

TEST(Published, SlowAdaptationOnFbnet) {
  if (!std::filesystem::exists(published::fbnet_file())) GTEST_SKIP() << "no " << published::fbnet_file();
  expect_better(published::fbnet(), "pixel3");
}

// Half a minute: only on demand.
TEST(Published, DISABLED_AdaptationTables) {
  if (!std::filesystem::exists(published::folder())) GTEST_SKIP() << "no " << published::folder();
  print_tables(published::nasbench201(), {"true_vpu", "rice_pixel3", "eagle_gtx"}, 5);
  print_tables(published::fbnet(), {"pixel3", "fpga"}, 2);
}

}  // namespace
}  // namespace oneproxy
