#include "oneproxy/pipeline/device_campaign.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/measure/latency_model.hpp"
#include "oneproxy/pipeline/measure_missing.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t pilot_count = 20;
constexpr double notable_trend = 0.05;
constexpr double notable_disturbed_share = 0.2;

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f%%", 100 * share);
  return text;
}

std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

void warn(CampaignPart& part) {
  double runs = 0;
  double disturbed = 0;
  for (const auto& m : part.measured) {
    runs += static_cast<double>(m.runs);
    disturbed += static_cast<double>(m.disturbed_runs);
  }
  if (part.repeatability && !(part.repeatability->srcc >= good_repeatability)) {
    part.warnings.push_back("measured again it ranks networks with SRCC " + rounded(part.repeatability->srcc) +
                            " only: differences between its networks are partly chance; measure longer or on a quieter "
                            "machine");
  }
  if (part.calibration && !part.calibration->good) {
    part.warnings.push_back("runs of 16 times the length do not make it agree with itself");
  }
  if (std::abs(part.trend) > notable_trend) {
    part.warnings.push_back("the reference network became " + percent(std::abs(part.trend)) +
                            (part.trend > 0 ? " slower" : " faster") + " in the course of the campaign");
  }
  if (disturbed > notable_disturbed_share * runs) {
    part.warnings.push_back("other processes interrupted " + percent(disturbed / runs) + " of the runs");
  }
}

/// The work of the devices of one place, in a thread of its own with a store of its own.
class PlaceWorker {
 public:
  PlaceWorker(const CampaignPlan& plan, const std::filesystem::path& store, const CampaignProgress& progress,
              std::mutex& progress_mutex, std::atomic<bool>& stop)
      : plan_(plan), store_(store), progress_(progress), progress_mutex_(progress_mutex), stop_(stop) {}

  void measure(Device& device, std::size_t device_index, const SearchSpace& space, std::span<const Architecture> xs,
               CampaignPart& part) {
    const ProgressCallback callback = [&](const Progress& progress) {
      if (stop_) return false;
      if (!progress_) return true;
      const std::lock_guard lock(progress_mutex_);
      if (!progress_(device_index, progress)) stop_ = true;
      return !stop_;
    };
    part.facts = device.facts();
    const std::int64_t run = run_of(device, space);
    Protocol protocol = plan_.protocol;
    const bool exact = is_exact(device);
    // Repeats that are still to come are measured as the samples were.
    const auto count = [&](const char* role) { return store_.measurements(run, role, space).size(); };
    const bool missing =
        count("sample") < xs.size() || (plan_.repeats > 1 && count("repeat") < std::min(plan_.repeats, xs.size()));
    if (plan_.calibrate && !exact && missing) {
      const auto renamed = [&](const Progress& p) { return callback({"calibrating", p.done, p.total}); };
      part.calibration = calibrate(device, space, xs.first(std::min(pilot_count, xs.size())), protocol, renamed);
      protocol = part.calibration->protocol;
    }
    part.measured = measure_missing(device, space, xs, protocol, store_, run, "sample", "measuring", callback);
    part.trend = drift_trend(store_.measurements(run, "sample", space));
    if (!exact && plan_.repeats > 1) {
      part.repeatability =
          measure_repeats(device, space, part.measured, plan_.repeats, protocol, store_, run, callback);
    }
    warn(part);
  }

 private:
  /// The run of an earlier start with the same settings, else a new one.
  std::int64_t run_of(const Device& device, const SearchSpace& space) {
    const RunSettings wanted{.command = "campaign",
                             .seed = plan_.seed,
                             .space = space.description(),
                             .device = device.description(),
                             .protocol = plan_.protocol,
                             .facts = device.facts()};
    for (const auto& run : store_.runs()) {
      if (!difference(run.settings, wanted).empty()) continue;
      store_.claim(run.id);
      return run.id;
    }
    return store_.begin_run(wanted);
  }

  const CampaignPlan& plan_;
  Store store_;
  const CampaignProgress& progress_;
  std::mutex& progress_mutex_;
  std::atomic<bool>& stop_;
};

}  // namespace

