// Figs. 4, 6 and 7: how alike devices of one platform and of several rank the paper's networks.

#include <limits>

#include "binned.hpp"
#include "makers.hpp"
#include "on_paper.hpp"
#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/srcc.hpp"
#include "own_devices.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

std::vector<double> column(const Eigen::MatrixXd& values, Index c) {
  return {values.col(c).begin(), values.col(c).end()};
}

/// Latencies over their mean, so that several devices share one axis.
std::vector<double> relative(std::vector<double> values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) value /= mean;
  return values;
}

struct Pairs {
  double lowest = std::numeric_limits<double>::infinity();
  double mean = 0;
};

Pairs pairs_of(const Eigen::MatrixXd& srcc) {
  Pairs pairs;
  double count = 0;
  for (Index i = 0; i < srcc.rows(); ++i) {
    for (Index k = i + 1; k < srcc.cols(); ++k) {
      pairs.lowest = std::min(pairs.lowest, srcc(i, k));
      pairs.mean += srcc(i, k);
      count += 1;
    }
  }
  pairs.mean /= count;
  return pairs;
}

const std::string paper_space_note =
    "10,000 random networks of mobilenet_v2(resolution=224, width=1.3), the paper's space.";

ReproducedFigure fig4(const ReproduceContext& context) {
  ReproducedFigure figure;
  report(context.progress, {"computing latencies", 0, 1});
  const PaperNetworks networks = paper_networks(context.options.seed);
  auto devices = mobile_rooflines();
  devices.push_back("fpga(design=4)");
  auto names = mobile_names();
  names.push_back("FPGA 4");
  const OnPaper paper = compute_on_paper(*networks.space, networks.architectures, devices, context.options.threads);
  const Eigen::MatrixXd srcc = srcc_matrix(paper.latency_ms, context.options.threads);
  for (Index i = 0; i < 3; ++i) {
    for (Index k = i + 1; k < 4; ++k) {
      const bool mobile = k < 3;
      figure.rows.push_back({.target = names[static_cast<std::size_t>(i)] + ", " + names[static_cast<std::size_t>(k)],
                             .ours = srcc(i, k),
                             .paper = mobile ? std::optional(0.98) : std::nullopt,
                             .remark = mobile ? "on paper; the paper measured: at least" : "on paper"});
    }
  }
  std::vector<ChartLine> lines;
  const auto taba = relative(column(paper.latency_ms, 1));
  for (const Index device : {Index{0}, Index{2}, Index{3}}) {
    lines.push_back(binned(names[static_cast<std::size_t>(device)], taba, relative(column(paper.latency_ms, device))));
  }
  figure.pictures.push_back({"fig4.svg", line_chart_svg("Latencies against TabA's, relative to the mean",
                                                        "TabA (on paper)", "other device (on paper)", lines)});

  const OwnDevices own = load_own_devices(context);
  auto columns = own.engines;
  columns.insert(columns.end(), own.on_paper.begin(), own.on_paper.end());
  const Eigen::MatrixXd own_srcc = srcc_matrix(own.table.values, context.options.threads);
  for (std::size_t i = 0; i < own.engines.size(); ++i) {
    for (std::size_t k = i + 1; k < own.engines.size(); ++k) {
      figure.rows.push_back({.target = columns[i] + ", " + columns[k],
                             .ours = own_srcc(static_cast<Index>(i), static_cast<Index>(k)),
                             .remark = "measured on this project's machine"});
    }
  }
  figure.pictures.push_back(
      {"fig4-engines.svg", heat_map_svg("SRCC of latencies, " + std::to_string(own.table.architectures.size()) +
                                            " networks of the shipped space",
                                        columns, columns, own_srcc)});
  figure.notes = {
      paper_space_note +
          " The paper's four tablets and phones are not at hand; those whose peak and bandwidth its Table "
          "2 prints are computed as rooflines, FPGA 4 is a design of its Table 3.",
      "Engines were measured on one machine (models/README.md), on " + std::to_string(own.table.architectures.size()) +
          " networks of " + own.space->description() +
          ": two of them on the same processor may rank networks as one platform or as two. The paper's cross-platform "
          "pairs (d): S5e with i7-4790 .78, with T4 .72."};
  return figure;
}

ReproducedFigure fpga_figure(const ReproduceContext& context, bool matrix) {
  ReproducedFigure figure;
  report(context.progress, {"computing latencies", 0, 1});
  const PaperNetworks networks = paper_networks(context.options.seed);
  const OnPaper paper =
      compute_on_paper(*networks.space, networks.architectures, fpga_designs(), context.options.threads);
  const auto names = fpga_names();
  const Eigen::MatrixXd srcc = srcc_matrix(paper.latency_ms, context.options.threads);
  if (!matrix) {
    std::vector<ChartLine> lines;
    const auto first = column(paper.latency_ms, 0);
    for (Index d = 1; d < 9; ++d) {
      figure.rows.push_back({.target = names[static_cast<std::size_t>(d)] + ", FPGA 1", .ours = srcc(d, 0)});
      lines.push_back(binned(names[static_cast<std::size_t>(d)], first, column(paper.latency_ms, d)));
    }
    figure.notes = {paper_space_note +
                    " The nine FPGA designs of Table 3 by the performance model that the paper used. "
                    "The desktop processors and GPUs of (a) and (b) are not public."};
    figure.pictures.push_back(
        {"fig6.svg", line_chart_svg("Latencies of eight FPGAs against the first", "FPGA 1, ms", "ms", lines)});
    return figure;
  }
  const Eigen::MatrixXd flops = srcc_between(paper.flops, paper.latency_ms, context.options.threads);
  const Pairs pairs = pairs_of(srcc);
  figure.rows = {{.target = "nine FPGAs, lowest of 36 pairs",
                  .ours = pairs.lowest,
                  .paper = .9,
                  .remark = "the paper: most close to or above"},
                 {.target = "nine FPGAs, mean of 36 pairs", .ours = pairs.mean},
                 {.target = "FLOPs and an FPGA, lowest", .ours = flops.minCoeff()},
                 {.target = "FLOPs and an FPGA, highest", .ours = flops.maxCoeff()}};
  Eigen::MatrixXd with_flops(10, 10);
  with_flops << srcc, flops.transpose(), flops, 1;
  auto all = names;
  all.push_back("FLOPs");
  figure.pictures.push_back({"fig7.svg", heat_map_svg("SRCC, 10,000 networks", all, all, with_flops)});
  figure.notes = {paper_space_note +
                  " The nine FPGA designs of Table 3 by the performance model that the paper used, and "
                  "FLOPs. The desktop processors and GPUs of (a) and (b) are not public."};
  return figure;
}

ReproducedFigure fig6(const ReproduceContext& context) { return fpga_figure(context, false); }
ReproducedFigure fig7(const ReproduceContext& context) { return fpga_figure(context, true); }

}  // namespace

std::vector<FigureMaker> monotonicity_makers() {
  return {{.id = "fig4", .title = "Latency monotonicity between devices", .needs_models = true, .make = fig4},
          {.id = "fig6", .title = "Latency monotonicity of non-mobile platforms", .make = fig6},
          {.id = "fig7", .title = "SRCC of non-mobile devices and FLOPs", .make = fig7}};
}

}  // namespace oneproxy
