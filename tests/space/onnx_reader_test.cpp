#include "oneproxy/space/onnx_reader.hpp"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "oneproxy/base/error.hpp"
#include "oneproxy/space/onnx.hpp"
#include "oneproxy/space/onnx_graph.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {
namespace {

std::string bytes_of(const Network& network) { return onnx_bytes(network, random_weights(network, 1)); }

/// What must be the same whatever layers are called and wherever activations stand.
void expect_same_costs(const Network& a, const Network& b) {
  EXPECT_EQ(costs(a).dense_flops, costs(b).dense_flops);
  EXPECT_EQ(costs(a).depthwise_flops, costs(b).depthwise_flops);
  EXPECT_EQ(costs(a).fully_connected_flops, costs(b).fully_connected_flops);
  EXPECT_EQ(costs(a).parameters, costs(b).parameters);
}

/// An activation that stands alone is called after its node, "LAYER.relu".
Network without_names(Network network) {
  for (Layer& layer : network.layers) layer.name.clear();
  return network;
}

void expect_round_trip(const char* text, std::uint64_t seed) {
  SCOPED_TRACE(std::string(text) + ", seed " + std::to_string(seed));
  const auto space = make_space(text);
  Rng rng(seed);
  const Network network = space->network(space->sample(rng));
  const Network read = read_onnx_network(bytes_of(network), "the model");
  expect_same_costs(read, network);
  // The writer makes the same graph of it again.
  EXPECT_EQ(without_names(read_onnx_network(bytes_of(read), "again")), without_names(read));
}

TEST(OnnxReader, ReadsWhatIsWritten) {
  for (const char* text : {"mobilenet_v2(resolution=32, width=0.5)", "nas_bench_201(dataset=cifar10)",
                           "squeezenet(resolution=32, classes=10)", "shufflenet_v2(resolution=32, classes=10)",
                           "densenet(resolution=32, classes=10)"}) {
    expect_round_trip(text, 1);
  }
}

TEST(OnnxReader, ReadsWhatIsWrittenOfEverySpaceSlow) {
  for (const char* text :
       {"mobilenet_v2(resolution=32, width=0.5)", "nas_bench_201(dataset=cifar10)", "fbnet(resolution=32)",
        "ofa_mobilenet_v3(resolution=64)", "mobilenet_v3(resolution=32)", "proxyless_nas(resolution=32)",
        "mnasnet(resolution=32)", "alexnet(resolution=63)", "vgg(resolution=32)", "googlenet(resolution=32)",
        "resnet(resolution=32)", "squeezenet(resolution=32)", "densenet(resolution=32)", "shufflenet_v2(resolution=32)",
        "mobilenet_v1(resolution=32)"}) {
    for (std::uint64_t seed = 2; seed <= 3; ++seed) expect_round_trip(text, seed);
  }
}

TEST(OnnxReader, GivesTheVeryLayersOfMobileNetV2) {
  const auto space = make_space("mobilenet_v2(resolution=32, width=0.5)");
  Rng rng(1);
  const Network network = space->network(space->sample(rng));
  EXPECT_EQ(read_onnx_network(bytes_of(network), "the model"), network);
}

/// A model on a 4 x 8 x 8 image that others may have written.
class Model {
 public:
  Model() : model_(onnx_model("others", {})) {
    set_shape(*graph().add_input(), "x", {-1, 4, 8, 8});
    graph().add_output()->set_name("y");
  }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  onnx::NodeProto& node(const char* type, const std::vector<std::string>& inputs, const std::string& output) {
    return add_node(graph(), type, output, inputs, output);
  }
  void weight(const std::string& name, std::initializer_list<std::int64_t> shape) {
    std::size_t count = 1;
    for (const auto size : shape) count *= static_cast<std::size_t>(size);
    add_initializer(graph(), name, shape, std::vector<float>(count, 1.0F));
  }
  static void ints(onnx::NodeProto& node, const char* name, std::initializer_list<std::int64_t> values) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const auto value : values) attribute.add_ints(value);
  }
  Network read() { return read_onnx_network(model_.SerializeAsString(), "model.onnx"); }
  std::string error() {
    try {
      read();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

 private:
  onnx::ModelProto model_;
};

TEST(OnnxReader, FoldsNormalisationBiasAndActivationIntoTheConvolution) {
  Model model;
  model.weight("w", {6, 4, 3, 3});
  for (const char* name : {"scale", "shift", "mean", "variance"}) model.weight(name, {6});
  model.weight("flat", {6, 10});
  model.weight("bias", {10});
  Model::ints(model.node("Conv", {"x", "w"}, "conv"), "pads", {1, 1, 1, 1});
  model.node("BatchNormalization", {"conv", "scale", "shift", "mean", "variance"}, "norm");
  model.node("HardSwish", {"norm"}, "active");
  model.node("GlobalAveragePool", {"active"}, "pool");
  model.node("Flatten", {"pool"}, "flatten");
  model.node("MatMul", {"flatten", "flat"}, "product");
  model.node("Add", {"product", "bias"}, "y");
  NetworkBuilder builder({4, 8, 8});
  const int conv = builder.convolution(0, 6, 3, 1, 1, Activation::hard_swish, "conv");
  builder.fully_connected(builder.global_average_pool(conv, "pool"), 10, "product");
  EXPECT_EQ(model.read(), std::move(builder).finish());
}

TEST(OnnxReader, KeepsWhatOthersReadToo) {
  Model model;  // y = conv(x) + relu(conv(x)): the activation may not join the convolution
  model.weight("w", {4, 1, 3, 3});
  auto& conv = model.node("Conv", {"x", "w"}, "conv");
  Model::ints(conv, "pads", {1, 1, 1, 1});
  auto& group = *conv.add_attribute();
  group.set_name("group");
  group.set_type(onnx::AttributeProto::INT);
  group.set_i(4);
  model.node("Relu", {"conv"}, "relu");
  model.node("Add", {"relu", "conv"}, "y");
  NetworkBuilder builder({4, 8, 8});
  const int from = builder.convolution(0, 4, 3, 1, 4, Activation::none, "conv");
  builder.add(builder.activation(from, Activation::relu, "relu"), from, "y");
  EXPECT_EQ(model.read(), std::move(builder).finish());
}

TEST(OnnxReader, NothingJoinsALayerThatOthersReadUnderAnotherName) {
  Model model;  // y = conv(x) + relu(identity(conv(x)))
  model.weight("w", {4, 4, 1, 1});
  model.node("Conv", {"x", "w"}, "conv");
  model.node("Identity", {"conv"}, "same");
  model.node("Relu", {"same"}, "relu");
  model.node("Add", {"conv", "relu"}, "y");
  NetworkBuilder builder({4, 8, 8});
  const int from = builder.convolution(0, 4, 1, 1, 1, Activation::none, "conv");
  builder.add(from, builder.activation(from, Activation::relu, "relu"), "y");
  EXPECT_EQ(model.read(), std::move(builder).finish());
}

TEST(OnnxReader, AFlattenedImageBecomesAConvolution) {
  Model model;
  model.weight("w", {4 * 8 * 8, 5});
  model.node("Flatten", {"x"}, "flat");
  model.node("Gemm", {"flat", "w"}, "y");
  const Network network = model.read();
  ASSERT_EQ(network.layers.size(), 2U);
  EXPECT_EQ(network.layers[1].kernel, 8);
  EXPECT_EQ(network.layers[1].out, (Shape{5, 1, 1}));
}

TEST(OnnxReader, LeavesOutWhatTheOutputDoesNotNeed) {
  Model model;
  model.node("Relu", {"x"}, "y");
  model.node("GlobalAveragePool", {"x"}, "nobody");
  EXPECT_EQ(model.read().layers.size(), 2U);
}

TEST(OnnxReader, NamesTheNodeThatIsNotSupported) {
  const auto error_with = [](const auto& build) {
    Model model;
    build(model);
    return model.error();
  };
  const auto expect = [](const std::string& error, const std::string& part) {
    EXPECT_TRUE(error.starts_with("model.onnx: ")) << error;
    EXPECT_NE(error.find(part), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos);
  };
  expect(error_with([](Model& m) { m.node("Einsum", {"x"}, "y"); }),
         "node y (Einsum): is not an operator that oneproxy has");
  expect(error_with([](Model& m) {
           m.weight("w", {4, 4, 1, 7});
           m.node("Conv", {"x", "w"}, "y");
         }),
         "kernel sizes differ");
  expect(error_with([](Model& m) {
           m.weight("w", {4, 4, 3, 3});
           Model::ints(m.node("Conv", {"x", "w"}, "y"), "pads", {0, 0, 1, 1});
         }),
         "pads differ");
  expect(error_with([](Model& m) {
           m.weight("w", {4, 4, 3, 3});
           Model::ints(m.node("Conv", {"x", "w"}, "y"), "dilations", {2, 2});
         }),
         "dilation is not supported");
  expect(error_with([](Model& m) {
           m.weight("w", {4, 3, 3, 3});
           m.node("Conv", {"x", "w"}, "y");
         }),
         "weight does not fit its input");
  expect(error_with([](Model& m) { m.node("Conv", {"x", "nothing"}, "y"); }), "expected a constant weight");
  expect(error_with([](Model& m) { m.node("Relu", {"nothing"}, "y"); }), "expected a tensor that depends on the input");
  expect(error_with([](Model& m) { m.node("Relu", {"x"}, "z"); }), "output y: is made by no node");
  expect(error_with([](Model& m) { m.node("Clip", {"x"}, "y"); }), "expected limits of 0 and 6");
  expect(error_with([](Model& m) {
           m.graph().add_input()->set_name("second");
           m.node("Relu", {"x"}, "y");
         }),
         "input second: is a second one");
  expect(error_with([](Model& m) {
           m.graph().add_input()->set_name("a\nb");
           m.node("Relu", {"x"}, "y");
         }),
         "input a?b: is a second one");
  expect(error_with([](Model& m) {
           m.graph().mutable_output(0)->set_name("a\nb");
           m.node("Relu", {"x"}, "y");
         }),
         "output a?b: is made by no node");
}

TEST(OnnxReader, NamesOfLayersAreOneLine) {
  Model model;
  model.node("Relu", {"x"}, "y").set_name("re\nlu");
  EXPECT_EQ(model.read().layers.back().name, "re?lu");
}

TEST(OnnxReader, RefusesBytesThatAreNoModel) {
  EXPECT_THROW(read_onnx_network("", "empty"), InputError);
  EXPECT_THROW(read_onnx_network("not a model", "text"), InputError);
  const auto space = make_space("mobilenet_v2(resolution=16, width=0.25)");
  Rng rng(1);
  const std::string whole = bytes_of(space->network(space->sample(rng)));
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 50) {
    EXPECT_THROW(read_onnx_network(std::string_view(whole).substr(0, size), "cut"), InputError) << size;
  }
}

}  // namespace
}  // namespace oneproxy
