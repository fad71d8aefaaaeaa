#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "oneproxy/base/error.hpp"
#include "oneproxy/space/onnx.hpp"
#include "oneproxy/space/search_space.hpp"
#include "space/hand_counts.hpp"

namespace oneproxy {
namespace {

/// Multiply-accumulates of the smallest network of OFA's space at width 1, 224 pixels, layer by layer.
constexpr std::int64_t ofa_smallest() {
  std::int64_t total = (27 * 16 + 9 * 16 + 16 * 16) * 112LL * 112;  // stem and first block
  const int out[] = {24, 40, 80, 112, 160};
  const int size[] = {56, 28, 14, 14, 7};  // leaving the stage
  const int squeeze[][2] = {{0, 0}, {24, 32}, {0, 0}, {64, 88}, {88, 120}};
  int in = 16;
  int before = 112;
  for (int s = 0; s < 5; ++s) {
    for (int block = 0; block < 2; ++block) {
      const std::int64_t mid = 3LL * in;
      total += in * mid * before * before + (9 * mid + mid * out[s]) * size[s] * size[s];
      total += 2 * mid * squeeze[s][block];
      in = out[s];
      before = size[s];
    }
  }
  return total + 160LL * 960 * 49 + 960LL * 1280 + 1280LL * 1000;
}

constexpr std::int64_t fbnet_skips = 27 * 16 * 1024 + 16 * 24 * 256 + 24 * 32 * 64 + 32 * 64 * 16 + 64 * 112 * 16 +
                                     112 * 184 * 4 + 184 * 352 * 4 + 352 * 1504 * 4 + 1504 * 100;
// Block 0 with kernel 3, expansion 1 and two groups, 16 channels at 32 x 32; block 2 with kernel 5, expansion 6,
// 24 channels at 16 x 16.
constexpr std::int64_t fbnet_blocks = (16 * 16 / 2 + 9 * 16 + 16 * 16 / 2) * 1024 + (24 * 144 * 2 + 25 * 144) * 256;

struct Known {
  const char* space;
  std::size_t decisions;
  std::size_t features;
  std::string architecture;
  std::int64_t multiply_accumulates;  ///< of convolutions and the classifier, counted by hand
};

void PrintTo(const Known& known, std::ostream* out) { *out << known.space << ' ' << known.architecture; }

const Known kSpaces[] = {
    {"mobilenet_v2(resolution=32, width=0.25, classes=7, channels=1)", 47, 190,
     "3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3", 0},
    // Stem, two reductions, classifier.
    {"nas_bench_201", 6, 31, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
     27 * 16 * 1024 + (16 * 32 * 9 + 32 * 32 * 9 + 16 * 32) * 256 + (32 * 64 * 9 + 64 * 64 * 9 + 32 * 64) * 64 + 640},
    // The same at half the resolution; 1 x 1 on 0-1, 3 x 3 on 2-3, in five cells of each stage.
    {"nas_bench_201(dataset=imagenet16_120)", 6, 31,
     "|nor_conv_1x1~0|+|skip_connect~0|none~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|",
     27 * 16 * 256 + (16 * 32 * 9 + 32 * 32 * 9 + 16 * 32) * 64 + (32 * 64 * 9 + 64 * 64 * 9 + 32 * 64) * 16 +
         64 * 120 + 5 * 10 * (256 * 256 + 1024 * 64 + 4096 * 16)},
    {"fbnet", 22, 199, "8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8", fbnet_skips},
    {"fbnet", 22, 199, "1.8.7.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8.8", fbnet_skips + fbnet_blocks},
    {"ofa_mobilenet_v3(resolution=224, width=1)", 46, 129, "3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3@224",
     ofa_smallest()},
    {"ofa_mobilenet_v3", 46, 129, "3x3.3x3-5x4.7x6-5x4.3x3-5x4.3x6-7x4.7x3.3x3@204", 0},
    // 530 and 783 are the paper's lengths (appendices B.5.1, B.5.2); one more for the constant.
    {"mobilenet_v3", 27, 531, hand::dots({{3, 1}, {8, 2}, {11, 2}, {5, 9}}), hand::mobilenet_v3},
    {"mobilenet_v3(size=large)", 35, 691, hand::dots({{35, 0}}), 0},
    {"proxyless_nas", 47, 784,
     "0.1.0.2.0.1.1.2.1.1.1.1.1.1.1.2.2.2.2.2.0.0.0.0.0.0.0.1.0.0.0.1.0.0.0.1.1.0.0.1." + hand::dots({{7, 9}}),
     hand::proxyless_nas},
    {"mnasnet", 36, 563, "0.0.1.1.1.0.0.0.0.0.0.1.1.1." + hand::dots({{2, 2}, {3, 0}, {9, 2}, {8, 9}}), hand::mnasnet},
    {"alexnet", 12, 141, hand::dots({{1, 4}, {1, 2}, {3, 1}, {7, 9}}), hand::alexnet},
    {"vgg", 35, 375, hand::dots({{1, 2}, {16, 1}, {18, 9}}), hand::vgg16},
    {"vgg(depth=11, resolution=32)", 35, 372, hand::dots({{35, 0}}), 0},
    {"googlenet", 54, 919, hand::dots({{54, 9}}), hand::googlenet()},
    {"resnet", 37, 148, hand::dots({{1, 0}, {32, 0}, {4, 9}}), hand::resnet18},
    {"resnet", 37, 148, hand::dots({{1, 1}, {32, 0}, {4, 9}}), hand::resnet34},
    {"resnet(depth=50)", 37, 146, hand::dots({{1, 0}, {32, 0}, {4, 9}}), hand::resnet50},
    {"squeezenet", 16, 169, hand::dots({{8, 1}, {8, 9}}), hand::squeezenet()},
    {"densenet", 116, 871, hand::dots({{58, 1}, {58, 9}}), hand::densenet()},
    {"shufflenet_v2", 37, 377, hand::dots({{16, 0}, {16, 9}, {5, 0}}), hand::shufflenet_v2()},
    {"mobilenet_v1", 27, 291, hand::dots({{13, 1}, {14, 9}}), hand::mobilenet_v1},
};

class Spaces : public testing::TestWithParam<Known> {
 protected:
  /// The one with the fewest parameters of ten random networks: some have a gigabyte of weights.
  Network small_network(std::uint64_t seed) const {
    Rng rng(seed);
    Network smallest;
    for (int i = 0; i < 10; ++i) {
      Network network = space_->network(space_->sample(rng));
      if (i == 0 || costs(network).parameters < costs(smallest).parameters) smallest = std::move(network);
    }
    return smallest;
  }

