#pragma once

#include <span>
#include <string>

#include "oneproxy/reproduce/figure.hpp"
#include "oneproxy/reproduce/proxy_study.hpp"

namespace oneproxy {

struct FrontRowRequest {
  ProxyStudyTarget target;
  std::string name;
  std::string proxy;                 ///< for the picture's legend
  std::span<const double> accuracy;  ///< of every row of the study's table, percent
  std::string picture;               ///< file; "": none
  std::string picture_title;
  std::string remark = {};
};

/// The paper's exhaustive search: every row of the table is a candidate; each latency predictor chooses those that are
/// Pareto-optimal by it, and the latencies recorded for the target say what the choice is worth: hypervolume as share
/// of the true front's. Adds the row and the picture.
void add_front_row(const ReproduceContext& context, const ProxyStudy& study, const FrontRowRequest& request,
                   ReproducedFigure& figure);

}  // namespace oneproxy
