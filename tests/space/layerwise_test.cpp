#include "oneproxy/space/layerwise.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

const std::string examples = std::string(ONEPROXY_SOURCE_DIR) + "/examples/spaces/";

class Layerwise : public testing::Test {
 protected:
  void SetUp() override {
    try {
      make_space(examples + "gates.yaml");
    } catch (const InputError& error) {
      if (std::string(error.what()).find("lacks yaml-cpp") != std::string::npos) GTEST_SKIP() << error.what();
      throw;
    }
  }
  ~Layerwise() override { std::filesystem::remove(file_); }

  /// What is wrong with a file of this content, after the file's name.
  std::string error_of(const std::string& content) {
    write_file(file_, content);
    try {
      make_space(file_.string());
    } catch (const InputError& error) {
      const std::string text = error.what();
      return text.starts_with(file_.string()) ? text.substr(file_.string().size()) : text;
    }
    return "accepted";
  }

  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) / ("oneproxy_layerwise_" + std::to_string(getpid()) + ".yaml");
};

TEST_F(Layerwise, TheExampleIsMobileNetV2) {
  const auto space = make_space(examples + "mobilenet_v2.yaml");
  const auto known = make_space("mobilenet_v2");
  ASSERT_EQ(space->decisions().size(), known->decisions().size());
  for (std::size_t d = 0; d < known->decisions().size(); ++d) {
    EXPECT_EQ(space->decisions()[d].name, known->decisions()[d].name);
    EXPECT_EQ(space->decisions()[d].options, known->decisions()[d].options);
  }
  EXPECT_EQ(space->feature_count(), known->feature_count());
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Rng same(seed);
    const Architecture x = space->sample(rng);
    EXPECT_EQ(x, known->sample(same));
    EXPECT_EQ(space->network(x), known->network(x));  // with the layers' names
    EXPECT_EQ(space->encode({&x, 1}), known->encode({&x, 1}));
    EXPECT_EQ(space->text(x), known->text(x));
    EXPECT_EQ(space->parse(known->text(x)), x);
  }
}

TEST_F(Layerwise, ADigestBindsTheDescriptionToTheContent) {
  write_file(file_, read_file(examples + "gates.yaml"));
  const auto space = make_space(file_.string());
  EXPECT_EQ(make_space(space->description())->description(), space->description());
  write_file(file_, read_file(file_) + "# another\n");
  try {
    make_space(space->description());
    FAIL() << "a changed file was accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("has changed: its digest is now "), std::string::npos) << error.what();
  }
}

TEST_F(Layerwise, CandidatesBuildWhatTheySay) {
  const auto space = make_space(examples + "gates.yaml");
  const auto network = [&](const char* text) { return space->network(space->parse(text)); };
  const auto layers_of = [](const Network& net, const std::string& block) {
    std::string kinds;
    for (const Layer& layer : net.layers) {
      if (layer.name == block || layer.name.starts_with(block + ".")) kinds += to_string(layer.kind) + " ";
    }
    return kinds;
  };
  const Network net = network("skip.k5_e4_se.k3_e2_g2-skip.separable.dense-k3_e2.skip");
  EXPECT_EQ(layers_of(net, "block0"), "");
  EXPECT_EQ(layers_of(net, "block1"),
            "convolution convolution global_average_pool convolution convolution multiply convolution add ");
  EXPECT_EQ(layers_of(net, "block2"), "convolution channel_shuffle convolution convolution add ");
  EXPECT_EQ(layers_of(net, "block3"), "convolution ");  // a skip that changes the shape
  EXPECT_EQ(layers_of(net, "block4"), "convolution convolution add ");
  EXPECT_EQ(layers_of(net, "block5"), "convolution add ");
  EXPECT_EQ(layers_of(net, "block6"), "convolution convolution convolution ");
  EXPECT_EQ(layers_of(net, "block7"), "");
  EXPECT_THROW(network("skip.skip.skip-skip.skip.skip-skip"), InputError);
  EXPECT_THROW(network("skip.skip.skip-skip.skip.skip-skip.skip.skip"), InputError);
  EXPECT_THROW(network("skip.skip.skip-skip.skip.skip-skip.none"), InputError);
}

