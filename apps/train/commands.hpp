#pragma once

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/space/arch_table.hpp"
#include "oneproxy/train/accuracy_fit.hpp"
#include "oneproxy/train/images.hpp"

namespace oneproxy::cli {

inline constexpr const char* default_data = "/usr/share/datasets/fashion-mnist";  // Debian: dataset-fashion-mnist

/// What the commands that read images have in common.
struct Task {
  std::string space;
  std::filesystem::path data = default_data;
  std::size_t held_out = 10'000;  ///< images at the end of the training file that no training sees
  int threads = 0;                ///< 0: all processors
};

/// The space and its images, split.
struct TaskData {
  SpacePtr space;
  ImageSet train;
  ImageSet held_out;
  ImageSet test;
};

void add_task_options(CLI::App& command, Task& task);
/// @throws InputError also where fewer than `held_out` + 1 training images are there.
TaskData load_task(const Task& task);
int thread_count(const Task& task);

/// Fits the predictor to the table's column "accuracy" and writes it. Returns the figures, which it prints unless
/// --json.
nlohmann::json fit_and_write(const SpacePtr& space, const ArchTable& table, const AccuracyFitOptions& options,
                             const std::filesystem::path& out, const Common& common);
void add_fit_options(CLI::App& command, AccuracyFitOptions& options);

// One file each; every function adds its command to the app.
void add_harden(CLI::App& app, Common& common);
void add_supernet(CLI::App& app, Common& common);
void add_accuracy(CLI::App& app, Common& common);
void add_fit(CLI::App& app, Common& common);
void add_export(CLI::App& app, Common& common);
void add_gcn(CLI::App& app, Common& common);

}  // namespace oneproxy::cli
