// Figs. 19, 29 and 30: the families of nn-Meter's benchmark. Its latencies are not public; devices on paper stand in.

#include "makers.hpp"
#include "on_paper.hpp"
#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/adapt/srcc_spread.hpp"
#include "oneproxy/report/svg.hpp"
#include "oneproxy/reproduce/proxy_study.hpp"
#include "pictures.hpp"

namespace oneproxy {
namespace {

const std::vector<std::string> devices{"fpga(design=1)", "fpga(design=6)", "roofline(device=s5e)",
                                       "roofline(device=taba)", "roofline(peak_gflops=2000, bandwidth_gbs=20)"};
const std::vector<std::string> device_names{"FPGA 1", "FPGA 6", "S5e", "TabA", "short of bandwidth"};

const std::string stand_in =
    "nn-Meter's latencies (Cortex A76, Adreno 630 and 640, Myriad VPU) are not in the public tables at hand. In their "
    "place: two FPGA designs of Table 3, S5e and TabA of Table 2 as rooflines, and a processor short of bandwidth "
    "(2,000 "
    "GFLOP/s, 20 GB/s); all are computed. No values of the paper belong to these devices.";

/// Random networks of a family and their latencies on the devices.
ArchTable family_table(const ReproduceContext& context, const SpacePtr& space, std::size_t count) {
  report(context.progress, {"computing " + space->description(), 0, 1});
  ArchTable table;
  table.file = space->description();
  table.columns = device_names;
  Rng rng(context.options.seed);
  table.architectures = space->sample_distinct(count, rng);
  table.values = compute_on_paper(*space, table.architectures, devices, context.options.threads).latency_ms;
  return table;
}

ReproducedFigure fig19(const ReproduceContext& context) {
  ReproducedFigure figure;
  const std::vector<std::size_t> all{0, 1, 2, 3, 4};
  const std::vector<std::size_t> compute_bound{0, 1, 2, 3};
  std::vector<std::string> families{"googlenet", "mnasnet", "mobilenet_v2", "resnet", "squeezenet", "vgg"};
  for (const auto& family : families) {
    const SpacePtr space = make_space(family);
    const auto srcc = srcc_matrix(family_table(context, space, 200).values, context.options.threads);
    const auto pairs = pair_srccs(srcc, all);
    const auto others = pair_srccs(srcc, compute_bound);
    figure.rows.push_back({.target = family,
                           .quantity = "lowest SRCC, FPGAs and rooflines",
                           .ours = others.front(),
                           .remark = "the paper: above 0.9 on its devices"});
    figure.rows.push_back(
        {.target = family, .quantity = "median SRCC of all ten pairs", .ours = pairs[pairs.size() / 2]});
    figure.pictures.push_back(
        {"fig19-" + family + ".svg", heat_map_svg(family + ", 200 networks", device_names, device_names, srcc)});
  }
  figure.notes = {stand_in, "200 random networks of each family, 224 x 224 pixels."};
  return figure;
}

void add_adaptation(const ReproduceContext& context, const std::string& family, const std::string& proxy,
                    std::size_t training_count, ReproducedFigure& figure) {
  const SpacePtr space = make_space(family);
  const ProxyStudy study(space, family_table(context, space, 1000), proxy, context.options.seed);
  for (const auto& target : device_names) {
    if (target == proxy) continue;
    const ProxyStudyTarget wanted{.column = target, .training_count = training_count};
    const auto score = study.score(wanted, context.options.draws, context.options.threads, context.progress);
    figure.rows.push_back({.target = target,
                           .before = score.before,
                           .ours = score.adapted,
                           .deviation = score.adapted_deviation,
                           .posterior = score.posterior,
                           .samples = wanted.training_count + wanted.validation_count,
                           .draws = context.options.draws});
  }
}

ReproducedFigure fig29(const ReproduceContext& context) {
  ReproducedFigure figure;
  add_adaptation(context, "mobilenet_v3", "short of bandwidth", 150, figure);
  figure.notes = {stand_in,
                  "1,000 networks of mobilenet_v3 in nn-Meter's form, the paper's 530 numbers as encoding, proxy the "
                  "device with the weakest monotonicity, 150 samples for training and 20 for validation as there. The "
                  "proxy's predictor is linear in the encoding; the paper's is a network whose last layer is adapted."};
  figure.pictures.push_back(adaptation_picture("fig29.svg", "MobileNet-V3, proxy short of bandwidth", figure.rows));
  return figure;
}

ReproducedFigure fig30(const ReproduceContext& context) {
  ReproducedFigure figure;
  add_adaptation(context, "proxyless_nas", "S5e", 30, figure);
  figure.notes = {
      stand_in,
      "1,000 networks of proxyless_nas, the paper's 783 numbers as encoding, 30 samples for training and 20 "
      "for validation as there. The paper: Adreno 640 for Myriad VPU .87 before, over .9 after."};
  figure.pictures.push_back(adaptation_picture("fig30.svg", "ProxylessNAS, proxy S5e", figure.rows));
  return figure;
}

}  // namespace

std::vector<FigureMaker> family_makers() {
  return {{.id = "fig19", .title = "Families of nn-Meter's benchmark", .make = fig19},
          {.id = "fig29", .title = "SRCC on MobileNet-V3", .make = fig29},
          {.id = "fig30", .title = "SRCC on ProxylessNAS", .make = fig30}};
}

}  // namespace oneproxy