TEST_F(Layerwise, ArchitecturesRoundTripAndAreCanonical) {
  const auto space = make_space(examples + "gates.yaml");
  EXPECT_EQ(space->decisions().size(), 11U);       // ten blocks, one depth
  EXPECT_EQ(space->feature_count(), 10U * 6 + 1);  // six candidates
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Architecture x(11);
    for (std::size_t d = 0; d < 11; ++d) x[d] = static_cast<std::uint8_t>(rng.below(d < 10 ? 6 : 2));
    const Architecture once = space->canonical(x);
    EXPECT_EQ(space->canonical(once), once);
    EXPECT_EQ(space->network(x), space->network(once));
    EXPECT_EQ(space->parse(space->text(x)), once);
    EXPECT_EQ(space->from_json(space->to_json(x)), once);
    EXPECT_EQ(space->encode({&once, 1}).sum(), (once[10] == 0 ? 8 : 10) + 1);
  }
  // Stem and head alone; a 1 x 1 convolution for each of the two stages that change the shape.
  const auto total = costs(space->network(space->parse("skip.skip.skip-skip.skip.skip-skip.skip")));
  EXPECT_EQ(total.dense_flops, 2.0 * (27 * 16 * 32 * 32 + 16 * 32 * 8 * 8 + 32 * 64 * 4 * 4));
  EXPECT_EQ(total.fully_connected_flops, 2.0 * (64 * 128 + 128 * 10));
}

TEST_F(Layerwise, BadFilesAreNamedByLineAndField) {
  const std::string good = read_file(examples + "gates.yaml");
  EXPECT_EQ(error_of(good), "accepted");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return error_of(text.replace(at, from.size(), to));
  };
  EXPECT_EQ(with("channels: 3, resolution: 64", "channels: 3"), ", line 4, field input: lacks the field resolution");
  EXPECT_EQ(with("resolution: 64", "resolution: big"),
            ", line 4, field input.resolution: expected a whole number from 1 to 4096");
  EXPECT_EQ(with("stride: 2, activation: hard_swish", "stride: 2, activation: swish"),
            ", line 7, field stem[0].activation: expected one of none, relu6, relu, hard_swish");
  EXPECT_EQ(with("kernel: 5", "kernel: 4"), ", line 13, field candidates[1].kernel: expected an odd number");
  EXPECT_EQ(with("name: dense", "name: skip"), ", line 17, field candidates[5]: the name 'skip' stands twice");
  EXPECT_EQ(with("groups: 2", "group: 2"),
            ", line 14, field candidates[2]: unknown field 'group'; there are activation, expansion, groups, kernel, "
            "kind, name, squeeze");
  EXPECT_EQ(with("[2, 4]", "[4, 2]"), ", line 22, field stages[2].depth[1]: expected ascending numbers");
  EXPECT_EQ(with("[2, 4]", "[2, 3, 4, 65]"),
            ", line 22, field stages[2].depth[3]: expected a whole number from 1 to 64");
  EXPECT_EQ(with("name: shrink, kernel: 3", "name: shrink, kernel: 99"),
            ", line 8, field stem[1]: windows of 99 pixels on an image of 32");
  EXPECT_EQ(with("kind: global_average_pool, name: pool", "kind: max_pool, name: pool, kernel: 2"),
            ", line 26, field head[1]: expected a global_average_pool before it");
  EXPECT_EQ(with("name: hidden", "name: pool"), ", line 26, field head[1]: the name 'pool' is taken");
  EXPECT_EQ(error_of("input: [1, 2"), ", line 1: end of sequence flow not found");
  EXPECT_EQ(error_of(""), ": expected a mapping");
  EXPECT_TRUE(
      error_of(std::string(2'000'000, ' ')).ends_with("is larger than 1 MB; expected a description of a space"));
  EXPECT_TRUE(with("groups: 2", "groups: 3").ends_with("3 groups do not divide a block of 16 to 16 channels"));
  EXPECT_TRUE(with("depth: [2, 4]", "depth: 200").ends_with("expected a whole number from 1 to 64"));
  const std::string many =
      with("depth: 3}\n  - {channels: 32", "depth: 64}\n  - {channels: 32, depth: 64}\n  - {channels: 32");
  EXPECT_TRUE(many.ends_with("decisions; there may be 127")) << many;
}

// Whatever stands in a file, it is refused in one line or makes a space whose networks can be built.
TEST_F(Layerwise, HostileFilesAreRefusedInOneLine) {
  const std::string good = read_file(examples + "gates.yaml");
  Rng rng(1);
  for (int i = 0; i < 400; ++i) {
    std::string text = good;
    for (std::uint64_t k = 0; k <= rng.below(4); ++k) {
      const std::size_t at = rng.below(text.size());
      if (rng.below(2) == 0)
        text[at] = static_cast<char>(rng.below(256));
      else
        text.erase(at, 1 + rng.below(20));
    }
    write_file(file_, text);
    try {
      const auto space = make_space(file_.string());
      Rng draw(static_cast<std::uint64_t>(i));
      EXPECT_FALSE(space->network(space->sample(draw)).layers.empty());
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  EXPECT_NE(error_of(std::string(100'000, '[')), "accepted");
  EXPECT_NE(error_of("a: &a [*a, *a]\ninput: *a\n"), "accepted");
}

}  // namespace
}  // namespace oneproxy
