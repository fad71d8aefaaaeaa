#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/reproduce/figure.hpp"

namespace oneproxy {

/// Every figure and table that can be made, in the paper's order.
const std::vector<FigureMaker>& figure_makers();

/// What keeps a figure from being made with these options, a sentence; "" where nothing does.
std::string why_not(const FigureMaker& maker, const ReproduceOptions& options);

struct Reproduction {
  std::vector<ReproducedFigure> figures;
  std::vector<std::pair<std::string, std::string>> left_out;  ///< id and reason
};

/// Makes the figures named, in the order of figure_makers(). @throws InputError for an id that there is not, and where
/// something that one of them needs is missing.
Reproduction reproduce(std::span<const std::string> ids, const ReproduceOptions& options,
                       const ProgressCallback& progress = {});
/// Makes all that can be made; the others are left out with the reason.
Reproduction reproduce_all(const ReproduceOptions& options, const ProgressCallback& progress = {});

/// {"rows": [..], "left_out": [..]}: each row with figure, target, before, ours, posterior, paper, samples and draws,
/// and further fields; null where a number does not exist.
nlohmann::json reproduction_json(const Reproduction& reproduction);
/// The table of one figure as cells, the header first; columns without any number are left out.
std::vector<std::vector<std::string>> figure_table(const ReproducedFigure& figure);
/// A document of all figures in Markdown; their pictures are files in the folder reproduction/ beside it.
std::string reproduction_markdown(const Reproduction& reproduction, const ReproduceOptions& options);
/// Writes reproduction.md, reproduction.json and the pictures in reproduction/. @throws InputError where one cannot be written whole.
void write_reproduction(const std::filesystem::path& folder, const Reproduction& reproduction,
                        const ReproduceOptions& options);

}  // namespace oneproxy
