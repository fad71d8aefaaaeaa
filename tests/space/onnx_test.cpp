#include "oneproxy/space/onnx.hpp"

#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {
namespace {

TEST(Onnx, CheckerAcceptsEveryModelAndInfersTheGraphsShapes) {
  for (const char* text : {"mobilenet_v2(resolution=32, width=0.25, classes=7, channels=1, strides=1:2:2:2:1:1)",
                           "mobilenet_v2(resolution=224, width=1.3)"}) {
    const auto space = make_space(text);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(std::string(text) + ", seed " + std::to_string(seed));
      Rng rng(seed);
      const Network network = space->network(space->sample(rng));
      onnx::ModelProto model;
      ASSERT_TRUE(model.ParseFromString(onnx_bytes(network, random_weights(network, seed), {{"space", text}})));
      onnx::checker::check_model(model);
      EXPECT_EQ(model.metadata_props(0).value(), text);
      onnx::shape_inference::InferShapes(model);
      std::size_t compared = 0;
      for (const auto& value : model.graph().value_info()) {
        for (const Layer& layer : network.layers) {
          if (layer.name != value.name() || layer.kind == LayerKind::global_average_pool) continue;
          const auto& shape = value.type().tensor_type().shape();
          EXPECT_EQ(shape.dim(1).dim_value(), layer.out.channels) << layer.name;
          EXPECT_EQ(shape.dim(2).dim_value(), layer.out.height) << layer.name;
          EXPECT_EQ(shape.dim(3).dim_value(), layer.out.width) << layer.name;
          ++compared;
        }
      }
      EXPECT_GE(compared, network.layers.size() - 3);  // all but input, pool and output
    }
  }
}

TEST(Onnx, SameSeedSameBytes) {
  const auto space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  Rng rng(1);
  const Network network = space->network(space->sample(rng));
  EXPECT_EQ(onnx_bytes(network, random_weights(network, 1)), onnx_bytes(network, random_weights(network, 1)));
  EXPECT_NE(onnx_bytes(network, random_weights(network, 1)), onnx_bytes(network, random_weights(network, 2)));
}

}  // namespace
}  // namespace oneproxy
