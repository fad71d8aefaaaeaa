#include "front_row.hpp"

#include <cmath>

#include "oneproxy/pipeline/front_value.hpp"
#include "oneproxy/report/svg.hpp"
#include "parallel_steps.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

ChartLine front_line(const FrontValue& value, const std::string& name, std::span<const double> predicted_ms,
                     bool dots) {
  ChartLine line{.name = name, .x = {}, .y = {}, .deviation = {}, .steps = !dots, .dots = dots};
  for (const std::size_t i : value.kept(value.chosen(predicted_ms))) {
    line.x.push_back(value.latency_ms()[i]);
    line.y.push_back(value.accuracy()[i]);
  }
  return line;
}

}  // namespace

void add_front_row(const ReproduceContext& context, const ProxyStudy& study, const FrontRowRequest& request,
                   ReproducedFigure& figure) {
  const auto rows = study.rows_of(request.target);
  const auto of_rows = [&](const auto& all) {
    std::vector<double> picked;
    for (const std::size_t row : rows) picked.push_back(static_cast<double>(all[static_cast<Index>(row)]));
    return picked;
  };
  const auto column = static_cast<Index>(study.table().column(request.target.column));
  const FrontValue value(of_rows(study.table().values.col(column)), of_rows(request.accuracy));
  const std::vector<double> by_proxy = of_rows(study.proxy_ms());
  const double best = value.best_hypervolume();
  const std::size_t draws = context.options.draws;
  Eigen::ArrayXd adapted(static_cast<Index>(draws));
  Eigen::ArrayXd posterior(static_cast<Index>(draws));
  std::vector<double> first_adapted;
  parallel_steps("choosing networks for " + request.name, draws, context.options.threads, context.progress,
                 [&](std::size_t number) {
                   const ProxyStudyDraw draw = study.draw(request.target, number);
                   const auto by_adapted = of_rows(draw.adapted);
                   adapted(static_cast<Index>(number)) = value.hypervolume_of(by_adapted) / best;
                   posterior(static_cast<Index>(number)) = value.hypervolume_of(of_rows(draw.posterior)) / best;
                   if (number == 0) first_adapted = by_adapted;
                 });
  figure.rows.push_back({.target = request.name,
                         .quantity = "hypervolume / oracle's",
                         .before = value.hypervolume_of(by_proxy) / best,
                         .ours = adapted.mean(),
                         .deviation = std::sqrt((adapted - adapted.mean()).square().mean()),
                         .posterior = posterior.mean(),
                         .oracle = 1,
                         .samples = request.target.training_count + request.target.validation_count,
                         .draws = draws,
                         .remark = request.remark});
  if (request.picture.empty()) return;
  const std::vector<ChartLine> lines{front_line(value, "oracle", value.latency_ms(), false),
                                     front_line(value, request.proxy + " as proxy", by_proxy, true),
                                     front_line(value, "adapted (first draw)", first_adapted, true)};
  figure.pictures.push_back(
      {request.picture, line_chart_svg(request.picture_title, "latency in ms", "accuracy in %", lines)});
}

}  // namespace oneproxy
