#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"

namespace oneproxy {

/// One line of the table that a figure of the paper ends in. Numbers that do not exist are absent.
struct ReproducedRow {
  std::string figure = {};  ///< e.g. "fig31"
  std::string target = {};
  std::string quantity = "SRCC";      ///< what the numbers are
  std::optional<double> before = {};  ///< of the proxy as it is
  /// By the paper's method: the mean over the draws, where there are any.
  std::optional<double> ours = {};
  std::optional<double> deviation = {};  ///< standard deviation of `ours` over the draws
  std::optional<double> posterior = {};  ///< this project's default method, with the same samples
  std::optional<double> paper_before = {};
  std::optional<double> paper = {};
  std::optional<double> oracle = {};  ///< what nothing can exceed, where that is known
  std::size_t samples = 0;            ///< measurements on the target, those for validation among them
  std::size_t draws = 0;              ///< 0: nothing was drawn
  std::string remark = {};
  bool operator==(const ReproducedRow&) const = default;
};

struct ReproducedPicture {
  std::string name;  ///< of the file, e.g. "fig31.svg"
  std::string svg;
};

struct ReproducedFigure {
  std::string id;
  std::string title;
  std::vector<std::string> notes;  ///< what was done, and what differs from the paper, one sentence or two each
  std::vector<ReproducedRow> rows;
  std::vector<ReproducedPicture> pictures;
};

struct ReproduceOptions {
  std::filesystem::path data;    ///< the published tables
  std::filesystem::path models;  ///< the folder of a task that comes with the project
  std::size_t draws = 30;        ///< random choices of samples behind each mean
  std::uint64_t seed = 1;
  int threads = 1;  ///< changes no result
};

/// What the makers of figures are given.
struct ReproduceContext {
  const ReproduceOptions& options;
  ProgressCallback progress;

  std::filesystem::path data(const std::string& file) const { return options.data / file; }
  std::filesystem::path models(const std::string& file) const { return options.models / file; }
};

/// A figure or table of the paper and how to make it.
struct FigureMaker {
  std::string id;
  std::string title;
  std::vector<std::string> data = {};  ///< files of ReproduceOptions::data that it needs
  bool needs_models = false;           ///< whether it needs ReproduceOptions::models
  ReproducedFigure (*make)(const ReproduceContext& context) = nullptr;
};

}  // namespace oneproxy
