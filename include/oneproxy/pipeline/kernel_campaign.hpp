#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/predict/kernel_model.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy {

/// Defaults are justified in docs/design/predictors.md.
struct KernelCampaignOptions {
  std::size_t pair_sizes = 3;           ///< of each pair of operators: so many of its sizes are measured
  std::size_t kernels_of_a_kind = 300;  ///< at most so many configurations of a kernel are measured
  /// At most so many networks are measured in all, but the pairs and a kernel of each kind in any case; 0: no limit.
  std::size_t measurements = 0;
  double fused_from = 0.5;  ///< two operators are one from this saving on, as a share of the second one's latency
  Protocol protocol = {};
  ForestOptions forest = {};
  std::uint64_t seed = 1;  ///< of the choice of configurations
};

/// Two operators, alone and one after the other, in ms beyond a call's overhead, summed over the sizes measured.
struct FusionEvidence {
  std::string first;
  std::string second;
  double first_ms = 0;
  double second_ms = 0;
  double together_ms = 0;
  bool fused = false;
};

/// How well the forest of a kind tells kernels that it was not fitted to (a fifth of those measured).
struct KernelKindQuality {
  std::string kind;
  std::size_t measured = 0;
  double mean_ms = 0;
  double held_out_rmse_ms = 0;  ///< NaN below 10 kernels
};

struct KernelCampaign {
  KernelModel model;
  std::vector<FusionEvidence> rules;
  std::vector<KernelKindQuality> kinds;
  std::vector<std::string> left_out;  ///< kernels that cannot be measured alone
};

/// nn-Meter's way to a predictor: finds which operators that follow each other in `examples` the device fuses, by
/// networks of two operators against each alone; splits the examples into kernels by these rules; measures the kernels
/// alone and fits a random forest to each kind. What is measured goes to `store` under the roles "pair" and "kernel",
/// and what is there already is not measured again.
/// @throws InputError where this build cannot fit forests, or the device cannot run an operator; Stopped.
KernelCampaign run_kernel_campaign(Device& device, std::span<const Network> examples,
                                   const KernelCampaignOptions& options, Store& store, std::int64_t run,
                                   const ProgressCallback& progress);

}  // namespace oneproxy
