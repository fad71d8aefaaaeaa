// Figs. 15, 24, 28 and 31: SRCC before and after adapting, on published tables of latencies.

#include <span>

#include "makers.hpp"
#include "oneproxy/reproduce/proxy_study.hpp"
#include "oneproxy/space/published_table.hpp"
#include "pictures.hpp"

namespace oneproxy {
namespace {

struct Target {
  const char* column;
  const char* name;
  std::size_t training_count;
  std::optional<double> paper_before = {};
  std::optional<double> paper = {};
  bool negative_is_latency = false;
  const char* remark = "";
};

void add_rows(const ReproduceContext& context, const std::string& file, const std::string& space_name,
              const std::string& proxy, std::span<const Target> targets, std::vector<ReproducedRow>& rows) {
  report(context.progress, {"reading " + file, 0, 1});
  const SpacePtr space = make_space(space_name);
  const ProxyStudy study(space, read_published_table(context.data(file), *space), proxy, context.options.seed);
  for (const Target& target : targets) {
    const ProxyStudyTarget wanted{.column = target.column,
                                  .training_count = target.training_count,
                                  .negative_is_latency = target.negative_is_latency};
    const auto score = study.score(wanted, context.options.draws, context.options.threads, context.progress);
    rows.push_back({.target = target.name,
                    .before = score.before,
                    .ours = score.adapted,
                    .deviation = score.adapted_deviation,
                    .posterior = score.posterior,
                    .paper_before = target.paper_before,
                    .paper = target.paper,
                    .samples = wanted.training_count + wanted.validation_count,
                    .draws = context.options.draws,
                    .remark = target.remark});
  }
}

constexpr const char* oneproxy_table = "nasbench201/oneproxy_latency_ms.csv";
constexpr const char* help_table = "nasbench201/help_latency_ms.csv";
constexpr const char* hwnasbench360_table = "nasbench201/hwnasbench360_latency_ms.csv";
constexpr const char* fbnet_table = "fbnet/help_latency_ms.csv";

ReproducedFigure fig15(const ReproduceContext& context) {
  const Target all[]{{"raspi4", "Raspi4", 20, .96, {}, false, "the paper uses the proxy as it is"},
                     {"eyeriss", "Eyeriss", 20, .72, .99},
                     {"fpga", "FPGA", 20, .87, .99}};
  const Target edge[]{{"rice_edgegpu", "Edge GPU", 40, {}, {}, false, "the paper: 0.9 or higher"},
                      {"rice_edgetpu", "Edge TPU", 40, {}, {}, true, "the paper: 0.9 or higher; -1 counts as latency"}};
  ReproducedFigure figure;
  add_rows(context, help_table, "nas_bench_201", "pixel3", all, figure.rows);
  add_rows(context, oneproxy_table, "nas_bench_201", "rice_pixel3", edge, figure.rows);
  figure.notes = {
      "NAS-Bench-201, CIFAR-10, proxy Pixel3, HW-NAS-Bench's latencies: all 15,625 networks for the first three "
      "targets "
      "(HELP's table), 1,999 for the edge devices (OneProxy's)."};
  figure.pictures.push_back(adaptation_picture("fig15.svg", "NAS-Bench-201, proxy Pixel3", figure.rows));
  return figure;
}

ReproducedFigure fig24(const ReproduceContext& context) {
  const Target targets[]{{"pi5_litert_cifar100_ms", "Pi 5, LiteRT, CIFAR-100", 20},
                         {"pi5_onnx_cifar100_ms", "Pi 5, ONNX, CIFAR-100", 20},
                         {"pi5_torchmobile_cifar100_ms", "Pi 5, TorchMobile, CIFAR-100", 20},
                         {"pi5_litert_darcy_ms", "Pi 5, LiteRT, Darcy flow", 20},
                         {"pi5_onnx_darcy_ms", "Pi 5, ONNX, Darcy flow", 20},
                         {"pi5_torchmobile_darcy_ms", "Pi 5, TorchMobile, Darcy flow", 20}};
  ReproducedFigure figure;
  add_rows(context, hwnasbench360_table, "nas_bench_201(dataset=cifar100)", "pixel_litert_cifar100_ms", targets,
           figure.rows);
  figure.notes = {
      "The paper's figure is NAS-Bench-201 on CIFAR-100 and ImageNet16-120, proxy Pixel3, targets Edge GPU, Edge TPU, "
      "Eyeriss, FPGA and Raspi4: these latencies are not in the public tables at hand (only those of CIFAR-10, fig15).",
      "In their place: HW-NAS-Bench-360, proxy Pixel 6a with LiteRT on CIFAR-100, targets Raspberry Pi 5 with three "
      "frameworks on CIFAR-100 and on images of another size. No values of the paper belong to these devices."};
  figure.pictures.push_back(adaptation_picture("fig24.svg", "NAS-Bench-201, proxy Pixel 6a", figure.rows));
  return figure;
}

ReproducedFigure fig28(const ReproduceContext& context) {
  const Target targets[]{
      {"raspi4", "Raspi4", 40, .95, .99}, {"eyeriss", "Eyeriss", 20, .97, .99}, {"fpga", "FPGA", 30, .90, .99}};
  ReproducedFigure figure;
  add_rows(context, fbnet_table, "fbnet", "pixel3", targets, figure.rows);
  figure.notes = {"FBNet, CIFAR-100, proxy Pixel3, 5,000 networks of HELP's table (HW-NAS-Bench's latencies).",
                  "Not in the public tables at hand: Edge GPU, and the right half (ImageNet16-120; the paper: Raspi4 "
                  ".98 before and "
                  "after, Eyeriss .96 to .99, FPGA .88 to .99)."};
  figure.pictures.push_back(adaptation_picture("fig28.svg", "FBNet, proxy Pixel3", figure.rows));
  return figure;
}

ReproducedFigure fig31(const ReproduceContext& context) {
  const Target targets[]{{"rice_edgegpu", "Edge GPU", 30, {}, .92},
                         {"rice_edgetpu", "Edge TPU", 30, {}, .90, true, "-1 counts as latency, as in the paper"},
                         {"rice_eyeriss", "Eyeriss", 30, {}, .98},
                         {"rice_fpga", "FPGA", 30, {}, .99},
                         {"rice_pixel3", "Pixel3", 55, {}, .90},
                         {"rice_raspi4", "Raspi4", 30, {}, .91},
                         {"true_630", "Adreno 630", 30, {}, .93},
                         {"true_640", "Adreno 640", 30, {}, .93},
                         {"true_a76", "Cortex A76", 30, {}, .92},
                         {"eagle_gtx", "GTX 1080 Ti", 60, .69, .90},
                         {"eagle_cpu_855", "Kryo 485 CPU", 30, {}, .96},
                         {"eagle_dsp_855", "Hexagon 690 DSP", 50, {}, .91},
                         {"eagle_gpu_855", "Adreno 640* GPU 855", 30, {}, .91},
                         {"eagle_i7", "i7-7820X", 60, {}, .90},
                         {"eagle_jetson", "Jetson Nano", 55, {}, .94},
                         {"eagle_jetson_16", "Jetson Nano fp16", 90, {}, .90},
                         {"rice_edgetpu", "Edge TPU, networks that ran", 30, {}, {}, false, "-1 is missing"}};
  ReproducedFigure figure;
  add_rows(context, oneproxy_table, "nas_bench_201", "true_vpu", targets, figure.rows);
  figure.notes = {
      "NAS-Bench-201, proxy Myriad VPU, the 1,999 networks of OneProxy's table, with the paper's numbers of samples.",
      "Edge TPU holds -1 for networks that could not be compiled for it. The paper counts these as latencies, and so "
      "does "
      "the row with its value; the last row takes them as missing."};
  figure.pictures.push_back(adaptation_picture("fig31.svg", "NAS-Bench-201, proxy Myriad VPU", figure.rows));
  return figure;
}

}  // namespace

std::vector<FigureMaker> published_adaptation_makers() {
  return {
      {.id = "fig15", .title = "SRCC on NAS-Bench-201, CIFAR-10", .data = {help_table, oneproxy_table}, .make = fig15},
      {.id = "fig24", .title = "SRCC on NAS-Bench-201, other tasks", .data = {hwnasbench360_table}, .make = fig24},
      {.id = "fig28", .title = "SRCC on FBNet", .data = {fbnet_table}, .make = fig28},
      {.id = "fig31", .title = "SRCC on NAS-Bench-201 over three sources", .data = {oneproxy_table}, .make = fig31}};
}

}  // namespace oneproxy
