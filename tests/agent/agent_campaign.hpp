#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agent_process.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/progress.hpp"
#include "oneproxy/measure/device.hpp"

namespace oneproxy::test {

inline const SpacePtr& space() {
  static const SpacePtr space =
      make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
  return space;
}

inline std::vector<Architecture> sample(std::size_t count) {
  Rng rng(5);
  return space()->sample_distinct(count, rng);
}

inline Protocol quick() {
  Protocol protocol;
  protocol.budget_ms = 1;
  return protocol;
}

/// What a client got.
struct Campaign {
  std::vector<Measurement> measured;
  std::string error;
};

inline Campaign measure(const std::string& description, const std::vector<Architecture>& xs,
                        const Protocol& protocol = quick(), const std::function<void(std::size_t)>& on_result = {},
                        const ProgressCallback& progress = {}) {
  Campaign campaign;
  try {
    make_device(description)
        ->measure(
            *space(), xs, protocol,
            [&](const Measurement& m) {
              campaign.measured.push_back(m);
              if (on_result) on_result(campaign.measured.size());
            },
            progress);
  } catch (const InputError& error) {
    campaign.error = error.what();
    EXPECT_EQ(campaign.error.find('\n'), std::string::npos) << campaign.error;
  }
  return campaign;
}

inline void expect_each_once(const Campaign& campaign, const std::vector<Architecture>& xs) {
  std::set<Architecture> seen;
  for (const auto& m : campaign.measured) seen.insert(m.architecture);
  EXPECT_EQ(seen, std::set<Architecture>(xs.begin(), xs.end()));
  EXPECT_EQ(campaign.measured.size(), xs.size());
}

/// The device that clients name; `more` are further settings.
inline std::string device_of(const AgentProcess& agent, const std::string& more = "") {
  return "agent(url=" + agent.url() + ", device=onednn" + more + ")";
}

}  // namespace oneproxy::test
