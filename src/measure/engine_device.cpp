#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "campaign.hpp"
#include "engines.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

/// "0-3, 6"
std::string ranges_text(const std::vector<int>& ascending) {
  std::string text;
  for (std::size_t i = 0; i < ascending.size();) {
    std::size_t end = i + 1;
    while (end < ascending.size() && ascending[end] == ascending[end - 1] + 1) ++end;
    text += (text.empty() ? "" : ", ") + std::to_string(ascending[i]);
    if (end > i + 1) text += "-" + std::to_string(ascending[end - 1]);
    i = end;
  }
  return text;
}

/// @throws InputError where this process may not use `core` and as many processors after it as there are threads.
void require_core(const std::string& device, int core, int threads) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  // A system that does not tell is asked in vain to pin, too: the measurement says so (core -1).
  if (core == -1 || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  std::vector<int> cores;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &allowed)) cores.push_back(i);
  }
  const auto first = std::ranges::find(cores, core);
  if (cores.end() - first >= std::max(threads, 1)) return;
  throw InputError(device + ", core " + std::to_string(core),
                   (first == cores.end() ? std::string("may not be used here")
                                         : "has too few after it for " + std::to_string(threads) + " threads") +
                       "; expected -1, or one of " + ranges_text(cores));
}

class EngineDevice final : public Device {
 public:
  explicit EngineDevice(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {
    // Now, before this process runs an engine itself: oneDNN's choice of instructions and OpenMP's threads do not
    // survive a fork.
    start_child();
  }

  const std::string& description() const override { return engine_->description(); }

  MachineFacts facts() const override {
    MachineFacts facts = machine_facts();
    facts.engine = engine_->version();
    return facts;
  }

  void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol& protocol,
               const MeasurementSink& sink, const ProgressCallback& progress) override {
    if (xs.empty()) return;
    require_core(description(), protocol.pin_core, engine_->threads());
    CampaignRequest request{.protocol = protocol, .networks = {}};
    for (const auto& x : xs) request.networks.push_back(space.network(x));
    if (!child_ || !child_->running()) start_child();
    try {
      if (!child_->pipe().send(request.encode()))
        throw InputError(description(), "the measuring process " + child_->end());
      listen(space, xs, protocol, sink, progress);
    } catch (...) {
      child_.reset();  // it may be in the middle of a campaign that nobody wants any more
      throw;
    }
  }

 private:
  void start_child() {
    child_.reset();
    child_ = std::make_unique<ChildProcess>([this](MessagePipe& pipe) { serve_campaigns(*engine_, pipe); });
  }

  void listen(const SearchSpace& space, std::span<const Architecture> xs, const Protocol& protocol,
              const MeasurementSink& sink, const ProgressCallback& progress) {
    std::size_t done_count = 0;
    std::size_t current = 0;
    std::string message;
    const auto fail = [&](std::size_t network, const std::string& what) {
      throw InputError(description() + ", architecture " + space.text(xs[network]), what);
    };
    report(progress, {"measuring", done_count, xs.size()});
    for (;;) {
      const auto outcome = child_->pipe().receive(message, protocol.hang_timeout_s);
      if (outcome == MessagePipe::Outcome::timeout) {
        fail(current, "no answer for " + seconds_text(protocol.hang_timeout_s) + " s; the engine hangs and was ended");
      }
      if (outcome == MessagePipe::Outcome::closed) fail(current, "the engine " + child_->end());
      CampaignEvent event = CampaignEvent::decode(message);
      current = event.network;
      if (event.kind == CampaignEvent::Kind::failed) fail(current, event.text);
      if (event.kind == CampaignEvent::Kind::done) return;
      if (event.kind == CampaignEvent::Kind::result) {
        Measurement measurement;
        measurement.architecture = xs[current];
        measurement.stopped_by = std::move(event.text);
        measurement.when = utc_now();
        measurement.core = event.core;
        measurement.cold_ms = event.conditions.cold_ms;
        measurement.disturbed_runs = event.conditions.disturbed_runs;
        measurement.reference_ms = event.conditions.reference_ms;
        measurement.drift = event.conditions.drift;
        measurement.before = event.conditions.before;
        measurement.after = event.conditions.after;
        measurement.raw_ms = std::move(event.raw_ms);
        summarise(measurement);
        if (sink) sink(measurement);
        ++done_count;
      }
      report(progress, {"measuring", done_count, xs.size()});
    }
  }

  static std::string seconds_text(double seconds) {
    std::string text = std::to_string(seconds);
    text.erase(std::min(text.find_last_not_of('0') + 1, text.size()));
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ChildProcess> child_;
};

}  // namespace

double Session::timed_run_ms(std::span<const float> input, std::span<float> output) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  run(input, output);
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::unique_ptr<Device> make_engine_device(std::unique_ptr<Engine> engine) {
  return std::make_unique<EngineDevice>(std::move(engine));
}

}  // namespace oneproxy
