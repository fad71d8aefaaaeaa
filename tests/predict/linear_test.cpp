#include "oneproxy/predict/linear.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

SpacePtr space() {
  static const SpacePtr made = make_space("mobilenet_v2");
  return made;
}

Eigen::VectorXd random_weights_ms(Rng& rng) {
  Eigen::VectorXd weights(static_cast<Eigen::Index>(space()->feature_count()));
  for (double& weight : weights) weight = 0.1 + rng.uniform();
  return weights;
}

struct Measured {
  std::vector<Architecture> xs;
  std::vector<double> latency_ms;
};

Measured measured(Rng& rng, std::size_t count, const Eigen::VectorXd& weights, double noise) {
  Measured m{space()->sample_distinct(count, rng), {}};
  for (const double value : LinearPredictor(space(), weights).latency_ms(m.xs)) {
    m.latency_ms.push_back(value * (1 + noise * rng.normal()));
  }
  return m;
}

class LinearFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("oneproxy_linear_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file() const { return folder_ / "predictor.json"; }

  // The message with which a file of this content is refused; "" where it is not.
  std::string refusal(const std::string& content) const {
    write_file(file(), content);
    try {
      load_linear_predictor(file(), space());
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

TEST(LinearPredictor, SumsTheWeightsOfTheEncoding) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Eigen::VectorXd weights = random_weights_ms(rng);
    const LinearPredictor predictor(space(), weights);
    const std::vector<Architecture> xs = space()->sample_distinct(1 + rng.below(1500), rng);
    const Eigen::VectorXd expected = space()->encode(xs).cast<double>() * weights;
    EXPECT_LT((predictor.latency_ms(xs) - expected).cwiseAbs().maxCoeff(), 1e-12);
    const std::vector<float> out = predictor(xs);
    for (std::size_t i = 0; i < xs.size(); ++i) {
      EXPECT_EQ(out[i], static_cast<float>(predictor.latency_ms(std::span(xs).subspan(i, 1))(0)));
    }
  }
}

TEST(LinearFit, FindsALinearDevice) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Eigen::VectorXd weights = random_weights_ms(rng);
    const Measured m = measured(rng, 1000, weights, 0);
    const LinearPredictor fit = fit_linear(space(), m.xs, m.latency_ms, {.seed = seed});
    const std::vector<Architecture> unseen = space()->sample_distinct(200, rng);
    const Eigen::VectorXd truth = LinearPredictor(space(), weights).latency_ms(unseen);
    EXPECT_LT((fit.latency_ms(unseen) - truth).cwiseAbs().maxCoeff(), 1e-3);
    EXPECT_GT(fit.training().held_out_srcc, 0.99999);
    EXPECT_LT(fit.training().held_out_rmse_ms, 1e-3);
    EXPECT_EQ(fit.training().sample_count, 1000u);
  }
}

TEST(LinearFit, HeldOutErrorIsTheErrorOnUnseenArchitectures) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Eigen::VectorXd weights = random_weights_ms(rng);
    const Measured m = measured(rng, 1000, weights, 0.02);
    const LinearPredictor fit = fit_linear(space(), m.xs, m.latency_ms, {.seed = seed});
    const Measured unseen = measured(rng, 500, weights, 0.02);
    const Eigen::VectorXd error =
        fit.latency_ms(unseen.xs) - Eigen::Map<const Eigen::VectorXd>(unseen.latency_ms.data(), 500);
    const double rmse_ms = std::sqrt(error.squaredNorm() / 500);
    EXPECT_NEAR(fit.training().held_out_rmse_ms / rmse_ms, 1, 0.2);
  }
}

// The penalty spares the constant: moving all latencies moves nothing else.
TEST(LinearFit, ConstantTakesWhatAllShare) {
  Rng rng(4);
  Measured m = measured(rng, 300, random_weights_ms(rng), 0.05);
  const LinearPredictor fit = fit_linear(space(), m.xs, m.latency_ms);
  for (double& latency : m.latency_ms) latency += 100;
  const LinearPredictor moved = fit_linear(space(), m.xs, m.latency_ms);
  const Eigen::VectorXd difference = moved.weights_ms() - fit.weights_ms();
  EXPECT_LT(difference.head(difference.size() - 1).cwiseAbs().maxCoeff(), 1e-9);
  EXPECT_NEAR(difference(difference.size() - 1), 100, 1e-9);
  EXPECT_NEAR(moved.training().ridge, fit.training().ridge, 1e-15);
}

// A constant may move between the constant's weight and those of a block that every architecture has.
TEST(LinearFit, WeightsOfEverPresentBlocksHaveTheMeanZeroWhereAllAre) {
  Rng rng(5);
  const SpacePtr cells = make_space("nas_bench_201");
  const std::vector<Architecture> xs = cells->sample_distinct(600, rng);
  std::vector<double> latency_ms;
  for (const auto& x : xs) latency_ms.push_back(1 + x[0] + 0.5 * x[5] + 0.1 * rng.uniform());
  const Eigen::VectorXd weights = fit_linear(cells, xs, latency_ms).weights_ms();
  for (Eigen::Index edge = 0; edge < 6; ++edge) EXPECT_NEAR(weights.segment(5 * edge, 5).sum(), 0, 1e-6);  // rounding
  EXPECT_GT(weights.head(5).cwiseAbs().maxCoeff(), 0.1);
}

