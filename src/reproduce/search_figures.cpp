// Figs. 11(a), 13, 14, 17 and 22: what a search by one device's latencies is worth on another.

#include <cmath>

#include "front_row.hpp"
#include "makers.hpp"
#include "ofa_task.hpp"
#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/adapt/srcc_spread.hpp"
#include "oneproxy/report/svg.hpp"
#include "oneproxy/search/scaling.hpp"
#include "parallel_steps.hpp"
#include "search_study.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

const std::string own_share = "hypervolume / own search's";

std::string own_note(const OwnDevices& own) {
  return "Space, accuracy predictor and measured devices are those of models/ (" + own.space->description() +
         "; models/README.md); FPGA, S5e, TabA and Lenovo are computed. The paper's ImageNet supernet and its phones "
         "are "
         "not at hand, and its figures are pictures without numbers.";
}

ChartLine line_of(const std::string& name, const Front& front, bool dots = true) {
  ChartLine line{.name = name, .x = {}, .y = {}, .deviation = {}, .steps = !dots, .dots = dots};
  for (const Candidate& candidate : front) {
    line.x.push_back(static_cast<double>(candidate.latency_ms));
    line.y.push_back(static_cast<double>(candidate.accuracy));
  }
  return line;
}

ReproducedPicture fronts_picture(const std::string& file, const std::string& title,
                                 const std::vector<ChartLine>& lines) {
  return {file, line_chart_svg(title, "latency on the target in ms (predicted)", "accuracy in % (predicted)", lines)};
}

/// The measured device of models/ that is least alike the others: the proxy where monotonicity is wanted weak.
std::string odd_engine(const OwnDevices& own) {
  std::string odd = own.engines.front();
  double lowest = 2;
  for (const auto& engine : own.engines) {
    double sum = 0;
    for (const auto& other : own.engines) sum += srcc_of_columns(own.table, engine, other);
    if (sum / static_cast<double>(own.engines.size()) >= lowest) continue;
    lowest = sum / static_cast<double>(own.engines.size());
    odd = engine;
  }
  return odd;
}

ReproducedFigure fig11(const ReproduceContext& context) {
  const OwnDevices own = load_own_devices(context);
  const SearchStudy study(own, context.options.seed);
  const std::string target = odd_engine(own);
  ReproducedFigure figure;
  report(context.progress, {"searching", 0, 1});
  const LinearPredictor device = own_predictor(own, target, context.options.seed);
  const Front best = study.search(device, ea1());
  const double whole = study.hypervolume_of(best, device);
  std::vector<ChartLine> lines{line_of("searched on " + target, best)};
  for (const auto& other : own.table.columns) {
    if (other == target || other == "TabA" || other == "Lenovo") continue;
    report(context.progress, {"searching", 0, 1});
    const Front found = study.search(own_predictor(own, other, context.options.seed), ea1());
    const auto xs = architectures_of(found);
    figure.rows.push_back({.target = "(a) searched on " + other + ", judged on " + target,
                           .quantity = own_share,
                           .ours = study.hypervolume_of(xs, device) / whole,
                           .oracle = 1,
                           .remark = "SRCC " + std::to_string(srcc_of_columns(own.table, other, target)).substr(0, 5)});
    lines.push_back(line_of("searched on " + other, study.on_device(xs, device)));
  }
  figure.pictures.push_back(fronts_picture("fig11a.svg", "Searched on several devices, judged on " + target, lines));

  constexpr std::size_t draws = 1000;
  const std::vector<std::size_t> counts{5, 10, 20, 30, 50, 100};
  std::vector<ChartLine> estimates;
  const auto column = [&](const std::string& name) {
    const auto values = own.table.values.col(static_cast<Index>(own.table.column(name)));
    return std::vector<double>(values.begin(), values.end());
  };
  for (const auto& other : own.table.columns) {
    if (other == target || other == "TabA" || other == "Lenovo") continue;
    ChartLine line{.name = target + "-" + other, .x = {}, .y = {}, .deviation = {}};
    const double truth = srcc_of_columns(own.table, target, other);
    for (const auto& spread :
         srcc_spread(column(target), column(other), counts, draws, context.options.seed, context.options.threads)) {
      line.x.push_back(static_cast<double>(spread.sample_count));
      line.y.push_back(spread.mean);
      line.deviation.push_back(spread.deviation);
      if (spread.sample_count != 10 && spread.sample_count != 50) continue;
      figure.rows.push_back({.target = "(b) " + line.name,
                             .quantity = "estimated SRCC",
                             .ours = spread.mean,
                             .deviation = spread.deviation,
                             .oracle = truth,
                             .samples = spread.sample_count,
                             .draws = draws,
                             .remark = "oracle: of all networks"});
    }
    estimates.push_back(std::move(line));
  }
  figure.pictures.push_back({"fig11b.svg", line_chart_svg("SRCC estimated from few networks: mean and deviation",
                                                          "networks in the sample", "SRCC", estimates)});
  figure.notes = {
      own_note(own),
      "(a) fronts of EA#1 by each device's own predictor, judged by that of " + target +
          ". (b), (c) estimates of the SRCC from random samples, 1,000 draws as in the paper, which finds 30 "
          "to 50 enough."};
  return figure;
}

