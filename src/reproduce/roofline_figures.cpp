// Figs. 8 and 9: where the networks lie on rooflines.

#include "binned.hpp"
#include "makers.hpp"
#include "on_paper.hpp"
#include "own_devices.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

struct Peak {
  const char* name;
  double gflops;
  double gbytes_per_s;
};
// The paper's Table 2.
constexpr Peak peaks[]{{"S5e", 40.6, 14.93}, {"TabA", 15.3, 7.46}, {"Lenovo", 26.5, 7.5}};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

ReproducedFigure fig8(const ReproduceContext& context) {
  report(context.progress, {"computing costs", 0, 1});
  const PaperNetworks networks = paper_networks(context.options.seed);
  const OnPaper paper =
      compute_on_paper(*networks.space, networks.architectures, mobile_rooflines(), context.options.threads);
  const Eigen::ArrayXd intensity = paper.flops.array() / paper.bytes.array();
  ReproducedFigure figure;
  const std::string unit = "FLOPs per byte";
  figure.rows = {
      {.target = "least operational intensity", .quantity = unit, .ours = intensity.minCoeff(), .paper = 2.6},
      {.target = "greatest operational intensity", .quantity = unit, .ours = intensity.maxCoeff(), .paper = 5.4}};
  std::vector<ChartLine> lines;
  for (std::size_t d = 0; d < std::size(peaks); ++d) {
    const Peak& peak = peaks[d];
    const double ridge = peak.gflops / peak.gbytes_per_s;
    figure.rows.push_back({.target = std::string(peak.name) + ", ridge of the theoretical roofline",
                           .quantity = unit,
                           .ours = ridge,
                           .remark = "from Table 2"});
    figure.rows.push_back({.target = std::string(peak.name) + ", networks right of the ridge",
                           .quantity = "share",
                           .ours = (intensity >= ridge).cast<double>().mean(),
                           .remark = "the paper: most, by measured rooflines"});
    lines.push_back({.name = std::string(peak.name) + " roofline",
                     .x = {0, ridge, 12},
                     .y = {0, peak.gflops, peak.gflops},
                     .deviation = {}});
    const Eigen::ArrayXd attained = paper.flops.array() / paper.latency_ms.col(static_cast<Index>(d)).array() / 1e6;
    lines.push_back(binned(std::string(peak.name) + " networks", intensity, attained, 12));
  }
  figure.pictures.push_back({"fig8.svg", line_chart_svg("Theoretical rooflines and the networks' bound, layer by layer",
                                                        "operational intensity, FLOPs per byte", "GFLOP/s", lines)});
  figure.notes = {
      "10,000 random networks of mobilenet_v2(resolution=224, width=1.3). A layer reads its input and weights and "
      "writes "
      "its output in fp32; one multiply-accumulate is two FLOPs. The paper does not say how it counts; with one FLOP a "
      "multiply-accumulate ours are half as large.",
      "The paper measured what its devices reach; they are not at hand, so the points are each network's bound: every "
      "layer on its own side of the ridge."};
  return figure;
}

ReproducedFigure fig9(const ReproduceContext& context) {
  const OwnDevices own = load_own_devices(context);
  const OnPaper paper = compute_on_paper(*own.space, own.table.architectures, {}, context.options.threads);
  const Eigen::ArrayXd intensity = paper.flops.array() / paper.bytes.array();
  ReproducedFigure figure;
  std::vector<ChartLine> lines;
  for (const auto& engine : own.engines) {
    const auto latency = own.table.values.col(static_cast<Index>(own.table.column(engine))).array();
    const Eigen::ArrayXd attained = paper.flops.array() / latency / 1e6;
    figure.rows.push_back(
        {.target = engine, .quantity = "GFLOP/s attained, median", .ours = median({attained.begin(), attained.end()})});
    lines.push_back(binned(engine, intensity, attained, 12));
  }
  figure.rows.push_back({.target = "networks",
                         .quantity = "FLOPs per byte, median",
                         .ours = median({intensity.begin(), intensity.end()})});
  figure.pictures.push_back({"fig9.svg", line_chart_svg("What engines attain", "operational intensity, FLOPs per byte",
                                                        "GFLOP/s attained", lines)});
  figure.notes = {
      "The paper measured the rooflines of its four devices with Gables' tool; they are not at hand. In their place: "
      "what "
      "the engines measured for models/ attain on " +
      std::to_string(own.table.architectures.size()) + " networks of " + own.space->description() +
      ". `oneproxy measure --explain` and the page of a run show a machine's own roofline."};
  return figure;
}

}  // namespace

std::vector<FigureMaker> roofline_makers() {
  return {{.id = "fig8", .title = "Roofline analysis", .make = fig8},
          {.id = "fig9", .title = "What devices attain", .needs_models = true, .make = fig9}};
}

}  // namespace oneproxy