// Of 21 blocks 11 are in every architecture: the first two of each stage and the last.
TEST(LinearFit, WeightsOfEverPresentBlocksHaveTheMeanOfTheOthersWhereThereAreOthers) {
  Rng rng(6);
  const Measured m = measured(rng, 600, random_weights_ms(rng), 0.02);
  const Eigen::VectorXd weights = fit_linear(space(), m.xs, m.latency_ms).weights_ms();
  Eigen::VectorXd mean(21);
  for (Eigen::Index block = 0; block < 21; ++block) mean[block] = weights.segment(9 * block, 9).mean();
  double optional = 0;
  for (Eigen::Index block = 0; block < 20; ++block) optional += block % 4 > 1 ? mean[block] / 10 : 0;
  EXPECT_GT(optional, 0.4);  // 0.6 is the mean of all weights
  for (Eigen::Index block = 0; block < 21; ++block) {
    if (block % 4 <= 1) {
      EXPECT_NEAR(mean[block], optional, 1e-9) << block;
    }
  }
}

TEST(LinearFit, RefusesTooFew) {
  Rng rng(6);
  const Measured m = measured(rng, 9, random_weights_ms(rng), 0);
  EXPECT_THROW(fit_linear(space(), m.xs, m.latency_ms), InputError);
}

TEST_F(LinearFile, RoundTrip) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    LinearTraining training;
    training.device = "onednn(threads=1)";
    training.sample_count = seed;
    if (seed % 2 == 0) {
      training.held_out_srcc = rng.uniform();
      training.held_out_rmse_ms = rng.uniform();
      training.ridge = rng.uniform();
    }
    const LinearPredictor saved(space(), random_weights_ms(rng), training);
    save_linear_predictor(file(), saved);
    for (const SpacePtr& expected : {space(), SpacePtr()}) {
      const LinearPredictor loaded = load_linear_predictor(file(), expected);
      EXPECT_EQ(loaded.weights_ms(), saved.weights_ms());
      EXPECT_EQ(loaded.space()->description(), space()->description());
      EXPECT_EQ(loaded.training().device, training.device);
      EXPECT_EQ(loaded.training().sample_count, training.sample_count);
      EXPECT_EQ(std::isnan(loaded.training().held_out_srcc), seed % 2 == 1);
      if (seed % 2 == 0) {
        EXPECT_EQ(loaded.training().held_out_rmse_ms, training.held_out_rmse_ms);
        EXPECT_EQ(loaded.training().ridge, training.ridge);
      }
    }
  }
}

TEST_F(LinearFile, ForAnotherSpaceIsRefused) {
  Rng rng(1);
  save_linear_predictor(file(), LinearPredictor(space(), random_weights_ms(rng)));
  try {
    load_linear_predictor(file(), make_space("mobilenet_v2(width=0.5)"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("field space: made for"), std::string::npos) << error.what();
  }
}

TEST_F(LinearFile, EachFaultIsNamed) {
  Rng rng(1);
  save_linear_predictor(file(), LinearPredictor(space(), random_weights_ms(rng)));
  const std::string good = read_file(file());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = good;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return changed.replace(at, from.size(), to);
  };
  const auto first_weight = [&](const std::string& to) {
    std::string changed = good;
    const std::size_t begin = changed.find('[') + 1;
    return changed.replace(begin, changed.find(',', begin) - begin, to);
  };
  const std::pair<std::string, std::string> faults[] = {
      {"", "expected a JSON object"},
      {"[1, 2]", "expected a JSON object"},
      {good.substr(0, good.size() / 2), "expected a JSON object"},
      {"{}", "field format"},
      {with("oneproxy-linear-predictor", "other"), "field format"},
      {with("\"version\": 1", "\"version\": 2"), "field version"},
      {with("\"version\": 1", "\"version\": \"1\""), "field version"},
      {with("\"device\": \"\"", "\"device\": 3"), "field device"},
      {with("\"device\"", "\"devise\""), "field device"},
      {with("\"sample_count\": 0", "\"sample_count\": -1"), "field sample_count"},
      {with("\"ridge\": null", "\"ridge\": \"x\""), "field ridge"},
      {with("\"weights_ms\"", "\"weights\""), "field weights_ms"},
      {first_weight("null"), "field weights_ms[0]"},
      {first_weight("\"1\""), "field weights_ms[0]"},
      {first_weight("1, 2"), "expected 190 numbers, found 191"},
      {first_weight("NaN"), "expected a JSON object"},
  };
  for (const auto& [content, expected] : faults) {
    SCOPED_TRACE(expected + " in " + content.substr(0, 200));
    const std::string message = refusal(content);
    EXPECT_NE(message.find(expected), std::string::npos) << message;
    EXPECT_NE(message.find("predictor.json"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  EXPECT_NE(refusal(first_weight("1e999")), "");
  EXPECT_EQ(refusal(good), "");
  std::filesystem::remove(file());
  EXPECT_THROW(load_linear_predictor(file(), space()), InputError);
}

// No byte flipped or lost makes it crash or accept weights that are not finite.
TEST_F(LinearFile, HostileBytes) {
  Rng rng(2);
  save_linear_predictor(file(), LinearPredictor(space(), random_weights_ms(rng)));
  const std::string good = read_file(file());
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::string bytes = good;
    for (int i = 0; i < 3; ++i) bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    if (round % 4 == 0) bytes.resize(rng.below(bytes.size()));
    write_file(file(), bytes);
    try {
      EXPECT_TRUE(load_linear_predictor(file(), space()).weights_ms().allFinite());
    } catch (const InputError&) {
    }
  }
}

}  // namespace
}  // namespace oneproxy
