#include "campaign.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <cmath>
#include <numeric>

#include "engines.hpp"
#include "oneproxy/measure/protocol.hpp"

namespace oneproxy {
namespace {

// Networks that are loaded at a time: the more, the more of them see the same drift; but they must fit into memory.
constexpr std::size_t largest_block = 64;
constexpr double largest_block_bytes = 512e6;  // of weights; engines hold them about twice

/// Ends a campaign whose network cannot be measured; the event has been sent.
struct CampaignFailed {};

/// Pins this process to `count` processors from `core` on (-1: the last ones allowed). The first of them, or -1.
int pin(int core, int count) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return -1;
  std::vector<int> cores;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &allowed) && i >= core) cores.push_back(i);
  }
  if (static_cast<int>(cores.size()) < count) return -1;
  const int first = core >= 0 ? cores.front() : cores[cores.size() - static_cast<std::size_t>(count)];
  if (core >= 0 && first != core) return -1;
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  for (int i = 0, found = 0; found < count; ++i) {
    if (i < first || !CPU_ISSET(i, &allowed)) continue;
    CPU_SET(i, &wanted);
    ++found;
  }
  return sched_setaffinity(0, sizeof wanted, &wanted) == 0 ? first : -1;
}

/// How often the scheduler took a processor away from this process while it wanted to run.
long interruptions() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

class Campaign {
 public:
  Campaign(Engine& engine, MessagePipe& pipe, std::optional<DriftWatch>& drift, const CampaignRequest& request)
      : engine_(engine), pipe_(pipe), drift_(drift), request_(request) {}

  void run() {
    cpu_set_t before;
    CPU_ZERO(&before);
    sched_getaffinity(0, sizeof before, &before);
    core_ = pin(request_.protocol.pin_core, engine_.threads());
    if (!drift_) drift_.emplace(engine_);  // now: what the engine starts shall be pinned too
    Rng rng(request_.protocol.seed);
    std::vector<std::uint64_t> order(request_.networks.size());
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    rng.shuffle(std::span(order));
    const std::size_t count = block_count();
    for (std::size_t block = 0; block < count; ++block) {
      const std::size_t begin = block * order.size() / count;
      run_block(std::span(order).subspan(begin, (block + 1) * order.size() / count - begin), rng);
    }
    sched_setaffinity(0, sizeof before, &before);
    tell({.kind = CampaignEvent::Kind::done});
  }

 private:
  struct Loaded {
    std::unique_ptr<Session> session;
    std::vector<float> input;
    std::vector<float> output;
    double cold_ms = 0;
  };

  /// Runs once; ms for one image.
  double run_ms(Loaded& loaded) const {
    return loaded.session->timed_run_ms(loaded.input, loaded.output) / engine_.batch();
  }

  std::size_t block_count() const {
    double bytes = 0;
    for (const Network& network : request_.networks) bytes += 4 * costs(network).parameters;
    const std::size_t by_memory = static_cast<std::size_t>(bytes / largest_block_bytes) + 1;
    const std::size_t by_count = (request_.networks.size() + largest_block - 1) / largest_block;
    return std::min(std::max(by_memory, by_count), request_.networks.size());
  }

  void tell(const CampaignEvent& event) {
    if (!pipe_.send(event.encode())) throw CampaignFailed{};  // nobody listens any more
  }

  [[noreturn]] void fail(std::uint64_t network, std::string why) {
    tell({.kind = CampaignEvent::Kind::failed, .network = network, .text = std::move(why)});
    throw CampaignFailed{};
  }

  /// Runs `work` on behalf of `network`; what it throws is that network's failure.
  template <class Work>
  auto blaming(std::uint64_t network, Work work) {
    try {
      return work();
    } catch (const std::exception& error) {
      fail(network, error.what());
    }
  }

  Loaded load(std::uint64_t index) {
    const Network& network = request_.networks[index];
    tell({.kind = CampaignEvent::Kind::busy, .network = index});
    Loaded loaded = blaming(index, [&] {
      Loaded fresh;
      fresh.session = engine_.load(network, random_weights(network, request_.protocol.seed));
      fresh.input.resize(static_cast<std::size_t>(engine_.batch() * network.layers.front().out.elements()));
      fresh.output.resize(static_cast<std::size_t>(engine_.batch() * network.layers.back().out.elements()));
      Rng rng = Rng(request_.protocol.seed).stream(index);
      for (float& value : fresh.input) value = static_cast<float>(rng.normal());
      fresh.cold_ms = run_ms(fresh);
      return fresh;
    });
    for (const float value : loaded.output) {
      if (!std::isfinite(value)) fail(index, "computes values that are not finite");
    }
    return loaded;
  }

