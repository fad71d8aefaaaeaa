#include "oneproxy/predict/mlp.hpp"

#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

std::vector<DenseLayer> random_layers(const std::vector<Eigen::Index>& sizes, Rng& rng) {
  std::vector<DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    DenseLayer layer{FeatureMatrix(sizes[i], sizes[i + 1]), Eigen::VectorXf(sizes[i + 1])};
    const double deviation = std::sqrt(2.0 / static_cast<double>(i == 0 ? 20 : sizes[i]));
    for (auto& weight : layer.weight.reshaped()) weight = static_cast<float>(deviation * rng.normal());
    for (auto& bias : layer.bias) bias = static_cast<float>(0.1 * rng.normal());
    layers.push_back(std::move(layer));
  }
  return layers;
}

std::vector<Architecture> random_architectures(const SearchSpace& space, std::size_t count, Rng& rng) {
  std::vector<Architecture> xs;
  while (xs.size() < count) xs.push_back(space.sample(rng));
  return xs;
}

/// The plain twin: dense, in double precision.
Eigen::VectorXd plain(const SearchSpace& space, const std::vector<DenseLayer>& layers,
                      std::span<const Architecture> xs) {
  Eigen::MatrixXd values = space.encode(xs).cast<double>();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    values = (values * layers[i].weight.cast<double>()).rowwise() + layers[i].bias.cast<double>().transpose();
    if (i + 1 < layers.size()) values = values.cwiseMax(0.0);
  }
  return values.col(0);
}

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / ("oneproxy_mlp_" + std::to_string(getpid()) + name);
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(MlpPredictor, IsTheDenseComputation) {
  const SpacePtr space = make_space("mobilenet_v2(resolution=32)");
  const auto width = static_cast<Eigen::Index>(space->feature_count());
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::vector<Eigen::Index> sizes{width};
    for (auto hidden = rng.below(4); hidden > 0; --hidden)
      sizes.push_back(static_cast<Eigen::Index>(1 + rng.below(130)));
    sizes.push_back(1);
    const auto layers = random_layers(sizes, rng);
    const auto xs = random_architectures(*space, 1 + rng.below(130), rng);
    const auto predicted = MlpPredictor(space, layers)(xs);
    const auto expected = plain(*space, layers, xs);
    for (std::size_t i = 0; i < xs.size(); ++i) {
      EXPECT_NEAR(predicted[i], expected[static_cast<Eigen::Index>(i)], 2e-5 * (1 + expected.cwiseAbs().maxCoeff()));
    }
  }
}

TEST(MlpPredictor, GivesTheSameBitsInEveryBatch) {
  const SpacePtr space = make_space("mobilenet_v2");
  const auto width = static_cast<Eigen::Index>(space->feature_count());
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const MlpPredictor mlp(space, random_layers({width, 77, 130, 1}, rng));
    const auto xs = random_architectures(*space, 200, rng);
    const auto together = mlp(xs);
    for (std::size_t begin = 0; begin < xs.size();) {
      const std::size_t count = std::min(xs.size() - begin, 1 + rng.below(70));
      const auto part = mlp(std::span(xs).subspan(begin, count));
      for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(part[i], together[begin + i]);
      begin += count;
    }
  }
}

TEST(MlpPredictor, MayBeCalledFromManyThreads) {
  const SpacePtr space = make_space("mobilenet_v2");
  Rng rng(1);
  const MlpPredictor mlp(space, random_layers({static_cast<Eigen::Index>(space->feature_count()), 50, 50, 1}, rng));
  const auto xs = random_architectures(*space, 300, rng);
  const auto expected = mlp(xs);
  std::vector<std::vector<float>> results(4);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) threads.emplace_back([&] { result = mlp(xs); });
  }
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

