#include "oneproxy/pipeline/fleet.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "fleet_log.hpp"
#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/accuracy.hpp"

namespace oneproxy {
namespace {

// Numbers of the independent streams of random draws.
enum Stream : std::uint64_t { kCandidates = 1, kSearches, kEvolution };

/// FNV-1a of 64 bits.
class Fingerprint {
 public:
  void add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) value_ = (value_ ^ bytes[i]) * 0x100000001b3ULL;
  }
  void add(std::string_view text) {
    add(text.data(), text.size());
    add("", 1);
  }
  void add(std::span<const Architecture> xs) {
    for (const auto& x : xs) add(x.choices().data(), x.size());
  }
  template <class Derived>
  void add(const Eigen::PlainObjectBase<Derived>& values) {
    add(values.data(), static_cast<std::size_t>(values.size()) * sizeof(typename Derived::Scalar));
  }
  std::string text() const {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value_));
    return digits;
  }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

std::string as_bytes(std::span<const std::size_t> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

template <class T>
std::vector<T> take(std::string_view& bytes, std::size_t count) {
  std::vector<T> values(count);
  std::memcpy(values.data(), bytes.data(), count * sizeof(T));
  bytes.remove_prefix(count * sizeof(T));
  return values;
}

class FleetRun {
 public:
  FleetRun(const FleetProblem& problem, const FleetOptions& options, FleetWorkers& workers,
           const std::filesystem::path& folder, bool resume, const ProgressCallback& progress)
      : problem_(problem),
        options_(options),
        workers_(workers),
        folder_(folder),
        resume_(resume),
        progress_(progress) {}

  FleetFindings operator()() {
    find_cover();
    const NetworkPool pool = make_pool();
    FleetRecords records(problem_, options_, pool, findings_.cover);
    const std::size_t cluster_count = findings_.cover.steps.size();
    records.set_fronts(workers_.gather(
        cluster_count, [&](std::size_t k) { return records.cluster_front(k); },
        step("fronts of clusters", cluster_count)));
    write_records(pool, records);
    findings_.network_count = pool.size();
    return std::move(findings_);
  }

 private:
  FleetWorkers::Emit step(const char* name, std::size_t total) const {
    return [this, name, total](std::size_t i, std::string_view) { report(progress_, {name, i + 1, total}); };
  }

  /// The process that writes works the cover out, and the others are told.
  void find_cover() {
    const std::string bytes = workers_.share([&] {
      check_fleet_folder(folder_, resume_);
      std::error_code error;  // where it fails, the first file in it says so
      std::filesystem::create_directories(folder_, error);
      const auto count = problem_.samples.devices.size();
      const auto candidates =
          proxy_candidates(count, options_.candidate_count, Rng(options_.seed).stream(kCandidates).next());
      Eigen::MatrixXd latency(problem_.samples.latency_ms.rows(), std::ssize(candidates));
      for (std::size_t i = 0; i < candidates.size(); ++i) {
        latency.col(static_cast<Eigen::Index>(i)) =
            problem_.samples.latency_ms.col(static_cast<Eigen::Index>(candidates[i]));
      }
      const int threads = static_cast<int>(workers_.thread_count());
      srcc_ = srcc_matrix(latency, threads);
      const FleetCover cover = cover_fleet(problem_.samples, candidates, srcc_, options_.threshold, threads);
      std::vector<double> mean_ms;
      std::vector<std::size_t> cluster;
      for (const std::size_t device : candidates) {
        const auto measured = problem_.samples.latencies(device);
        mean_ms.push_back(Eigen::Map<const Eigen::VectorXd>(measured.data(), std::ssize(measured)).mean());
        cluster.push_back(cover.cluster[device]);
      }
      findings_.monotonicity = summarise_monotonicity(srcc_, mean_ms, cluster, options_.threshold);
      return cover_bytes(cover);
    });
    read_cover(bytes);
  }

  static std::string cover_bytes(const FleetCover& cover) {
    const std::size_t sizes[] = {cover.candidates.size(), cover.steps.size()};
    std::string bytes = as_bytes(sizes) + as_bytes(cover.candidates);
    for (const auto& s : cover.steps) {
      const std::size_t values[] = {s.proxy, s.gained, s.covered};
      bytes += as_bytes(values);
    }
    bytes += as_bytes(cover.cluster);
    return bytes.append(reinterpret_cast<const char*>(cover.cluster_srcc.data()),
                        cover.cluster_srcc.size() * sizeof(double));
  }

  void read_cover(std::string_view bytes) {
    const auto sizes = take<std::size_t>(bytes, 2);
    findings_.cover.candidates = take<std::size_t>(bytes, sizes[0]);
    for (std::size_t k = 0; k < sizes[1]; ++k) {
      const auto values = take<std::size_t>(bytes, 3);
      findings_.cover.steps.push_back({.proxy = values[0], .gained = values[1], .covered = values[2]});
    }
    findings_.cover.cluster = take<std::size_t>(bytes, problem_.samples.devices.size());
    findings_.cover.cluster_srcc = take<double>(bytes, problem_.samples.devices.size());
  }

  /// NumPy's format 1.0: single precision, the order of columns does not matter since the matrix is symmetric.
  void write_npy(const Eigen::MatrixXd& srcc) const {
    const std::string n = std::to_string(srcc.rows());
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + n + ", " + n + "), }";
    header.resize((header.size() + 10 + 1 + 63) / 64 * 64 - 10 - 1, ' ');
    header += '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(header.size() & 0xff);
    bytes += static_cast<char>(header.size() >> 8);
    bytes += header;
    const Eigen::MatrixXf values = srcc.cast<float>();
    bytes.append(reinterpret_cast<const char*>(values.data()), static_cast<std::size_t>(values.size()) * sizeof(float));
    write_file(folder_ / "srcc.npy", bytes);
  }

  /// The weights of devices whose fronts are searched for: the known ones, the proxies of the largest clusters, and
  /// where those are few, others at random.
  std::vector<std::size_t> searched_devices() const {
    std::vector<std::size_t> devices;
    for (const auto& s : findings_.cover.steps) devices.push_back(s.proxy);
    std::vector<std::size_t> others;
    for (std::size_t d = 0; d < problem_.samples.devices.size(); ++d) {
      if (std::ranges::find(devices, d) == devices.end()) others.push_back(d);
    }
    Rng rng = Rng(options_.seed).stream(kSearches);
    rng.shuffle(std::span(others));
    devices.insert(devices.end(), others.begin(), others.end());
    devices.resize(std::min(devices.size(), options_.search_count));
    return devices;
  }

  NetworkPool make_pool() const {
    if (const auto* rated = accuracy_architectures(problem_.accuracy)) {
      return NetworkPool(problem_.space, *rated, problem_.accuracy);
    }
    const auto devices = searched_devices();
    const std::size_t count = problem_.proxies.size() + devices.size();
    const auto found = workers_.gather(
        count,
        [&](std::size_t i) {
          const LinearPredictor latency =
              i < problem_.proxies.size()
                  ? *problem_.proxies[i].predictor
                  : LinearPredictor(problem_.space,
                                    model_device(problem_, options_, devices[i - problem_.proxies.size()]).weights_ms);
          EvolutionOptions evolution = options_.evolution;
          evolution.seed = Rng(options_.seed).stream(kEvolution).stream(i).next();
          evolution.threads = 1;
          std::string bytes;
          for (const auto& c : search_front({*problem_.space, latency, problem_.accuracy}, evolution)) {
            const auto choices = c.architecture.choices();
            bytes.append(reinterpret_cast<const char*>(choices.data()), choices.size());
          }
          return bytes;
        },
        step("searching", count));
    const std::size_t decisions = problem_.space->decisions().size();
    std::vector<Architecture> xs;
    for (const auto& bytes : found) {
      for (std::size_t at = 0; at < bytes.size(); at += decisions) {
        Architecture& x = xs.emplace_back(decisions);
        for (std::size_t d = 0; d < decisions; ++d) x[d] = static_cast<std::uint8_t>(bytes[at + d]);
      }
    }
    return NetworkPool(problem_.space, std::move(xs), problem_.accuracy);
  }

  void write_networks(const NetworkPool& pool) const {
    std::string csv = "network,accuracy,architecture\n";
    char line[64];
    for (std::size_t i = 0; i < pool.size(); ++i) {
      std::snprintf(line, sizeof line, "%zu,%.6g,", i, static_cast<double>(pool.accuracy(i)));
      csv += line + problem_.space->text(pool.architecture(i)) + '\n';
    }
    write_file(folder_ / "networks.csv", csv);
  }

  /// Everything that a record depends on.
  std::string fingerprint(const NetworkPool& pool) const {
    Fingerprint print;
    const AdaptationOptions& a = options_.adaptation;
    const nlohmann::json settings{options_.threshold,
                                  options_.limit_count,
                                  options_.limits_ms,
                                  options_.front_count,
                                  options_.seed,
                                  a.intercept,
                                  problem_.posterior != nullptr,
                                  a.validation_count,
                                  a.fold_count,
                                  a.lambda_count,
                                  a.smallest_lambda,
                                  a.refit,
                                  static_cast<int>(options_.decision),
                                  static_cast<int>(a.norm),
                                  static_cast<int>(a.validation)};
    print.add(settings.dump());
    print.add(problem_.space->description());
    print.add(problem_.samples.architectures);
    print.add(problem_.samples.latency_ms);
    for (const auto& device : problem_.samples.devices) {
      print.add(device.name);
      print.add(device.true_weights_ms);
    }
    for (const auto& proxy : problem_.proxies) {
      print.add(proxy.name);
      print.add(proxy.predictor->weights_ms());
    }
    print.add(pool.architectures());
    print.add(pool.accuracies().data(), pool.accuracies().size_bytes());
    return print.text();
  }

  void write_records(const NetworkPool& pool, const FleetRecords& records) {
    const std::size_t device_count = problem_.samples.devices.size();
    std::unique_ptr<FleetLog> log;
    const std::string kept = workers_.share([&] {
      const nlohmann::json header{{"format", "oneproxy-fleet-devices"},
                                  {"format_version", 1},
                                  {"devices", device_count},
                                  {"fingerprint", fingerprint(pool)}};
      log = std::make_unique<FleetLog>(folder_ / "devices.jsonl", header.dump());
      // Only now is it known that the folder is this fleet's.
      write_npy(srcc_);
      write_networks(pool);
      return std::to_string(log->kept_count());
    });
    findings_.kept_count = std::min(device_count, std::stoul(kept));
    workers_.run(
        findings_.kept_count, device_count, [&](std::size_t device) { return records.record(device); },
        [&](std::size_t device, std::string_view line) {
          log->append(line);
          report(progress_, {"devices", device + 1, device_count});
        });
    if (log) log->sync();
  }

  const FleetProblem& problem_;
  const FleetOptions& options_;
  FleetWorkers& workers_;
  const std::filesystem::path& folder_;
  bool resume_;
  const ProgressCallback& progress_;
  FleetFindings findings_;
  Eigen::MatrixXd srcc_;  // of the candidates; in the process that writes
};

}  // namespace

FleetFindings run_fleet(const FleetProblem& problem, const FleetOptions& options, FleetWorkers& workers,
                        const std::filesystem::path& folder, bool resume, const ProgressCallback& progress) {
  return FleetRun(problem, options, workers, folder, resume, progress)();
}

}  // namespace oneproxy
