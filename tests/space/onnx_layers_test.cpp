#include "oneproxy/space/onnx_layers.hpp"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "oneproxy/base/error.hpp"
#include "oneproxy/space/onnx.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {
namespace {

const char* const spaces[] = {"mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)",
                              "nas_bench_201", "fbnet", "ofa_mobilenet_v3"};

std::string error_of(std::string_view bytes) {
  try {
    read_onnx_layers(bytes, "upload");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

onnx::ModelProto model_of(const Network& network) {
  onnx::ModelProto model;
  model.ParseFromString(onnx_with_layers(network));
  return model;
}

TEST(OnnxLayers, ComeBackFromEverySpace) {
  for (const char* description : spaces) {
    const SpacePtr space = make_space(description);
    for (std::uint64_t seed = 1; seed <= 1; ++seed) {
      SCOPED_TRACE(std::string(description) + ", seed " + std::to_string(seed));
      Rng rng(seed);
      const Network network = space->network(space->sample(rng));
      EXPECT_EQ(read_onnx_layers(onnx_with_layers(network), "upload"), network);
    }
  }
}

TEST(OnnxLayers, AnyWeightsWillDo) {
  const SpacePtr space = make_space(spaces[0]);
  Rng rng(1);
  const Network network = space->network(space->sample(rng));
  onnx::ModelProto model = model_of(network);
  for (auto& tensor : *model.mutable_graph()->mutable_initializer()) tensor.mutable_raw_data()->assign(4, 'x');
  EXPECT_EQ(read_onnx_layers(model.SerializeAsString(), "upload"), network);
}

TEST(OnnxLayers, RefusesForeignModelsAndThoseThatDisagree) {
  const SpacePtr space = make_space(spaces[0]);
  Rng rng(1);
  const Network network = space->network(space->sample(rng));
  EXPECT_EQ(error_of("not ONNX"), "upload: is not an ONNX model");
  EXPECT_NE(error_of(onnx_bytes(network, random_weights(network, 1))).find("without oneproxy's list"),
            std::string::npos);
  onnx::ModelProto model = model_of(network);
  model.mutable_graph()->mutable_node(0)->mutable_attribute(1)->set_ints(0, 3);
  EXPECT_NE(error_of(model.SerializeAsString()).find("the list and the model's graph differ"), std::string::npos);
}

TEST(OnnxLayers, RefusesHostileLists) {
  const SpacePtr space = make_space(spaces[0]);
  Rng rng(1);
  const Network network = space->network(space->sample(rng));
  const auto with_list = [&](const std::string& list) {
    onnx::ModelProto model = model_of(network);
    model.mutable_metadata_props(0)->set_value(list);
    return error_of(model.SerializeAsString());
  };
  const std::string input = R"([0,"input",[],[3,8,8],1,1,0,1,0,0])";
  for (const std::string bad : {"", "{}", "[]", "[1]", "[[]]", "null", "[[0,\"x\",[0],[3,8,8],1,1,0,1,0,0]]",
                                "[[99,\"x\",[],[3,8,8],1,1,0,1,0,0]]", "[[0,\"x\",[],[3,-8,8],1,1,0,1,0,0]]",
                                "[[0,\"x\",[],[60000,60000,8],1,1,0,1,0,0]]", "[[0,\"x\",[],[3,1e9,8],1,1,0,1,0,0]]"}) {
    EXPECT_NE(with_list(bad), "") << bad;
  }
  for (const std::string bad : {R"([1,"c",[],[8,8,8],3,1,1,1,0,0])", R"([1,"c",[1],[8,8,8],3,1,1,1,0,0])",
                                R"([1,"c",[0,0],[8,8,8],3,1,1,1,0,0])", R"([1,"c",[0],[8,8,8],3,0,1,1,0,0])",
                                R"([1,"c",[0],[8,8,8],3,1,1,7,0,0])", R"([2,"a",[0],[3,8,8],1,1,0,1,0,0])",
                                R"([1,"c",[0],[60000,8,8],1000,1,1,1,0,0])", R"([1,5,[0],[8,8,8],3,1,1,1,0,0])"}) {
    EXPECT_NE(with_list("[" + input + "," + bad + "]").find("list of layers"), std::string::npos) << bad;
  }
  // Bytes changed at random: an answer or an error, never a crash.
  const std::string good = onnx_with_layers(network);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::string bytes = good;
    Rng damage(seed);
    // Most bytes are weights; damage the end, where the list of layers is, and anywhere.
    for (int i = 0; i < 4; ++i)
      bytes[bytes.size() - 1 - damage.below(i < 3 ? 4000 : bytes.size())] ^= static_cast<char>(1 + damage.below(255));
    error_of(bytes);
  }
}

}  // namespace
}  // namespace oneproxy