  void run_block(std::span<const std::uint64_t> indices, Rng& rng) {
    std::vector<Loaded> block;
    block.reserve(indices.size());
    for (const auto index : indices) block.push_back(load(index));
    const SystemState before = system_state(core_);
    drift_->begin_block();
    int bursts_to_reference = 0;
    bool disturbed = false;
    const BlockTimer timer{
        .run_ms =
            [&](std::size_t i) {
              Loaded& loaded = block[i];
              return blaming(indices[i], [&] {
                const long interruptions_before = interruptions();
                const double ms = run_ms(loaded);
                disturbed = interruptions() != interruptions_before;
                return ms;
              });
            },
        .finished =
            [&](std::size_t i, TimedRuns timed) {
              CampaignEvent event{CampaignEvent::Kind::result, indices[i], core_, std::string(timed.stopped_by)};
              event.conditions = {.cold_ms = block[i].cold_ms,
                                  .disturbed_runs = timed.disturbed_runs,
                                  .reference_ms = drift_->median_ms(),
                                  .drift = drift_->drift(),
                                  .before = before,
                                  .after = system_state(core_)};
              event.raw_ms = std::move(timed.raw_ms);
              block[i] = {};
              tell(event);
            },
        .before_burst =
            [&](std::size_t i) {
              tell({.kind = CampaignEvent::Kind::busy, .network = indices[i]});
              if (request_.protocol.reference_every <= 0 || bursts_to_reference-- > 0) return;
              drift_->run_burst();
              bursts_to_reference = request_.protocol.reference_every - 1;
            },
        .was_disturbed = [&] { return disturbed; },
    };
    timer(block.size(), request_.protocol, rng);
  }

  Engine& engine_;
  MessagePipe& pipe_;
  std::optional<DriftWatch>& drift_;
  const CampaignRequest& request_;
  int core_ = -1;
};

}  // namespace

std::string CampaignRequest::encode() const {
  WireWriter out;
  out.put(protocol);
  out.put(networks.size());
  for (const Network& network : networks) {
    out.put(network.layers.size());
    for (const Layer& layer : network.layers) {
      out.put(layer.kind);
      out.put(std::string_view(layer.name));
      out.put(std::span<const int>(layer.inputs));
      out.put(layer.in);
      out.put(layer.out);
      for (const int value : {layer.kernel, layer.stride, layer.padding, layer.groups, layer.first_channel}) {
        out.put(value);
      }
      out.put(layer.activation);
    }
  }
  return out.bytes();
}

CampaignRequest CampaignRequest::decode(std::string_view message) {
  WireReader in(message);
  CampaignRequest request;
  request.protocol = in.take<Protocol>();
  request.networks.resize(in.take<std::size_t>());
  for (Network& network : request.networks) {
    network.layers.resize(in.take<std::size_t>());
    for (Layer& layer : network.layers) {
      layer.kind = in.take<LayerKind>();
      layer.name = in.take_text();
      layer.inputs = in.take_vector<int>();
      layer.in = in.take<Shape>();
      layer.out = in.take<Shape>();
      for (int* value : {&layer.kernel, &layer.stride, &layer.padding, &layer.groups, &layer.first_channel}) {
        *value = in.take<int>();
      }
      layer.activation = in.take<Activation>();
    }
  }
  return request;
}

std::string CampaignEvent::encode() const {
  WireWriter out;
  out.put(kind);
  out.put(network);
  out.put(core);
  out.put(std::string_view(text));
  out.put(conditions);
  out.put(std::span<const float>(raw_ms));
  return out.bytes();
}

CampaignEvent CampaignEvent::decode(std::string_view message) {
  WireReader in(message);
  CampaignEvent event;
  event.kind = in.take<Kind>();
  event.network = in.take<std::uint64_t>();
  event.core = in.take<std::int32_t>();
  event.text = in.take_text();
  event.conditions = in.take<Conditions>();
  event.raw_ms = in.take_vector<float>();
  return event;
}

void serve_campaigns(Engine& engine, MessagePipe& pipe) {
  std::string message;
  std::optional<DriftWatch> drift;  // of all campaigns
  while (pipe.receive(message, -1) == MessagePipe::Outcome::message) {
    const CampaignRequest request = CampaignRequest::decode(message);
    try {
      Campaign(engine, pipe, drift, request).run();
    } catch (const CampaignFailed&) {
    }
  }
}

}  // namespace oneproxy