bool is_exact(const Device& device) {
  return latency_model(device) != nullptr || device.description().starts_with("table(");
}

Repeatability measure_repeats(Device& device, const SearchSpace& space, std::span<const Measurement> measured,
                              std::size_t count, Protocol protocol, Store& store, std::int64_t run,
                              const ProgressCallback& progress) {
  std::vector<Measurement> chosen(measured.begin(), measured.end());
  Rng rng = Rng(protocol.seed).stream(2);
  rng.shuffle(std::span(chosen));
  chosen.resize(std::min(count, chosen.size()));
  std::vector<Architecture> xs;
  for (const auto& m : chosen) xs.push_back(m.architecture);
  protocol.seed = rng.next();  // another order
  const auto again = measure_missing(device, space, xs, protocol, store, run, "repeat", "measuring again", progress);
  std::vector<RepeatedMeasurement> pairs;
  for (std::size_t i = 0; i < xs.size(); ++i) pairs.push_back({chosen[i], again[i]});
  return repeatability(pairs);
}

CampaignResult run_campaign(const CampaignPlan& plan, const std::filesystem::path& store,
                            const CampaignProgress& progress) {
  CampaignResult result;
  std::vector<SpacePtr> spaces;
  for (const auto& description : plan.spaces) {
    spaces.push_back(make_space(description));
    Rng rng(plan.seed);
    result.architectures.push_back(spaces.back()->sample_distinct(plan.samples, rng));
    for (const auto& device : plan.devices) {
      CampaignPart& part = result.parts.emplace_back();
      part.space = spaces.back()->description();
      part.device = device;
    }
  }
  // Made here: engines start their processes from a thread that outlives the measuring.
  std::vector<std::unique_ptr<Device>> devices;
  for (std::size_t d = 0; d < plan.devices.size(); ++d) {
    try {
      devices.push_back(make_device(plan.devices[d].description,
                                    [&](const Progress& p) { return !progress || progress(d, p); }));
    } catch (const InputError& error) {
      devices.push_back(nullptr);
      for (std::size_t s = 0; s < spaces.size(); ++s) result.parts[s * plan.devices.size() + d].error = error.what();
    }
  }
  Store opened(store);  // a place that cannot be used is told before anything is measured
  std::map<std::string, std::vector<std::size_t>> places;
  for (std::size_t d = 0; d < devices.size(); ++d) {
    if (devices[d]) places[plan.devices[d].place].push_back(d);
  }
  std::mutex progress_mutex;
  std::atomic<bool> stop = false;
  std::vector<std::exception_ptr> thrown(places.size());
  {
    std::vector<std::jthread> threads;
    for (const auto& [place, indices] : places) {
      threads.emplace_back([&, indices = indices, &caught = thrown[threads.size()]] {
        try {
          PlaceWorker worker(plan, store, progress, progress_mutex, stop);
          for (std::size_t s = 0; s < spaces.size(); ++s) {
            for (const std::size_t d : indices) {
              CampaignPart& part = result.parts[s * devices.size() + d];
              try {
                worker.measure(*devices[d], d, *spaces[s], result.architectures[s], part);
              } catch (const InputError& error) {
                part.error = error.what();
              }
            }
          }
        } catch (...) {
          caught = std::current_exception();
          stop = true;
        }
      });
    }
  }
  for (const auto& exception : thrown) {
    if (exception) std::rethrow_exception(exception);
  }
  return result;
}

std::vector<std::vector<double>> srcc_matrix(const CampaignResult& result, const std::string& space) {
  std::vector<std::vector<double>> medians;
  for (const auto& part : result.parts) {
    if (part.space != space) continue;
    auto& values = medians.emplace_back();
    if (!part.error.empty()) continue;
    for (const auto& m : part.measured) values.push_back(m.median_ms);
  }
  std::vector<std::vector<double>> matrix;
  for (const auto& a : medians) {
    auto& row = matrix.emplace_back();
    for (const auto& b : medians) {
      row.push_back(a.empty() || b.empty() ? std::numeric_limits<double>::quiet_NaN() : srcc(a, b));
    }
  }
  return matrix;
}

}  // namespace oneproxy
