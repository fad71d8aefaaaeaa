#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "oneproxy/pipeline/fleet_monotonicity.hpp"
#include "oneproxy/pipeline/fleet_posterior.hpp"
#include "oneproxy/pipeline/fleet_samples.hpp"
#include "oneproxy/pipeline/fleet_workers.hpp"
#include "oneproxy/pipeline/network_pool.hpp"
#include "oneproxy/pipeline/proxy_cover.hpp"

namespace oneproxy {

struct FleetOptions {
  DecisionRule decision = DecisionRule::interval;
  double threshold = 0.9;  ///< S_th
  AdaptationOptions adaptation;
  std::size_t limit_count = 30;   ///< spread evenly over each device's own front
  std::vector<double> limits_ms;  ///< the same for every device, in place of limit_count
  std::size_t front_count = 20;   ///< networks of each front that are written
  std::size_t search_count = 32;  ///< devices that are searched for; their fronts together are what all choose from
  std::size_t candidate_count = 2000;  ///< devices considered as proxies; of more, a random choice
  EvolutionOptions evolution = whole_front();
  CostAssumptions cost;
  std::uint64_t seed = 1;
};

/// What a fleet is worked out from. Everything must outlive the run.
struct FleetProblem {
  SpacePtr space;
  const std::vector<Proxy>& proxies;  ///< known devices; at least one
  const Predictor& accuracy;
  const FleetSamples& samples;
  const FleetPosterior* posterior = nullptr;  ///< nullptr: devices are modelled by Eqn. (3)
};

/// Which proxies serve which devices, by the SRCC of their samples.
struct FleetCover {
  std::vector<std::size_t> candidates;  ///< devices that were considered as proxies, ascending
  std::vector<CoverStep> steps;         ///< CoverStep::proxy is a device of the fleet; counts are of candidates
  std::vector<std::size_t> cluster;     ///< of each device: the step whose proxy ranks its samples best
  std::vector<double> cluster_srcc;     ///< with that proxy; NaN where the device's latencies are all equal
};

/// What a run found beside the files; in the process that writes alone.
struct FleetFindings {
  FleetCover cover;
  MonotonicitySummary monotonicity;  ///< of the candidates
  std::size_t network_count = 0;     ///< of the pool
  std::size_t kept_count = 0;        ///< devices that an interrupted run had finished
};

/// Algorithm 1 without its last measurements, for every device of a fleet (docs/design/fleet.md): the monotonicity
/// matrix, a cover of the fleet by proxies, a predictor for each device (a known proxy's where it is monotone, else
/// adapted by Eqn. (3); or the few-shot posterior), and a front and the networks for each limit, by predicted latency.
/// Writes into `folder` (docs/formats/fleet.md): srcc.npy, networks.csv, and devices.jsonl, a line for each device as
/// soon as it and those before it are done. Where devices.jsonl is there already, `resume` goes on after its last whole
/// line; where it is not, `resume` changes nothing. The files are the same bytes whatever the workers, and however
/// often the run was interrupted.
/// @throws InputError as check_fleet_folder(), or where the fleet in the folder is another; Stopped.
FleetFindings run_fleet(const FleetProblem& problem, const FleetOptions& options, FleetWorkers& workers,
                        const std::filesystem::path& folder, bool resume, const ProgressCallback& progress);

/// @throws InputError where the folder is a file, or holds a fleet's devices and `resume` is false.
void check_fleet_folder(const std::filesystem::path& folder, bool resume);

/// How latencies of one device are predicted.
struct DeviceModel {
  std::size_t proxy = 0;  ///< the known one of the highest SRCC to the samples (section 5.3.1)
  SrccEstimate before;    ///< of that proxy
  Monotonicity monotone = Monotonicity::unknown;
  std::optional<double> after;   ///< of the device's own predictor: by validation, or as the posterior expects
  std::optional<double> lambda;  ///< of Eqn. (3)
  Eigen::VectorXd weights_ms;    ///< in the device's milliseconds
};
DeviceModel model_device(const FleetProblem& problem, const FleetOptions& options, std::size_t device);

/// `srcc`: of the candidates, as srcc_matrix() gives it.
FleetCover cover_fleet(const FleetSamples& samples, std::vector<std::size_t> candidates, const Eigen::MatrixXd& srcc,
                       double threshold, int threads);
/// All devices, or of more than `count` a random choice.
std::vector<std::size_t> proxy_candidates(std::size_t device_count, std::size_t count, std::uint64_t seed);

/// A line of devices.jsonl for each device: what all devices share is kept here. record() is safe from any thread.
class FleetRecords {
 public:
  FleetRecords(const FleetProblem& problem, const FleetOptions& options, const NetworkPool& pool,
               const FleetCover& cover);
  /// The front of the proxy of cluster `k`, as bytes for set_fronts(): every cluster must have one before record().
  std::string cluster_front(std::size_t k) const;
  void set_fronts(const std::vector<std::string>& fronts);
  /// Without a newline.
  std::string record(std::size_t device) const;

 private:
  nlohmann::json truth(const DeviceModel& model, std::size_t device, std::span<const std::size_t> front) const;

  const FleetProblem& problem_;
  const FleetOptions& options_;
  const NetworkPool& pool_;
  const FleetCover& cover_;
  std::vector<std::vector<std::size_t>> fronts_;
  ActiveFeatures judges_;  // random architectures by which predictors of simulated devices are judged
};

}  // namespace oneproxy