  SpacePtr space_ = make_space(GetParam().space);
};
INSTANTIATE_TEST_SUITE_P(All, Spaces, testing::ValuesIn(kSpaces));

TEST_P(Spaces, DescriptionMakesTheSpaceAgain) {
  EXPECT_EQ(make_space(space_->description())->description(), space_->description());
  EXPECT_EQ(space_->decisions().size(), GetParam().decisions);
  EXPECT_EQ(space_->feature_count(), GetParam().features);
}

TEST_P(Spaces, ArchitecturesRoundTripAndAreCanonical) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Architecture x = space_->sample(rng);
    EXPECT_TRUE(space_->contains(x));
    EXPECT_EQ(space_->canonical(x), x);
    EXPECT_EQ(space_->parse(space_->text(x)), x);
    EXPECT_EQ(space_->text(x).find_first_of(", \"'\n"), std::string::npos);
    EXPECT_EQ(space_->from_json(space_->to_json(x)), x);
  }
}

TEST_P(Spaces, CanonicalFormsAreIdempotentAndKeepTheNetwork) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Architecture x(space_->decisions().size());
    for (std::size_t d = 0; d < x.size(); ++d) {
      x[d] = static_cast<std::uint8_t>(rng.below(space_->decisions()[d].options.size()));
    }
    const Architecture once = space_->canonical(x);
    EXPECT_EQ(space_->canonical(once), once);
    EXPECT_EQ(space_->network(x), space_->network(once));
    EXPECT_EQ(space_->encode({&x, 1}), space_->encode({&once, 1}));
  }
}

