#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <ostream>
#include <set>
#include <stdexcept>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/engine.hpp"
#include "oneproxy/measure/protocol.hpp"

namespace oneproxy {
namespace {

/// Networks of one convolution with 1 to 200 channels: the architecture {n} has n channels.
class ChannelSpace final : public SearchSpace {
 public:
  ChannelSpace() : decisions_(1) { decisions_[0] = {"channels", std::vector<std::string>(201, "n")}; }
  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture& x) const override {
    NetworkBuilder build({1, 2, 2});
    build.convolution(0, x[0], 1, 1, 1, Activation::none, "only");
    return std::move(build).finish();
  }
  std::string text(const Architecture& x) const override { return "channels-" + std::to_string(x[0]); }

 private:
  std::string description_ = "channels";
  std::vector<Decision> decisions_;
};

enum class Trouble { none, segfault, leave, kill, hang_in_load, hang_in_run, throws_in_load, throws_in_run, nan };

/// An engine that does nothing, quickly, but has a trouble with one number of channels.
class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(Trouble trouble = Trouble::none, int channels = 7) : trouble_(trouble), channels_(channels) {}

  const std::string& description() const override { return description_; }
  std::string version() const override { return "fake 1"; }

  std::unique_ptr<Session> load(const Network& network, const Weights&) override {
    const bool hit = network.layers.back().out.channels == channels_;
    const Trouble trouble = hit ? trouble_ : Trouble::none;
    if (trouble == Trouble::hang_in_load) pause();
    if (trouble == Trouble::throws_in_load) throw std::runtime_error("no such layer");
    return std::make_unique<FakeSession>(trouble);
  }

 private:
  class FakeSession final : public Session {
   public:
    explicit FakeSession(Trouble trouble) : trouble_(trouble) {}
    void run(std::span<const float>, std::span<float> output) override {
      std::ranges::fill(output, trouble_ == Trouble::nan ? std::numeric_limits<float>::quiet_NaN() : 1.0F);
      if (++runs_ < 10) return;  // troubles come late, in the middle of a burst
      if (trouble_ == Trouble::segfault) raise(SIGSEGV);
      if (trouble_ == Trouble::kill) raise(SIGKILL);
      if (trouble_ == Trouble::leave) _exit(42);
      if (trouble_ == Trouble::hang_in_run) pause();
      if (trouble_ == Trouble::throws_in_run) throw std::runtime_error("lost a layer");
    }

   private:
    Trouble trouble_;
    int runs_ = 0;
  };

  std::string description_ = "fake()";
  Trouble trouble_;
  int channels_;
};

std::vector<Architecture> channels(int first, int last) {
  std::vector<Architecture> xs;
  for (int i = first; i <= last; ++i) xs.push_back({static_cast<std::uint8_t>(i)});
  return xs;
}

struct Campaign {
  std::vector<Measurement> measured;
  std::string error;
};

Campaign measure(Device& device, const std::vector<Architecture>& xs, double hang_timeout_s = 30) {
  Campaign campaign;
  Protocol protocol;
  protocol.budget_ms = 0.02;
  protocol.hang_timeout_s = hang_timeout_s;
  try {
    device.measure(ChannelSpace(), xs, protocol, [&](const Measurement& m) { campaign.measured.push_back(m); }, {});
  } catch (const InputError& error) {
    campaign.error = error.what();
  }
  return campaign;
}

TEST(EngineDevice, MeasuresEachArchitectureOnce) {
  const auto device = make_engine_device(std::make_unique<FakeEngine>());
  const auto xs = channels(1, 100);
  for (int repeat = 0; repeat < 2; ++repeat) {
    const Campaign campaign = measure(*device, xs);
    EXPECT_EQ(campaign.error, "");
    std::set<Architecture> seen;
    for (const auto& m : campaign.measured) {
      seen.insert(m.architecture);
      EXPECT_EQ(static_cast<std::size_t>(m.runs), m.raw_ms.size());
      EXPECT_GT(m.runs, 0);
      EXPECT_GE(m.median_ms, 0);
      EXPECT_TRUE(m.stopped_by == "confidence" || m.stopped_by == "budget") << m.stopped_by;
    }
    EXPECT_EQ(seen, std::set<Architecture>(xs.begin(), xs.end()));
    EXPECT_EQ(campaign.measured.size(), xs.size());
  }
}

