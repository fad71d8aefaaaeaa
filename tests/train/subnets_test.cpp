#include "oneproxy/train/subnets.hpp"

#include <cmath>

#include "oneproxy/train/image_sample.hpp"
#include "oneproxy/train/supernet.hpp"
#include "small_task.hpp"

namespace oneproxy {
namespace {

/// The plain forward pass of one image: nested loops, in double precision.
std::vector<double> plain_logits(const Network& network, const Weights& weights, std::span<const std::uint8_t> pixels) {
  std::vector<std::vector<double>> outputs(network.layers.size());
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    const auto& [channels, height, width] = layer.out;
    auto& out = outputs[l];
    if (layer.kind == LayerKind::input) {
      for (const auto pixel : pixels) out.push_back(pixel / 255.0);
      continue;
    }
    const auto& in = outputs[static_cast<std::size_t>(layer.inputs[0])];
    if (layer.kind == LayerKind::add) {
      const auto& other = outputs[static_cast<std::size_t>(layer.inputs[1])];
      for (std::size_t i = 0; i < in.size(); ++i) out.push_back(in[i] + other[i]);
      continue;
    }
    const int area = layer.in.height * layer.in.width;
    const auto& w = weights.values[l];
    const auto at = [](int i) { return static_cast<std::size_t>(i); };
    if (layer.kind == LayerKind::global_average_pool) {
      for (int c = 0; c < channels; ++c) {
        double sum = 0;
        for (int i = 0; i < area; ++i) sum += in[at(c * area + i)];
        out.push_back(sum / area);
      }
      continue;
    }
    const int group_in = layer.in.channels / layer.groups;
    const int k = layer.kernel;
    for (int o = 0; o < channels; ++o) {
      const int first = o / (channels / layer.groups) * group_in;
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          double sum = w[at(static_cast<int>(layer.weight_count()) + o)];
          for (int i = 0; i < group_in; ++i) {
            for (int ky = 0; ky < k; ++ky) {
              for (int kx = 0; kx < k; ++kx) {
                const int row = y * layer.stride + ky - layer.padding;
                const int column = x * layer.stride + kx - layer.padding;
                if (row < 0 || column < 0 || row >= layer.in.height || column >= layer.in.width) continue;
                sum += double{w[at(((o * group_in + i) * k + ky) * k + kx)]} *
                       in[at((first + i) * area + row * layer.in.width + column)];
              }
            }
          }
          out.push_back(layer.activation == Activation::relu6 ? std::clamp(sum, 0.0, 6.0) : sum);
        }
      }
    }
  }
  return outputs.back();
}

class SubnetsTest : public testing::Test {
 protected:
  SubnetsTest() {
    train_supernet(*space_, images_, {.epochs = 3, .batch = 40, .seed = 5}, {.checkpoint = folder_ / "s.pt"});
  }
  std::vector<Architecture> some(std::size_t count) const {
    Rng rng(11);
    auto xs = space_->sample_distinct(count, rng);
    xs.insert(xs.begin(), {smallest_architecture(*space_), largest_architecture(*space_)});
    return xs;
  }

  TemporaryFolder folder_;
  SpacePtr space_ = small_space();
  ImageSet images_ = small_images(200, 1);
};

TEST_F(SubnetsTest, FoldedWeightsGiveTheSupernetsOutput) {
  const Subnets subnets(folder_ / "s.pt", space_, images_, 24);
  const ImageSet& recalibration = subnets.recalibration_images();
  for (const auto& x : some(4)) {
    SCOPED_TRACE(space_->text(x));
    const Network network = space_->network(x);
    const Weights weights = subnets.weights(x);
    ASSERT_EQ(weights.values.size(), network.layers.size());
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& layer = network.layers[i];
      ASSERT_EQ(static_cast<std::int64_t>(weights.values[i].size()), layer.weight_count() + layer.bias_count());
    }
    const auto own = subnets.training_logits(x);
    const auto folded = logits(network, weights, recalibration);
    ASSERT_EQ(own.size(), 24U * 4U);
    ASSERT_EQ(folded.size(), own.size());
    double largest = 0;
    for (const float value : own) largest = std::max(largest, std::abs(double{value}));
    for (std::size_t i = 0; i < own.size(); ++i) EXPECT_NEAR(folded[i], own[i], 1e-4 * largest);
    for (std::size_t image = 0; image < 3; ++image) {
      const auto plain = plain_logits(network, weights, recalibration.image(image));
      for (std::size_t c = 0; c < 4; ++c) EXPECT_NEAR(plain[c], own[4 * image + c], 1e-4 * largest);
    }
  }
}

TEST_F(SubnetsTest, SubnetsShareTheirFirstPart) {
  const Subnets subnets(folder_ / "s.pt", space_, images_, 24);
  // Same decisions in the first blocks: everything computed before the first difference is the same to the bit.
  const Architecture a = space_->parse("3x3.5x4-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3");
  const Architecture b = space_->parse("3x3.5x4.7x6-5x6.3x3-3x4.3x3.3x3-7x3.3x3-3x3.3x3-5x3");
  const Weights of_a = subnets.weights(a);
  const Weights of_b = subnets.weights(b);
  const Network network = space_->network(a);
  std::size_t same = 0;
  while (network.layers[same] == space_->network(b).layers[same]) ++same;
  ASSERT_GT(same, 8U);
  for (std::size_t i = 0; i < same; ++i) EXPECT_EQ(of_a.values[i], of_b.values[i]) << network.layers[i].name;
}

