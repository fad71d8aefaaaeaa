#include "oneproxy/predict/accuracy.hpp"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <filesystem>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/predict/flops.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {
namespace {

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / ("oneproxy_accuracy_" + std::to_string(getpid()) + name);
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

class AccuracyTable : public testing::Test {
 protected:
  void SetUp() override {
    Rng rng(3);
    xs_ = space_->sample_distinct(4, rng);
  }
  void TearDown() override { std::filesystem::remove(file_); }

  /// A table whose first values are these texts.
  void write(const std::string& columns, const std::vector<std::string>& rows) {
    std::string text = "# space: " + space_->description() + "\narchitecture," + columns + "\n";
    for (std::size_t i = 0; i < rows.size(); ++i) text += space_->text(xs_[i]) + "," + rows[i] + "\n";
    write_file(file_, text);
  }

  SpacePtr space_ = make_space("mobilenet_v2");
  std::filesystem::path file_ = temporary("table.csv");
  std::vector<Architecture> xs_;
};

TEST_F(AccuracyTable, AnswersForItsRows) {
  write("a,accuracy", {"1,75.5", "2,0", "3,100"});
  const auto predictor = load_accuracy(file_, space_);
  const std::vector<Architecture> asked{xs_[2], xs_[0], xs_[1], xs_[2]};
  EXPECT_EQ((*predictor)(asked), (std::vector<float>{100, 75.5, 0, 100}));
  EXPECT_EQ((*load_accuracy(file_, space_, "a"))(asked), (std::vector<float>{3, 1, 2, 3}));
  ASSERT_NE(accuracy_architectures(*predictor), nullptr);
  EXPECT_EQ(*accuracy_architectures(*predictor), std::vector<Architecture>(xs_.begin(), xs_.begin() + 3));
}

TEST_F(AccuracyTable, TakesTheOnlyColumn) {
  write("top1", {"50"});
  EXPECT_EQ((*load_accuracy(file_, space_))({xs_.data(), 1}), std::vector<float>{50});
  write("top1,top5", {"50,70"});
  EXPECT_NE(message_of([&] { load_accuracy(file_, space_); }).find("no column 'accuracy'"), std::string::npos);
}

TEST_F(AccuracyTable, NamesWhatItLacks) {
  write("accuracy", {"50", "60"});
  const auto predictor = load_accuracy(file_, space_);
  EXPECT_EQ(message_of([&] { (*predictor)(xs_); }), file_.string() + ": has no architecture " + space_->text(xs_[2]) +
                                                        "; a table can be searched over its own architectures only");
}

TEST_F(AccuracyTable, RefusesWhatIsNoAccuracy) {
  for (const std::string bad : {"-0.5", "100.5", ""}) {
    SCOPED_TRACE(bad);
    write("accuracy", {"50", bad});
    const std::string message = message_of([&] { load_accuracy(file_, space_); });
    EXPECT_EQ(message.find(file_.string() + ", line 4, column accuracy: "), 0U) << message;
  }
  write("accuracy", {"50", "nan"});
  EXPECT_NE(message_of([&] { load_accuracy(file_, space_); }).find("line 4"), std::string::npos);
  write("accuracy", {});
  EXPECT_NE(message_of([&] { load_accuracy(file_, space_); }), "");
}

TEST_F(AccuracyTable, RefusesOtherFiles) {
  EXPECT_NE(message_of([&] { load_accuracy("accuracy.txt", space_); }).find("expected a table (.csv)"),
            std::string::npos);
  EXPECT_NE(message_of([&] { load_accuracy(temporary("missing.csv"), space_); }), "");
  EXPECT_NE(message_of([&] { load_accuracy(temporary("missing.onnx"), space_); }), "");
}

std::vector<DenseLayer> layers_for(const SearchSpace& space) {
  Rng rng(5);
  std::vector<DenseLayer> layers{
      {FeatureMatrix(static_cast<Eigen::Index>(space.feature_count()), 16), Eigen::VectorXf::Zero(16)},
      {FeatureMatrix(16, 1), Eigen::VectorXf::Zero(1)}};
  for (auto& layer : layers) {
    for (auto& weight : layer.weight.reshaped()) weight = static_cast<float>(rng.normal());
  }
  return layers;
}

TEST(AccuracyModel, ChainIsComputedWithoutOnnxRuntime) {
  const SpacePtr space = make_space("mobilenet_v2");
  const auto file = temporary("chain.onnx");
  write_mlp_onnx(file, layers_for(*space), {{"space", space->description()}});
  Rng rng(1);
  const auto xs = space->sample_distinct(10, rng);
  const auto predictor = load_accuracy(file, space);
  EXPECT_EQ((*predictor)(xs), MlpPredictor(space, layers_for(*space))(xs));
  EXPECT_EQ(accuracy_architectures(*predictor), nullptr);
  std::filesystem::remove(file);
}

/// With a LeakyRelu of slope 0 in place of Relu it is another graph with the same values.
TEST(AccuracyModel, OtherGraphsRunInOnnxRuntime) {
  if (!ort_info().available) GTEST_SKIP() << ort_info().detail;
  const SpacePtr space = make_space("mobilenet_v2");
  const auto file = temporary("other.onnx");
  write_mlp_onnx(file, layers_for(*space), {{"space", space->description()}});
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(read_file(file)));
  for (auto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Relu") continue;
    node.set_op_type("LeakyRelu");
    auto& attribute = *node.add_attribute();
    attribute.set_name("alpha");
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(0);
  }
  write_file(file, model.SerializeAsString());
  Rng rng(1);
  const auto xs = space->sample_distinct(300, rng);
  const auto values = (*load_accuracy(file, space))(xs);
  const auto expected = MlpPredictor(space, layers_for(*space))(xs);
  for (std::size_t i = 0; i < xs.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-4);

  EXPECT_NE(message_of([&] { load_accuracy(file, make_space("mobilenet_v2(resolution=64)")); }).find("metadata space"),
            std::string::npos);
  std::filesystem::remove(file);
}

TEST(FlopsPredictor, IsTheNetworksFlops) {
  const SpacePtr space = make_space("mobilenet_v2");
  const FlopsPredictor predictor(space);
  Rng rng(1);
  const auto xs = space->sample_distinct(20, rng);
  const auto first = predictor(xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    EXPECT_FLOAT_EQ(first[i], static_cast<float>(costs(space->network(xs[i])).flops / 1e9));
  }
  EXPECT_EQ(predictor(xs), first);
}

}  // namespace
}  // namespace oneproxy