TEST(EngineDevice, OrderIsRandomAndDependsOnTheSeedAlone) {
  const auto device = make_engine_device(std::make_unique<FakeEngine>());
  Protocol protocol;
  protocol.budget_ms = 0;  // one burst each, so that the order is that of the rounds
  const auto order = [&](std::uint64_t seed) {
    protocol.seed = seed;
    std::vector<Architecture> seen;
    device->measure(ChannelSpace(), channels(1, 80), protocol,
                    [&](const Measurement& m) { seen.push_back(m.architecture); }, {});
    return seen;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
  EXPECT_NE(order(1), channels(1, 80));
}

struct TroubleCase {
  Trouble trouble;
  std::string words;
};

void PrintTo(const TroubleCase& trouble, std::ostream* out) { *out << trouble.words; }

class EngineTrouble : public ::testing::TestWithParam<TroubleCase> {};

TEST_P(EngineTrouble, NamesTheNetworkKeepsTheOthersAndLeavesTheDeviceUsable) {
  const auto device = make_engine_device(std::make_unique<FakeEngine>(GetParam().trouble, 7));
  const Campaign campaign = measure(*device, channels(1, 120), 0.3);
  EXPECT_NE(campaign.error.find("fake(), architecture channels-7: "), std::string::npos) << campaign.error;
  EXPECT_NE(campaign.error.find(GetParam().words), std::string::npos) << campaign.error;
  EXPECT_EQ(campaign.error.find('\n'), std::string::npos);
  for (const auto& m : campaign.measured) EXPECT_NE(m.architecture, Architecture{7});
  EXPECT_EQ(measure(*device, channels(8, 60)).measured.size(), 53U);
}

INSTANTIATE_TEST_SUITE_P(All, EngineTrouble,
                         ::testing::Values(TroubleCase{Trouble::segfault, "crashed with signal 11"},
                                           TroubleCase{Trouble::kill, "crashed with signal 9"},
                                           TroubleCase{Trouble::leave, "left with exit status 42"},
                                           TroubleCase{Trouble::hang_in_load, "no answer for 0.3 s"},
                                           TroubleCase{Trouble::hang_in_run, "no answer for 0.3 s"},
                                           TroubleCase{Trouble::throws_in_load, "no such layer"},
                                           TroubleCase{Trouble::throws_in_run, "lost a layer"},
                                           TroubleCase{Trouble::nan, "not finite"}));

TEST(EngineDevice, WhatWasMeasuredBeforeACrashHasReachedTheSink) {
  std::size_t kept = 0;
  for (int channel = 1; channel <= 128; channel += 13) {
    const auto device = make_engine_device(std::make_unique<FakeEngine>(Trouble::segfault, channel));
    const Campaign campaign = measure(*device, channels(1, 128));
    EXPECT_NE(campaign.error, "");
    kept = std::max(kept, campaign.measured.size());
  }
  EXPECT_GE(kept, 64U);  // a crash in the second block leaves the first one whole
}

TEST(EngineDevice, AStopFromProgressOrAThrowingSinkEndsTheCampaign) {
  const auto device = make_engine_device(std::make_unique<FakeEngine>());
  const ChannelSpace space;
  EXPECT_THROW(device->measure(space, channels(1, 50), {}, {}, [](const Progress& p) { return p.done < 3; }), Stopped);
  EXPECT_THROW(
      device->measure(space, channels(1, 50), {}, [](const Measurement&) { throw InputError("store", "full"); }, {}),
      InputError);
  EXPECT_EQ(measure(*device, channels(1, 50)).measured.size(), 50U);
}

/// Whether a process lives; one that has ended but was not reaped does not.
bool lives(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  std::string state;
  return status >> word >> word >> state && state != "Z" && state != "X";
}

/// An engine that writes its process's number into a file when it loads a network, and then hangs.
class HangingEngine final : public Engine {
 public:
  explicit HangingEngine(std::filesystem::path file) : file_(std::move(file)) {}
  const std::string& description() const override { return description_; }
  std::string version() const override { return "hanging"; }
  std::unique_ptr<Session> load(const Network&, const Weights&) override {
    write_file(file_, std::to_string(getpid()));
    for (;;) pause();
  }

 private:
  std::filesystem::path file_;
  std::string description_ = "hanging()";
};

TEST(EngineDevice, TheMeasuringProcessEndsWithItsParent) {
  const auto file = std::filesystem::temp_directory_path() / ("oneproxy_pid_" + std::to_string(getpid()));
  const pid_t parent = fork();
  if (parent == 0) {
    const auto device = make_engine_device(std::make_unique<HangingEngine>(file));
    measure(*device, channels(1, 2));
    _exit(0);
  }
  while (!std::filesystem::exists(file)) usleep(1000);
  const pid_t child = std::stoi(read_file(file));
  std::filesystem::remove(file);
  EXPECT_TRUE(lives(child));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  while (lives(child)) usleep(1000);  // a failure is the test's time limit
}

TEST(EngineDevice, SaysWhatItRanOn) {
  const auto device = make_engine_device(std::make_unique<FakeEngine>());
  const MachineFacts facts = device->facts();
  EXPECT_EQ(facts.engine, "fake 1");
  EXPECT_FALSE(facts.cpu.empty());
  EXPECT_FALSE(facts.os.empty());
  EXPECT_GE(facts.cores, 1);
  EXPECT_GT(facts.memory_gb, 0);
}

TEST(EngineDevice, RunsOnTheProcessorAskedForAndRefusesThoseThatItMayNotUse) {
  const auto device = make_engine_device(std::make_unique<FakeEngine>());
  Protocol protocol;
  protocol.budget_ms = 0;
  const auto core = [&](int wanted) {
    protocol.pin_core = wanted;
    int got = -2;
    device->measure(ChannelSpace(), channels(1, 1), protocol, [&](const Measurement& m) { got = m.core; }, {});
    return got;
  };
  const int last = core(-1);
  EXPECT_GE(last, 0);
  EXPECT_EQ(core(last), last);
  for (const int wrong : {1023, 100'000, -2, std::numeric_limits<int>::min()}) {
    try {
      core(wrong);
      ADD_FAILURE() << "no error for " << wrong;
    } catch (const InputError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("core " + std::to_string(wrong) + ": may not be used here; expected -1, or one of "),
                std::string::npos)
          << text;
      EXPECT_NE(text.find(std::to_string(last)), std::string::npos) << text;
    }
  }
  EXPECT_EQ(core(-1), last);
}

TEST(EngineDevice, RepeatsAreOfArchitecturesMeasuredAlready) {
  const auto device = make_engine_device(std::make_unique<FakeEngine>());
  const ChannelSpace space;
  const Campaign first = measure(*device, channels(1, 40));
  Protocol protocol;
  protocol.budget_ms = 0.02;
  std::size_t heard = 0;
  const auto pairs = measure_again(*device, space, first.measured, 10, protocol, [&](const auto&) { ++heard; }, {});
  EXPECT_EQ(heard, 10U);
  std::set<Architecture> seen;
  for (const auto& pair : pairs) {
    EXPECT_EQ(pair.first.architecture, pair.again.architecture);
    seen.insert(pair.first.architecture);
  }
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_EQ(measure_again(*device, space, first.measured, 99, protocol, {}, {}).size(), 40U);
}

}  // namespace
}  // namespace oneproxy