TEST_F(SubnetsTest, SmallerKernelsAreTheCentreOfLargerOnes) {
  const Subnets subnets(folder_ / "s.pt", space_, images_, 24);
  // The first block is the first difference, so its input, and only its kernel, is the same up to the batch's scale.
  const Weights seven = subnets.weights(space_->parse("7x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3"));
  const Weights three = subnets.weights(space_->parse("3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3"));
  const Network network = space_->network(space_->parse("7x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3"));
  const auto found = std::ranges::find(network.layers, "block0.depthwise", &Layer::name);
  ASSERT_NE(found, network.layers.end());
  const auto layer = static_cast<std::size_t>(found - network.layers.begin());
  for (std::size_t c = 0; c < static_cast<std::size_t>(found->out.channels); ++c) {
    // Folding scales a whole channel by one factor, so ratios within the channel must agree.
    const auto centre_of_seven = [&](std::size_t row, std::size_t column) {
      return double{seven.values[layer][c * 49 + (row + 2) * 7 + column + 2]};
    };
    const auto of_three = [&](std::size_t row, std::size_t column) {
      return double{three.values[layer][c * 9 + row * 3 + column]};
    };
    const double factor = of_three(1, 1) / centre_of_seven(1, 1);
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t column = 0; column < 3; ++column) {
        EXPECT_NEAR(of_three(row, column), factor * centre_of_seven(row, column),
                    1e-4 * std::abs(of_three(row, column)));
      }
    }
  }
}

TEST_F(SubnetsTest, AccuracyCountsHighestLogits) {
  const Subnets subnets(folder_ / "s.pt", space_, images_, 24);
  const Architecture x = smallest_architecture(*space_);
  const Network network = space_->network(x);
  const Weights weights = subnets.weights(x);
  const ImageSet test = small_images(60, 8);
  int hits = 0;
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto plain = plain_logits(network, weights, test.image(i));
    hits += std::ranges::max_element(plain) - plain.begin() == test.labels[i] ? 1 : 0;
  }
  EXPECT_DOUBLE_EQ(accuracy_percent(network, weights, test), 100.0 * hits / 60);
}

TEST_F(SubnetsTest, EvaluationGoesOnAndDoesNotDependOnThreads) {
  const Subnets subnets(folder_ / "s.pt", space_, images_, 24);
  const auto xs = some(20);
  const ImageSample test = whole_sample(small_images(60, 8));
  evaluate_subnets(subnets, xs, test, folder_ / "whole.csv", 1);
  EXPECT_THROW(evaluate_subnets(subnets, xs, test, folder_ / "part.csv", 2, [](const Progress&) { return false; }),
               Stopped);
  const ArchTable part = read_arch_table(folder_ / "part.csv", *space_);
  EXPECT_GT(part.architectures.size(), 0U);
  EXPECT_LT(part.architectures.size(), xs.size());
  std::size_t evaluated = 0;
  evaluate_subnets(subnets, xs, test, folder_ / "part.csv", 3, [&](const Progress& progress) {
    evaluated = progress.total;
    return true;
  });
  EXPECT_EQ(evaluated + part.architectures.size(), xs.size());
  EXPECT_EQ(read_file(folder_ / "part.csv"), read_file(folder_ / "whole.csv"));

  const auto error =
      input_error([&] { evaluate_subnets(subnets, xs, whole_sample(small_images(50, 8)), folder_ / "whole.csv"); });
  EXPECT_NE(error.find("expected '# images: 50 kept out of training'"), std::string::npos) << error;
}

TEST_F(SubnetsTest, InformativeSampleStandsForAllImages) {
  const Subnets subnets(folder_ / "s.pt", space_, images_, 24);
  const ImageSet held_out = small_images(100, 8);
  const auto pilots = some(4);
  const ImageSample one = informative_sample(subnets, pilots, held_out, 40, 1, 1);
  const ImageSample three = informative_sample(subnets, pilots, held_out, 40, 1, 3);
  EXPECT_EQ(one.images.pixels, three.images.pixels);
  EXPECT_EQ(one.weights, three.weights);
  double sum = 0;
  for (const double weight : one.weights) sum += weight;
  EXPECT_NEAR(sum, 100, 1e-9);
  // With all images the estimate is the accuracy itself.
  const ImageSample all = informative_sample(subnets, pilots, held_out, 100, 1, 1);
  const Architecture x = largest_architecture(*space_);
  const ArchTable table = evaluate_subnets(subnets, std::vector{x}, all, folder_ / "all.csv");
  EXPECT_NEAR(table.values(0, 0), accuracy_percent(space_->network(x), subnets.weights(x), held_out), 1e-9);
  EXPECT_NE(input_error([&] { informative_sample(subnets, pilots, held_out, 101, 1); }).find("1 to 100"),
            std::string::npos);
}

TEST_F(SubnetsTest, RecalibrationNeedsImages) {
  EXPECT_NE(input_error([&] { Subnets(folder_ / "s.pt", space_, images_, 201); }).find("1 to 200 images"),
            std::string::npos);
  EXPECT_NE(input_error([&] { Subnets(folder_ / "s.pt", space_, images_, 0); }), "");
}

}  // namespace
}  // namespace oneproxy