TEST_P(Spaces, DifferentArchitecturesHaveDifferentEncodingsButForTheResolution) {
  Rng rng(1);
  const auto xs = space_->sample_distinct(200, rng);
  const FeatureMatrix encoded = space_->encode(xs);
  EXPECT_TRUE((encoded.rightCols(1).array() == 1.0F).all());
  EXPECT_TRUE((encoded.array() == 0.0F || encoded.array() == 1.0F).all());
  for (Eigen::Index i = 0; i < encoded.rows(); ++i) {
    for (Eigen::Index k = 0; k < i; ++k) EXPECT_NE(encoded.row(i), encoded.row(k)) << i << ", " << k;
  }
}

TEST_P(Spaces, SampleUniformlyOverTheDecisions) {
  const auto all = space_->decisions();
  Rng rng(5);
  constexpr int draws = 4000;
  std::vector<std::vector<int>> counts(all.size());
  for (std::size_t d = 0; d < all.size(); ++d) counts[d].resize(all[d].options.size());
  for (int i = 0; i < draws; ++i) {
    const Architecture x = space_->sample(rng);
    for (std::size_t d = 0; d < x.size(); ++d) ++counts[d][x[d]];
  }
  for (std::size_t d = 0; d < all.size(); ++d) {
    const std::size_t options = counts[d].size();
    Architecture last(all.size());
    last[d] = static_cast<std::uint8_t>(options - 1);
    if (options == 1 || space_->canonical(last) != last) continue;  // no decision in every architecture
    double chi_squared = 0;
    const double expected = static_cast<double>(draws) / static_cast<double>(options);
    for (const int count : counts[d]) chi_squared += std::pow(count - expected, 2) / expected;
    // 0.9999 quantile by Wilson and Hilferty; up to 47 decisions are looked at, with a fixed seed.
    const auto freedom = static_cast<double>(options - 1);
    const double limit = freedom * std::pow(1 - 2 / (9 * freedom) + 3.72 * std::sqrt(2 / (9 * freedom)), 3);
    EXPECT_LT(chi_squared, limit) << all[d].name;
  }
}

TEST_P(Spaces, FlopsEqualHandCountedValues) {
  if (GetParam().multiply_accumulates == 0) GTEST_SKIP() << "counted at other settings";
  const auto total = costs(space_->network(space_->parse(GetParam().architecture)));
  EXPECT_EQ(total.dense_flops + total.depthwise_flops + total.fully_connected_flops,
            static_cast<double>(2 * GetParam().multiply_accumulates));
}

TEST_P(Spaces, OnnxCheckerAcceptsTheNetworks) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Network network = small_network(seed);
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(onnx_bytes(network, random_weights(network, seed))));
    EXPECT_NO_THROW(onnx::checker::check_model(model));
  }
}

TEST_P(Spaces, CostFeaturesAddUp) {
  Rng rng(3);
  const auto xs = space_->sample_distinct(20, rng);
  const Eigen::MatrixXd features = space_->cost_features(xs);
  ASSERT_EQ(features.rows(), 20);
  ASSERT_EQ(features.cols(), 9);
  EXPECT_TRUE(features.allFinite());
  for (Eigen::Index i = 0; i < features.rows(); ++i) {
    EXPECT_EQ(features(i, 0), features.row(i).tail(4).sum());  // FLOPs by kind of operator
    EXPECT_GT(features(i, 1), 0);
    EXPECT_GT(features(i, 2), 4 * features(i, 1));  // bytes: the parameters and more
    EXPECT_GE(features(i, 3), features(i, 4));      // layers: at least those on the longest chain
    EXPECT_GT(features(i, 4), 0);
  }
}

TEST_P(Spaces, FewShotMatricesHaveOneFiniteRowForEachArchitecture) {
  Rng rng(1);
  const auto xs = space_->sample_distinct(50, rng);
  for (const Eigen::MatrixXd& matrix : {space_->few_shot_features(xs), space_->few_shot_encoding(xs)}) {
    EXPECT_EQ(matrix.rows(), 50);
    EXPECT_TRUE(matrix.allFinite());
    EXPECT_TRUE((matrix.array() >= 0).all());
  }
}

TEST_P(Spaces, RefuseForeignArchitectures) {
  for (const char* bad :
       {"", "x", "1", "3x3", "|none~0|", "[]", "{}", "99999999999999999999", "1.1.1.1.1.1.1.1@224",
        "9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9", "|none~0|+|none~0|none~1|+|none~0|none~1|none~3|",
        "3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3@223", "3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3@224"}) {
    if (space_->key_field_count() == 1 && space_->decisions().size() == 6 && std::string(bad) == "1") continue;
    EXPECT_THROW(space_->parse(bad), InputError) << bad;
  }
}

