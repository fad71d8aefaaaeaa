// Figs. 18 and 21: MobileNet-V2 spaces, from published tables of operators and from the devices of models/.

#include "makers.hpp"
#include "ofa_task.hpp"
#include "on_paper.hpp"
#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/report/svg.hpp"
#include "oneproxy/reproduce/proxy_study.hpp"
#include "operator_tables.hpp"
#include "own_devices.hpp"
#include "pictures.hpp"

namespace oneproxy {
namespace {

using operator_tables::proxylessnas_file;
using operator_tables::tfnas_file;

const std::string tables_note =
    "Lookup tables of ProxylessNAS (two phones; stage widths 24, 40, 80, 96, 192, 320) and of TF-NAS (Xeon Gold 6130 "
    "at "
    "batch 1, Titan RTX at batch 32; 112 in place of 96, swish in the later stages). Networks that both have: kernels "
    "3 "
    "and 5, expansions 3 and 6, no squeeze-and-excite.";

struct Column {
  std::string name;
  std::string table_column;
  bool phone = false;
};
const std::vector<Column> columns{{"phone (ProxylessNAS)", "hancai_mobile_ms", true},
                                  {"Pixel (itouchz)", "itouchz_pixel_ms", true},
                                  {"Xeon Gold 6130", "xeon_gold_6130_bs1_ms", false},
                                  {"Titan RTX, batch 32", "titan_rtx_bs32_ms", false}};

/// Random networks and their latencies by all four tables.
ArchTable table_of_both(const ReproduceContext& context, const SpacePtr& space, std::size_t count) {
  report(context.progress, {"reading tables of operators", 0, 1});
  ArchTable table;
  table.file = "operator tables";
  Rng rng(context.options.seed);
  table.architectures = space->sample_distinct(count, rng);
  table.values.resize(std::ssize(table.architectures), std::ssize(columns));
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto predictor =
        columns[c].phone
            ? operator_tables::proxylessnas(context.data(proxylessnas_file), space, false, columns[c].table_column)
            : operator_tables::tfnas(context.data(tfnas_file), space, columns[c].table_column);
    table.columns.push_back(columns[c].name);
    table.values.col(static_cast<Eigen::Index>(c)) = predictor.latency_ms(table.architectures);
  }
  return table;
}

ReproducedFigure fig18(const ReproduceContext& context) {
  ReproducedFigure figure;
  report(context.progress, {"reading tables of operators", 0, 1});
  const SpacePtr wide = operator_tables::space(true);
  Rng rng(context.options.seed);
  const auto xs = wide->sample_distinct(10'000, rng);
  Eigen::MatrixXd phones(xs.size(), 3);
  for (Eigen::Index c = 0; c < 2; ++c) {
    phones.col(c) = operator_tables::proxylessnas(context.data(proxylessnas_file), wide, true,
                                                  columns[static_cast<std::size_t>(c)].table_column)
                        .latency_ms(xs);
  }
  phones.col(2) = compute_on_paper(*wide, xs, {}, context.options.threads).flops;
  const Eigen::MatrixXd srcc = srcc_matrix(phones, context.options.threads);
  figure.rows = {{.target = "two phones",
                  .ours = srcc(0, 1),
                  .paper = .95,
                  .remark = "the paper, Pixel1, Pixel2, S7 edge, Note8: above"},
                 {.target = columns[0].name + ", FLOPs", .ours = srcc(0, 2), .remark = "the paper: quite strong"},
                 {.target = columns[1].name + ", FLOPs", .ours = srcc(1, 2), .remark = "the paper: quite strong"}};

  const SpacePtr common = operator_tables::space(false);
  const ArchTable table = table_of_both(context, common, 10'000);
  Eigen::MatrixXd all(table.values.rows(), 5);
  all << table.values, compute_on_paper(*common, table.architectures, {}, context.options.threads).flops;
  const Eigen::MatrixXd cross = srcc_matrix(all, context.options.threads);
  for (Eigen::Index i = 0; i < 4; ++i) {
    for (Eigen::Index k = std::max<Eigen::Index>(i + 1, 2); k < 4; ++k) {
      figure.rows.push_back(
          {.target = table.columns[static_cast<std::size_t>(i)] + ", " + table.columns[static_cast<std::size_t>(k)],
           .ours = cross(i, k),
           .remark = "the paper: lower across platforms"});
    }
  }
  auto names = table.columns;
  names.push_back("FLOPs");
  figure.pictures.push_back(
      {"fig18.svg", heat_map_svg("SRCC, 10,000 networks, tables of operators", names, names, cross)});
  figure.notes = {
      "10,000 random networks, latencies as sums of published tables of operators. The paper's tables of "
      "Pixel1, Pixel2, S7 edge, Note8, TITAN Xp and E5-2640 v4 are no longer public.",
      tables_note + " So the two platforms' networks differ slightly, which lowers their SRCC."};
  return figure;
}

void add_rows(const ReproduceContext& context, const ProxyStudy& study, const std::vector<std::string>& targets,
              std::size_t training_count, const std::string& prefix, ReproducedFigure& figure) {
  for (const auto& target : targets) {
    const ProxyStudyTarget wanted{.column = target, .training_count = training_count};
    const auto score = study.score(wanted, context.options.draws, context.options.threads, context.progress);
    figure.rows.push_back({.target = prefix + target,
                           .before = score.before,
                           .ours = score.adapted,
                           .deviation = score.adapted_deviation,
                           .posterior = score.posterior,
                           .samples = wanted.training_count + wanted.validation_count,
                           .draws = context.options.draws});
  }
}

std::vector<std::string> fig21_files() {
  auto files = ofa_files();
  files.insert(files.end(), {proxylessnas_file, tfnas_file});
  return files;
}

ReproducedFigure fig21(const ReproduceContext& context) {
  ReproducedFigure figure;
  {
    const SpacePtr space = operator_tables::space(false);
    const ProxyStudy study(space, table_of_both(context, space, 3000), columns[0].name, context.options.seed);
    add_rows(context, study, {columns[2].name, columns[3].name}, 60, "phone -> ", figure);
  }
  {
    const OfaTask task = load_ofa_task(context);
    const ProxyStudy study(task.space, task.table, task.phone, context.options.seed);
    add_rows(context, study, task.gpus, 60, task.phone + " -> ", figure);
  }
  const OwnDevices own = load_own_devices(context);
  for (const auto& proxy : own.engines) {
    std::vector<std::string> targets;
    for (const auto& target : own.table.columns) {
      if (target == proxy || target == "TabA" || target == "Lenovo") continue;  // these two rank as S5e
      if (srcc_of_columns(own.table, proxy, target) < 0.9) targets.push_back(target);
    }
    if (targets.empty()) continue;
    const ProxyStudy study(own.space, own.table, proxy, context.options.seed);
    add_rows(context, study, targets, 60, proxy + " -> ", figure);
  }
  figure.notes = {
      "The paper (proxy S5e): i7-4790 .78 to .92, i7-4770HQ .80 to .93, E5-2673v3 .74 to .93, T4 .72 to .90, K80 .76 "
      "to "
      ".91, M4000 .73 to .91, P5000 .68 to .90. These latencies are not public, so no row stands for these devices.",
      "In their place, first a phone's table of operators as proxy for a server's processor and GPU (3,000 "
      "networks). " +
          tables_note,
      std::string("Then ") + ofa_note,
      "Then every device of models/ as proxy for those that it ranks with SRCC below 0.9, on " +
          std::to_string(own.table.architectures.size()) + " networks of " + own.space->description() +
          " measured on one machine; FPGA and S5e are computed. 60 samples for training and 20 for validation."};
  figure.pictures.push_back(adaptation_picture("fig21.svg", "MobileNet-V2 spaces", figure.rows));
  return figure;
}

}  // namespace

std::vector<FigureMaker> mobilenet_v2_makers() {
  return {{.id = "fig18",
           .title = "Latency monotonicity by tables of operators",
           .data = {proxylessnas_file, tfnas_file},
           .make = fig18},
          {.id = "fig21", .title = "SRCC on MobileNet-V2", .data = fig21_files(), .needs_models = true, .make = fig21}};
}

}  // namespace oneproxy
