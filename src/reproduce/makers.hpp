#pragma once

#include <vector>

#include "oneproxy/reproduce/figure.hpp"

// Each group of figures is a file; figure_makers() joins and orders them.
namespace oneproxy {

std::vector<FigureMaker> monotonicity_makers();          ///< Figs. 4, 6, 7
std::vector<FigureMaker> crowd_makers();                 ///< Fig. 5
std::vector<FigureMaker> roofline_makers();              ///< Figs. 8, 9
std::vector<FigureMaker> search_makers();                ///< Figs. 11, 13, 14, 17, 22
std::vector<FigureMaker> published_adaptation_makers();  ///< Figs. 15, 24, 28, 31
std::vector<FigureMaker> exhaustive_makers();            ///< Figs. 16, 25, 26
std::vector<FigureMaker> mobilenet_v2_makers();          ///< Figs. 18, 21
std::vector<FigureMaker> family_makers();                ///< Figs. 19, 29, 30
std::vector<FigureMaker> cost_makers();                  ///< Table 1

}  // namespace oneproxy