TEST(MakeSpace, NamesTheSpacesThatThereAre) {
  try {
    make_space("fbnett");
    FAIL() << "fbnett was accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "space 'fbnett': unknown; there is mobilenet_v2, nas_bench_201, fbnet, ofa_mobilenet_v3, mobilenet_v3, "
        "proxyless_nas, mnasnet, alexnet, vgg, googlenet, resnet, squeezenet, densenet, shufflenet_v2, "
        "mobilenet_v1, layerwise, operators; did you mean 'fbnet'?");
  }
  EXPECT_THROW(make_space("nas_bench_201(dataset=mnist)"), InputError);
  EXPECT_THROW(make_space("fbnet(stem_stride=3)"), InputError);
  EXPECT_THROW(make_space("ofa_mobilenet_v3(resolution=some)"), InputError);
  EXPECT_THROW(make_space("vgg(depth=12)"), InputError);
  EXPECT_THROW(make_space("vgg(resolution=31)"), InputError);
  EXPECT_THROW(make_space("alexnet(depth=11)"), InputError);
  EXPECT_THROW(make_space("layerwise"), InputError);
  EXPECT_THROW(make_space("layerwise(nowhere.yaml)"), InputError);
}

TEST(OfaMobileNetV3, ReadsThePublishedTablesForm) {
  const auto space = make_space("ofa_mobilenet_v3");
  // The first row of the published table; blocks beyond a stage's depth hold numbers that mean nothing.
  const auto x =
      space->parse("7.5.5.5.7.7.5.7.5.7.3.7.5.3.7.3.5.3.5.3.6.4.4.6.6.3.4.3.3.6.3.3.3.6.3.4.6.4.3.6.2.2.2.2.3.204");
  EXPECT_EQ(space->text(x), "7x6.5x4-7x6.7x3-5x3.7x6-5x3.3x6-5x6.3x4.5x3@204");
}

// Appendix B.5.1: input, middle and output channels and kernel of each block, one-hot, for eleven blocks, and the
// channels into and out of the last convolution, the twelfth.
TEST(NnMeter, MobileNetV3EncodesBlocks) {
  const auto space = make_space("mobilenet_v3");
  Architecture x = space->parse(hand::dots({{3, 1}, {8, 2}, {11, 2}, {5, 9}}));
  x[22] = 3;   // channels of block 0
  x[26] = 16;  // of blocks 8 to 10
  const FeatureMatrix encoded = space->encode({&x, 1});
  EXPECT_EQ(encoded.sum(), 11 * 4 + 2 + 1);
  EXPECT_EQ(encoded(0, 0), 1);                           // into block 0: always 16
  EXPECT_EQ(encoded(0, 1 + 2), 1);                       // its middle
  EXPECT_EQ(encoded(0, 1 + 10 + 3), 1);                  // its output
  EXPECT_EQ(encoded(0, 1 + 10 + 17 + 1), 1);             // its kernel
  EXPECT_EQ(encoded(0, 32 + 3), 1);                      // into block 1
  EXPECT_EQ(encoded(0, 32 + 9 * 48 + 16), 1);            // into block 10: what comes out of block 9
  EXPECT_EQ(encoded(0, 32 + 9 * 48 + 17 + 10 + 16), 1);  // out of it, the same
  EXPECT_EQ(encoded(0, 32 + 10 * 48 + 16), 1);           // into the last convolution
  EXPECT_EQ(encoded(0, 529), 1);                         // out of it: always 1024
}

// Blocks that keep the width are added, those that change it are not.
TEST(NnMeter, WidthsAreCutAsNnMeterCutsThem) {
  const auto space = make_space("mobilenet_v3");
  const auto& widths = space->decisions()[22].options;  // around 16
  EXPECT_EQ(widths, (std::vector<std::string>{"3", "4", "6", "8", "9", "11", "12", "14", "15", "16", "17", "19", "20",
                                              "22", "24", "25", "27"}));
  const auto resnet = make_space("resnet");
  EXPECT_EQ(resnet->decisions().back().options, (std::vector<std::string>{"0.2", "0.3", "0.4", "0.5", "0.6", "0.7",
                                                                          "0.8", "0.9", "1-", "1.0", "1.1", "1.2"}));
}