ReproducedFigure fig13(const ReproduceContext& context) {
  const OwnDevices own = load_own_devices(context);
  const SearchStudy study(own, context.options.seed);
  ReproducedFigure figure;
  const auto mobile = std::vector<std::string>(own.on_paper.end() - 3, own.on_paper.end());
  const LinearPredictor proxy = own_predictor(own, mobile.front(), context.options.seed);
  const Front by_proxy = study.search(proxy, ea1());
  // Baseline 2: one of the proxy's Pareto-optimal networks made deeper and shallower.
  const auto scaled = scale_depth(*own.space, by_proxy[by_proxy.size() / 2].architecture);
  for (std::size_t t = 1; t < mobile.size(); ++t) {
    report(context.progress, {"searching for " + mobile[t], 0, 1});
    const LinearPredictor device = own_predictor(own, mobile[t], context.options.seed);
    const Front best = study.search(device, ea1());
    const double whole = study.hypervolume_of(best, device);
    const std::string srcc = std::to_string(srcc_of_columns(own.table, mobile.front(), mobile[t])).substr(0, 5);
    figure.rows.push_back({.target = mobile[t] + ", proxy " + mobile.front(),
                           .quantity = own_share,
                           .ours = study.hypervolume_of(by_proxy, device) / whole,
                           .oracle = 1,
                           .remark = "SRCC " + srcc + "; the paper: almost the same"});
    figure.rows.push_back({.target = mobile[t] + ", scaling",
                           .quantity = own_share,
                           .ours = study.hypervolume_of(scaled, device) / whole,
                           .oracle = 1,
                           .remark = "the paper: can be really bad"});
    figure.pictures.push_back(fronts_picture(
        "fig13-" + mobile[t] + ".svg", mobile[t] + ", proxy " + mobile.front(),
        {line_of("own search", best), line_of("proxy", study.on_device(architectures_of(by_proxy), device)),
         line_of("scaling", study.on_device(scaled, device))}));
  }
  figure.notes = {own_note(own), "Fronts of EA#1, judged by the target's own predictor."};
  return figure;
}

/// The top row: evolutionary searches by proxy and adapted proxy.
void add_searched_row(const ReproduceContext& context, const OwnDevices& own, const ProxyStudy& proxies,
                      const std::string& proxy_name, const std::string& target, ReproducedFigure& figure) {
  const SearchStudy study(own, context.options.seed);
  const LinearPredictor device = own_predictor(own, target, context.options.seed);
  report(context.progress, {"searching for " + target, 0, 1});
  const Front best = study.search(device, ea1());
  const Front by_proxy = study.search(proxies.proxy(), ea1());
  const double whole = study.hypervolume_of(best, device);
  const ProxyStudyTarget wanted{.column = target, .training_count = 60};
  const std::size_t draws = context.options.draws;
  Eigen::ArrayXd shares(static_cast<Index>(draws));
  Front first;
  parallel_steps("searching for " + target, draws, context.options.threads, context.progress, [&](std::size_t number) {
    const Front found = study.search(proxies.adapted(wanted, number), ea1(), number + 1);
    shares(static_cast<Index>(number)) = study.hypervolume_of(found, device) / whole;
    if (number == 0) first = found;
  });
  figure.rows.push_back({.target = target + ", evolutionary search",
                         .quantity = own_share,
                         .before = study.hypervolume_of(by_proxy, device) / whole,
                         .ours = shares.mean(),
                         .deviation = std::sqrt((shares - shares.mean()).square().mean()),
                         .oracle = 1,
                         .samples = 80,
                         .draws = draws});
  figure.pictures.push_back(fronts_picture(
      "fig14-" + target + ".svg", target + ", proxy " + proxy_name,
      {line_of("own search", best), line_of("proxy", study.on_device(architectures_of(by_proxy), device)),
       line_of("adapted (first draw)", study.on_device(architectures_of(first), device))}));
}

FrontRowRequest exhaustive_request(const OwnDevices& own, const std::string& proxy, const std::string& target,
                                   const std::string& name, const std::string& picture) {
  return {.target = {.column = target, .training_count = 60},
          .name = name,
          .proxy = proxy,
          .accuracy = own.accuracies,
          .picture = picture,
          .picture_title = target + ", proxy " + proxy + ", exhaustive"};
}

