#pragma once

#include <string>
#include <vector>

#include "child_process.hpp"
#include "drift_watch.hpp"
#include "oneproxy/measure/engine.hpp"
#include "wire.hpp"

namespace oneproxy {

/// What the measuring process is asked for: networks to time, under which protocol.
struct CampaignRequest {
  Protocol protocol;
  std::vector<Network> networks;

  std::string encode() const;
  static CampaignRequest decode(std::string_view message);
};

/// What the measuring process tells while it works. Each is one message, and a sign of life.
struct CampaignEvent {
  enum class Kind : std::uint8_t {
    busy,    ///< about to work on `network`: whatever happens next is its doing
    result,  ///< `network` is measured
    failed,  ///< `text` says why `network` cannot be
    done,    ///< all are measured
  };
  Kind kind = Kind::done;
  std::uint64_t network = 0;
  std::int32_t core = -1;
  std::string text{};  ///< of a result: the rule that ended it
  /// Of a result: the fields of Measurement with these names.
  struct Conditions {
    double cold_ms = 0;
    std::int64_t disturbed_runs = 0;
    double reference_ms = 0;
    double drift = 1;
    SystemState before{};
    SystemState after{};
  } conditions{};
  std::vector<float> raw_ms{};

  std::string encode() const;
  static CampaignEvent decode(std::string_view message);
};

/// The measuring process: answers requests until the other end is closed.
void serve_campaigns(Engine& engine, MessagePipe& pipe);

}  // namespace oneproxy