// The predictor's input: one of three kernels and expansions for each block, (r - 112) / 16 for the resolution.
TEST(OfaMobileNetV3, EncodesAsItsAccuracyPredictorExpects) {
  const auto space = make_space("ofa_mobilenet_v3");
  const Architecture x = space->parse("7x6.5x4-7x6.7x3-5x3.7x6-5x3.3x6-5x6.3x4.5x3@176");
  const FeatureMatrix encoded = space->encode({&x, 1});
  EXPECT_EQ(encoded.sum(), 11 + 11 + 1 + 1);
  EXPECT_EQ(encoded(0, 2), 1);                   // block 0: kernel 7
  EXPECT_EQ(encoded(0, 4), 1);                   // block 1: kernel 5
  EXPECT_EQ(encoded.middleCols(6, 6).sum(), 0);  // blocks 2 and 3 are absent
  EXPECT_EQ(encoded(0, 60 + 2), 1);              // block 0: expansion 6
  EXPECT_EQ(encoded(0, 60 + 4), 1);              // block 1: expansion 4
  EXPECT_EQ(encoded(0, 120 + 4), 1);
}

// Costs without layer graphs are costs of the layer graphs: parameters but for biases, and FLOPs.
TEST(OfaMobileNetV3, FewShotFeaturesFollowTheNetworks) {
  const auto space = make_space("ofa_mobilenet_v3(resolution=208)");
  Rng rng(2);
  const auto xs = space->sample_distinct(5, rng);
  const Eigen::MatrixXd features = space->few_shot_features(xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const Network network = space->network(xs[i]);
    double depthwise = 0;
    double tail = 0;
    double rest = 0;
    for (const Layer& layer : network.layers) {
      const auto flops = static_cast<double>(layer.flops());
      if (layer.kind == LayerKind::convolution && layer.groups > 1)
        depthwise += flops;
      else if (layer.name == "mix" || layer.kind == LayerKind::fully_connected)
        tail += flops;
      else if (layer.kind == LayerKind::convolution)
        rest += flops;
    }
    EXPECT_EQ(features(row, 1), depthwise);
    EXPECT_EQ(features(row, 0) + features(row, 2), rest);
    EXPECT_GT(tail, 0);
  }
}

TEST(FBNet, FewShotFeaturesFollowTheNetworks) {
  const auto space = make_space("fbnet");
  Rng rng(2);
  const auto xs = space->sample_distinct(10, rng);
  const Eigen::MatrixXd features = space->few_shot_features(xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const auto total = costs(space->network(xs[i]));
    EXPECT_EQ(features(row, 1), total.depthwise_flops);
    EXPECT_EQ(features(row, 0), total.dense_flops - 2.0 * (27 * 16 * 1024 + 352 * 1504 * 4));  // stem and head
  }
}

// Blocks 2 to 4 of a stage have one shape, so their order does not matter for the costs; the first one's shape differs.
TEST(FBNet, FewShotEncodingCountsBlocksOfEqualShape) {
  const auto space = make_space("fbnet");
  const std::vector<Architecture> xs{space->parse("0.1.2.3.4.5.6.7.8.0.0.0.0.0.0.0.0.0.0.0.0.0"),
                                     space->parse("0.1.4.2.3.5.6.7.8.0.0.0.0.0.0.0.0.0.0.0.0.0"),
                                     space->parse("0.2.1.3.4.5.6.7.8.0.0.0.0.0.0.0.0.0.0.0.0.0")};
  const Eigen::MatrixXd encoded = space->few_shot_encoding(xs);
  EXPECT_EQ(encoded.cols(), 9 * (12 + 1));
  EXPECT_EQ(encoded.row(0), encoded.row(1));
  EXPECT_NE(encoded.row(0), encoded.row(2));
  EXPECT_EQ(encoded.row(0).head(9 * 12).sum(), 22);
  EXPECT_EQ(encoded.row(0).tail(9).sum(), 22);
}

}  // namespace
}  // namespace oneproxy