ReproducedFigure fig14(const ReproduceContext& context) {
  const OwnDevices own = load_own_devices(context);
  const std::string proxy = odd_engine(own);
  const ProxyStudy proxies(own.space, own.table, proxy, context.options.seed);
  ReproducedFigure figure;
  for (const auto& target : own.table.columns) {
    if (target == proxy || target == "TabA" || target == "Lenovo" || target == "FPGA 6") continue;
    if (srcc_of_columns(own.table, proxy, target) >= 0.9) continue;
    add_searched_row(context, own, proxies, proxy, target, figure);
    add_front_row(
        context, proxies,
        exhaustive_request(own, proxy, target, target + ", exhaustive search", "fig14-" + target + "-all.svg"), figure);
  }
  figure.notes = {
      own_note(own),
      "Proxy: " + proxy +
          ", the measured device least alike the others. 60 samples for training, 20 for "
          "validation. Evolutionary search: EA#1 with six limits, fronts judged by the target's own predictor. "
          "Exhaustive search: the " +
          std::to_string(own.table.architectures.size()) +
          " networks that all devices measured, judged by their latencies; the oracle knows these."};
  return figure;
}

ReproducedFigure fig17(const ReproduceContext& context) {
  const OwnDevices own = load_own_devices(context);
  const SearchStudy study(own, context.options.seed);
  ReproducedFigure figure;
  std::vector<std::string> devices = own.engines;
  devices.push_back("S5e");
  for (const auto& name : devices) {
    report(context.progress, {"searching for " + name, 0, 1});
    const LinearPredictor device = own_predictor(own, name, context.options.seed);
    const Front first = study.search(device, ea1());
    const Front second = study.search(device, ea2());
    figure.rows.push_back({.target = name,
                           .quantity = "hypervolume, EA#2 / EA#1",
                           .ours = study.hypervolume_of(second, device) / study.hypervolume_of(first, device),
                           .remark = "the paper: almost identical"});
    if (name != devices.back()) continue;
    figure.pictures.push_back(fronts_picture("fig17.svg", name + ", two settings of the search",
                                             {line_of("EA#1", first), line_of("EA#2", second)}));
  }
  figure.notes = {own_note(own)};
  return figure;
}

ReproducedFigure fig22(const ReproduceContext& context) {
  const OwnDevices own = load_own_devices(context);
  ReproducedFigure figure;
  {
    const OfaTask task = load_ofa_task(context);
    const ProxyStudy proxies(task.space, task.table, task.phone, context.options.seed);
    for (const auto& gpu : task.gpus) {
      FrontRowRequest request;
      request.target = {.column = gpu, .training_count = 60};
      request.name = task.phone + " -> " + gpu;
      request.proxy = task.phone;
      request.accuracy = task.accuracies;
      if (gpu.ends_with("_64")) request.picture = "fig22-" + gpu + ".svg";
      request.picture_title = "Once-for-All's MobileNet-V3, " + request.name;
      add_front_row(context, proxies, request, figure);
    }
  }
  const std::string odd = odd_engine(own);  // fig14's proxy
  for (const auto& proxy : own.engines) {
    if (proxy == odd) continue;
    std::vector<std::string> targets;
    for (const auto& target : own.engines) {
      if (target != proxy && srcc_of_columns(own.table, proxy, target) < 0.9) targets.push_back(target);
    }
    if (targets.empty()) continue;
    const ProxyStudy proxies(own.space, own.table, proxy, context.options.seed);
    for (const auto& target : targets) {
      add_front_row(
          context, proxies,
          exhaustive_request(own, proxy, target, proxy + " -> " + target, "fig22-" + proxy + "-" + target + ".svg"),
          figure);
    }
  }
  figure.notes = {std::string("First: ") + ofa_note, "Then: " + own_note(own),
                  "Measured devices as proxies (but fig14's) for those that they rank with SRCC below 0.9; "
                  "60 samples for training, 20 for validation; exhaustive search as in fig14."};
  return figure;
}

}  // namespace

std::vector<FigureMaker> search_makers() {
  return {{.id = "fig11",
           .title = "Searching on another device, and estimating the SRCC",
           .needs_models = true,
           .make = fig11},
          {.id = "fig13", .title = "Search by a monotone proxy", .needs_models = true, .make = fig13},
          {.id = "fig14", .title = "Search by a proxy that is not monotone", .needs_models = true, .make = fig14},
          {.id = "fig17", .title = "Two settings of the evolutionary search", .needs_models = true, .make = fig17},
          {.id = "fig22",
           .title = "Exhaustive search by further proxies",
           .data = ofa_files(),
           .needs_models = true,
           .make = fig22}};
}

}  // namespace oneproxy
