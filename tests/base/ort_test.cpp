#include "oneproxy/base/ort.hpp"

#include <gtest/gtest.h>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

// y = x + 1 for x of n x 2, as the bytes of an ONNX model (IR 8, opset 13):
//   ir_version, opset, graph { node Add(x, one) -> y, initializer one = 1.0, input x, output y }.
std::string field(int number, const std::string& content) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(content.size())} + content;
}
std::string varint(int number, int value) { return {static_cast<char>(number << 3), static_cast<char>(value)}; }

std::string value_info(const std::string& name, int element_type) {
  const std::string shape = field(1, field(2, "n")) + field(1, varint(1, 2));
  return field(1, name) + field(2, field(1, varint(1, element_type) + field(2, shape)));
}

std::string add_one_model(int element_type = 1) {
  const std::string node = field(1, "x") + field(1, "one") + field(2, "y") + field(4, "Add");
  const std::string one =
      element_type == 1 ? std::string("\x00\x00\x80\x3f", 4) : std::string("\x00\x00\x00\x00\x00\x00\xf0\x3f", 8);
  const std::string initializer = varint(1, 1) + varint(2, element_type) + field(8, "one") + field(9, one);
  const std::string graph = field(1, node) + field(2, "g") + field(5, initializer) +
                            field(11, value_info("x", element_type)) + field(12, value_info("y", element_type));
  return varint(1, 8) + field(8, varint(2, 13)) + field(7, graph);
}

class Ort : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ort_info().available) GTEST_SKIP() << ort_info().detail;
  }
};

TEST(OrtInfo, SaysWhichOrHowToGetIt) {
  const OrtInfo& info = ort_info();
  EXPECT_EQ(info.available, !info.version.empty());
  EXPECT_NE(info.detail.find(info.available ? "libonnxruntime" : "ONNXRUNTIME_ROOT"), std::string::npos) << info.detail;
}

TEST_F(Ort, RunsBatchesOfAnySize) {
  for (const bool optimize : {true, false}) {
    OrtSession session(add_one_model(), "m.onnx", {.threads = 1, .optimize = optimize});
    ASSERT_EQ(session.inputs().size(), 1U);
    EXPECT_EQ(session.inputs()[0].name, "x");
    EXPECT_EQ(session.inputs()[0].shape, (std::vector<std::int64_t>{-1, 2}));
    EXPECT_EQ(session.outputs()[0].name, "y");
    for (const std::int64_t rows : {1, 3, 1000}) {
      std::vector<float> x(static_cast<std::size_t>(2 * rows));
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
      std::vector<float> y(x.size());
      session.run(x, std::vector<std::int64_t>{rows, 2}, y);
      for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], x[i] + 1);
    }
  }
}

TEST_F(Ort, RefusesWhatIsNoModelInOneLine) {
  const std::string whole = add_one_model();
  for (const std::string& bytes : {std::string(), std::string("nonsense"), whole.substr(0, whole.size() / 2)}) {
    try {
      OrtSession(bytes, "m.onnx", {});
      ADD_FAILURE() << "accepted";
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find("m.onnx: ONNX Runtime: "), 0U) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }
}

TEST_F(Ort, RefusesOtherNumbersThanFp32AndOtherSizes) {
  try {
    OrtSession(add_one_model(11), "m.onnx", {});
    ADD_FAILURE() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "m.onnx, input x: expected a tensor of fp32");
  }
  OrtSession session(add_one_model(), "m.onnx", {});
  const std::vector<float> x(6);
  std::vector<float> y(5);
  EXPECT_THROW(session.run(x, std::vector<std::int64_t>{3, 2}, y), InputError);
  EXPECT_THROW(session.run(x, std::vector<std::int64_t>{2, 3}, y), InputError);
}

}  // namespace
}  // namespace oneproxy
