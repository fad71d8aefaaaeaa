#pragma once

#include <string>
#include <vector>

#include "oneproxy/reproduce/figure.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

/// Once-for-All's MobileNet-V3 networks as others published them: a phone's latencies as sums of a table of operators,
/// measured latencies on GPUs, and accuracies on ImageNet by Once-for-All's own predictor. The networks are those of
/// HELP's table whose resolution the phone's table has (160, 176, 192, 208, 224).
struct OfaTask {
  SpacePtr space;
  ArchTable table;
  std::string phone;
  std::vector<std::string> gpus;
  std::vector<double> accuracies;  ///< of the table's rows, percent
};

/// Files of ReproduceOptions::data that it needs.
std::vector<std::string> ofa_files();
/// @throws InputError naming what a file lacks.
OfaTask load_ofa_task(const ReproduceContext& context);

/// What the task is, for a figure's notes.
extern const char* const ofa_note;

}  // namespace oneproxy