TEST(MlpPredictor, RefusesLayersThatDoNotFit) {
  const SpacePtr space = make_space("mobilenet_v2");
  Rng rng(1);
  const auto refused = [&](std::vector<DenseLayer> layers) {
    return message_of([&] { MlpPredictor(space, std::move(layers)); });
  };
  EXPECT_EQ(refused({}), "MLP: has no layers");
  EXPECT_EQ(refused(random_layers({128, 8, 1}, rng)),
            "MLP, layer 1: has 128 inputs; expected 190 (the encoding of the space)");
  EXPECT_EQ(refused(random_layers({190, 8, 2}, rng)), "MLP: has 2 outputs; expected 1");
  auto layers = random_layers({190, 8, 1}, rng);
  layers[1].weight(3, 0) = std::nanf("");
  EXPECT_EQ(refused(layers), "MLP, layer 2: has a weight that is not finite");
}

TEST(MlpOnnx, KeepsLayersAndMetadata) {
  const auto file = temporary("round.onnx");
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto layers = random_layers({static_cast<Eigen::Index>(1 + rng.below(40)), 7, 5, 1}, rng);
    const Metadata metadata{{"space", "any"}, {"trained", "with \"quotes\", and commas"}};
    write_mlp_onnx(file, layers, metadata);
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(read_file(file)));
    EXPECT_NO_THROW(onnx::checker::check_model(model));
    const MlpModel read = read_mlp_onnx(file);
    EXPECT_TRUE(is_mlp_onnx(file));
    EXPECT_EQ(read.metadata, metadata);
    ASSERT_EQ(read.layers.size(), layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      EXPECT_EQ(read.layers[i].weight, layers[i].weight);
      EXPECT_EQ(read.layers[i].bias, layers[i].bias);
    }
  }
  std::filesystem::remove(file);
}

TEST(MlpOnnx, ReadsTransposedWeights) {
  const auto file = temporary("transposed.onnx");
  Rng rng(1);
  const auto layers = random_layers({6, 4, 1}, rng);
  auto turned = layers;
  for (auto& layer : turned) layer.weight = FeatureMatrix(layer.weight.transpose());
  write_mlp_onnx(file, turned, {});
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(read_file(file)));
  for (auto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Gemm") continue;
    auto& attribute = *node.add_attribute();
    attribute.set_name("transB");
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(1);
  }
  write_file(file, model.SerializeAsString());
  EXPECT_EQ(read_mlp_onnx(file).layers[0].weight, layers[0].weight);
  std::filesystem::remove(file);
}

TEST(MlpOnnx, RefusesAnotherSpaceAndAnotherWidth) {
  const auto file = temporary("space.onnx");
  Rng rng(1);
  write_mlp_onnx(file, random_layers({190, 4, 1}, rng), {{"space", "mobilenet_v2(resolution=9)"}});
  const SpacePtr space = make_space("mobilenet_v2");
  EXPECT_EQ(
      message_of([&] { load_mlp(file, space); }),
      file.string() + ", metadata space: is 'mobilenet_v2(resolution=9)'; expected '" + space->description() + "'");
  write_mlp_onnx(file, random_layers({128, 4, 1}, rng), {{"space", space->description()}});
  EXPECT_EQ(message_of([&] { load_mlp(file, space); }),
            file.string() + ": MLP, layer 1: has 128 inputs; expected 190 (the encoding of the space)");
  std::filesystem::remove(file);
}

/// Flips and cuts never crash the reader: it gives layers or refuses with the file's name.
TEST(MlpOnnx, SurvivesHostileBytes) {
  const auto file = temporary("hostile.onnx");
  Rng weights(1);
  write_mlp_onnx(file, random_layers({5, 4, 1}, weights), {{"space", "any"}});
  const std::string whole = read_file(file);
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::string bytes = whole;
    if (seed % 2 == 0)
      bytes.resize(rng.below(bytes.size()));
    else
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    write_file(file, bytes);
    const std::string message = message_of([&] { read_mlp_onnx(file); });
    if (message.empty()) continue;
    ++refused;
    EXPECT_NE(message.find(file.string()), std::string::npos) << message;
  }
  EXPECT_GT(refused, 200U);
  EXPECT_NE(message_of([&] { read_mlp_onnx(temporary("missing.onnx")); }), "");
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace oneproxy
