#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/measure/repeatability.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy {

struct CampaignDevice {
  std::string description;
  std::string name;  ///< of a table's column
  /// The physical device that it measures on: two with one place are never measured at the same time.
  std::string place;
};

/// What a campaign measures: every device on the same architectures of every space (docs/formats/campaign.md).
struct CampaignPlan {
  std::vector<std::string> spaces;
  std::vector<CampaignDevice> devices;
  std::size_t samples = 500;
  std::size_t repeats = 50;  ///< of these, measured twice
  bool calibrate = true;     ///< lengthen the runs of a device until it agrees with itself
  std::uint64_t seed = 1;
  Protocol protocol;
};

/// @throws InputError naming the file and the field.
CampaignPlan read_campaign_plan(const std::filesystem::path& file);

/// One device on one space.
struct CampaignPart {
  std::string space;
  CampaignDevice device;
  MachineFacts facts;
  std::vector<Measurement> measured;  ///< in the order of the architectures
  std::optional<Calibration> calibration;
  std::optional<Repeatability> repeatability;
  double trend = 0;   ///< drift_trend()
  std::string error;  ///< why it could not be measured; "" where it could
  /// In words: repeatability below good_repeatability, many disturbed runs, drift.
  std::vector<std::string> warnings;
};

struct CampaignResult {
  std::vector<std::vector<Architecture>> architectures;  ///< of each space
  std::vector<CampaignPart> parts;                       ///< space by space, in the devices' order
};

/// Called from several threads, one at a time; returning false stops all of them.
using CampaignProgress = std::function<bool(std::size_t device, const Progress& progress)>;

/// Measures all that is missing in the store at `store`: the devices of different places at the same time, those of one
/// place one after the other. A device that fails is told in its parts, and the others go on.
/// @throws Stopped, and InputError where the store cannot be used.
CampaignResult run_campaign(const CampaignPlan& plan, const std::filesystem::path& store,
                            const CampaignProgress& progress);

/// Whether a device answers the same every time, since it computes or replays.
bool is_exact(const Device& device);

/// Measures `count` of `measured`, drawn at random by protocol.seed, again in another order, as far as the store does
/// not hold them in the role "repeat" of `run`.
Repeatability measure_repeats(Device& device, const SearchSpace& space, std::span<const Measurement> measured,
                              std::size_t count, Protocol protocol, Store& store, std::int64_t run,
                              const ProgressCallback& progress);

/// SRCC of the medians of every pair of devices on one space; NaN where one failed.
std::vector<std::vector<double>> srcc_matrix(const CampaignResult& result, const std::string& space);

}  // namespace oneproxy
