#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "oneproxy/base/file.hpp"
#include "oneproxy/pipeline/fleet.hpp"
#include "pipeline/fixtures.hpp"

namespace oneproxy::test {

/// A folder that is gone at the end of the test.
class FleetFolder {
 public:
  FleetFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "oneproxy-fleet-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~FleetFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }
  std::string read(const std::string& name) const { return read_file(path_ / name); }

 private:
  std::filesystem::path path_;
};

/// The concatenation of what a fleet leaves behind, run.json apart.
inline std::string results_in(const std::filesystem::path& folder) {
  return read_file(folder / "srcc.npy") + read_file(folder / "networks.csv") + read_file(folder / "devices.jsonl");
}

/// A small fleet: two known devices, and `count` devices simulated from them.
struct SmallFleet {
  SpacePtr space = small_space();
  std::vector<Proxy> proxies;
  std::shared_ptr<const LinearPredictor> accuracy = random_costs(space, 77, 1, 2);
  FleetSamples samples;
  FleetOptions options;

  explicit SmallFleet(std::size_t count, double median_srcc = 0.9) {
    for (std::uint64_t p = 1; p <= 2; ++p) proxies.push_back({"known-" + std::to_string(p), random_costs(space, p)});
    FleetFile file;
    file.sample_count = 40;
    file.devices.emplace_back(Simulation{.count = count, .base = {}, .median_srcc = median_srcc});
    Rng rng(1);
    const auto candidates = space->sample_distinct(500, rng);
    samples = gather_samples(file, space, proxies, std::vector<std::vector<Proxy>>{proxies}, candidates, {});
    options.limit_count = 5;
    options.front_count = 6;
    options.search_count = 3;
    options.evolution.population = 60;
    options.evolution.generations = 8;
    options.adaptation.lambda_count = 20;
  }

  FleetProblem problem() const {
    return {.space = space, .proxies = proxies, .accuracy = *accuracy, .samples = samples};
  }
};

}  // namespace oneproxy::test
