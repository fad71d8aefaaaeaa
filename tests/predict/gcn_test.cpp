#include "oneproxy/predict/gcn.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/latency_file.hpp"
#include "oneproxy/space/nas_bench_201.hpp"

namespace oneproxy {
namespace {

DenseLayer random_layer(Eigen::Index inputs, Eigen::Index outputs, Rng& rng) {
  DenseLayer layer{FeatureMatrix(inputs, outputs), Eigen::VectorXf(outputs)};
  for (float& weight : layer.weight.reshaped()) {
    weight = static_cast<float>(rng.normal() / std::sqrt(static_cast<double>(inputs)));
  }
  for (float& bias : layer.bias) bias = static_cast<float>(0.1 * rng.normal());
  return layer;
}

GcnModel random_model(const SearchSpace& space, Eigen::Index hidden) {
  Rng rng(1);
  GcnModel model{.device = "a test", .sample_count = 3, .kind = graph_kind_of(space), .convolutions = {}, .output = {}};
  auto inputs = static_cast<Eigen::Index>(gcn_feature_count(model.kind));
  for (int i = 0; i < 4; ++i) {
    model.convolutions.push_back(random_layer(inputs, hidden, rng));
    inputs = hidden;
  }
  model.output = random_layer(hidden, 1, rng);
  return model;
}

/// The definition, in double precision, node by node.
double by_definition(const GcnModel& model, const GcnGraph& graph) {
  Eigen::MatrixXd values = graph.features.cast<double>();
  for (const auto& layer : model.convolutions) {
    Eigen::MatrixXd means = Eigen::MatrixXd::Zero(values.rows(), values.cols());
    for (std::size_t node = 0; node < graph.reads.size(); ++node) {
      for (const int read : graph.reads[node]) {
        means.row(static_cast<Eigen::Index>(node)) += values.row(read) / static_cast<double>(graph.reads[node].size());
      }
    }
    values = ((means * layer.weight.cast<double>()).rowwise() + layer.bias.cast<double>().transpose()).cwiseMax(0.0);
  }
  return values.row(0).dot(model.output.weight.col(0).cast<double>()) + static_cast<double>(model.output.bias[0]);
}

const char* const spaces[] = {"nas_bench_201", "mobilenet_v2(resolution=32, width=0.5)", "ofa_mobilenet_v3"};

std::vector<Architecture> samples(const SearchSpace& space, int count) {
  Rng rng(2);
  std::vector<Architecture> xs;
  for (int i = 0; i < count; ++i) xs.push_back(space.sample(rng));
  return xs;
}

TEST(Gcn, GraphsAreOrderedAndTheGlobalNodeReadsAll) {
  for (const char* text : spaces) {
    SCOPED_TRACE(text);
    const auto space = make_space(text);
    for (const auto& x : samples(*space, 5)) {
      const GcnGraph graph = gcn_graph(*space, x, graph_kind_of(*space));
      ASSERT_EQ(static_cast<std::size_t>(graph.features.rows()), graph.reads.size());
      EXPECT_EQ(static_cast<std::size_t>(graph.features.cols()), gcn_feature_count(graph_kind_of(*space)));
      EXPECT_TRUE(graph.features.allFinite());
      EXPECT_EQ(graph.reads[0].size(), graph.reads.size());
      for (std::size_t node = 1; node < graph.reads.size(); ++node) {
        EXPECT_EQ(graph.reads[node].back(), static_cast<int>(node));  // itself, and none after it
        EXPECT_NE(graph.reads[node].front(), 0);
      }
    }
  }
}

TEST(Gcn, TheCellOfNasBench201HasItsEdges) {
  const NasBench201 space;
  const Architecture x{0, 1, 2, 3, 4, 0};
  const GcnGraph graph = gcn_graph(space, x, GcnGraphKind::cell);
  // 0 global, 1 input, 2..7 the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3, 8 output
  using Reads = std::vector<int>;
  EXPECT_EQ(graph.reads[2], (Reads{1, 2}));
  EXPECT_EQ(graph.reads[4], (Reads{2, 4}));
  EXPECT_EQ(graph.reads[7], (Reads{3, 4, 7}));
  EXPECT_EQ(graph.reads[8], (Reads{5, 6, 7, 8}));
  for (int edge = 0; edge < 6; ++edge) EXPECT_EQ(graph.features(2 + edge, 3 + x[static_cast<std::size_t>(edge)]), 1);
}

TEST(Gcn, ComputesItsDefinitionAndTheSameBitsInAnyBatch) {
  for (const char* text : spaces) {
    SCOPED_TRACE(text);
    const auto space = make_space(text);
    const GcnPredictor predictor(space, random_model(*space, 40));
    const auto xs = samples(*space, 90);
    const std::vector<float> together = predictor(xs);
    for (std::size_t i = 0; i < xs.size(); ++i) {
      EXPECT_EQ(predictor(std::vector{xs[i]})[0], together[i]) << i;
      EXPECT_NEAR(by_definition(predictor.model(), gcn_graph(*space, xs[i], predictor.model().kind)), together[i],
                  1e-4);
    }
  }
}

TEST(Gcn, SurvivesItsFileAndRefusesOthers) {
  testing::TemporaryFolder folder;
  const auto space = make_space("nas_bench_201");
  const GcnModel model = random_model(*space, 7);
  save_gcn(folder / "a.gcn", *space, model);
  const auto loaded = load_gcn(folder / "a.gcn", space);
  EXPECT_EQ(loaded->model().device, "a test");
  EXPECT_EQ(loaded->model().sample_count, 3U);
  EXPECT_EQ((*loaded)(samples(*space, 20)), GcnPredictor(space, model)(samples(*space, 20)));
  EXPECT_EQ((*load_latency_predictor(folder / "a.gcn", space))(samples(*space, 20)), (*loaded)(samples(*space, 20)));

  const std::string whole = read_file(folder / "a.gcn");
  const auto refuses = [&](std::string content, const std::string& part) {
    write_file(folder / "b.gcn", content);
    try {
      load_gcn(folder / "b.gcn", space);
      ADD_FAILURE() << "read: " << part;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  refuses("", "expected the format");
  refuses(whole.substr(0, whole.size() - 1), "are fewer");
  refuses(whole + "x", "are more");
  std::string changed = whole;
  changed.replace(changed.find("[8,7]"), 5, "[9,7]");
  refuses(changed, "are fewer");
  changed = whole;
  changed.replace(changed.find("cell"), 4, "tree");
  refuses(changed, "field graph");
  changed = whole;
  const float infinite = INFINITY;
  changed.replace(changed.size() - 4, 4, reinterpret_cast<const char*>(&infinite), 4);
  refuses(changed, "not finite");
  EXPECT_THROW(load_gcn(folder / "a.gcn", make_space("fbnet")), InputError);
  EXPECT_THROW(GcnPredictor(make_space("fbnet"), model), InputError);
  GcnModel broken = model;
  broken.convolutions[2].weight.conservativeResize(6, 7);
  EXPECT_THROW(GcnPredictor(space, broken), InputError);
}

}  // namespace
}  // namespace oneproxy
