// The agent for 64-bit ARM (scripts/agent-arm64), run by qemu's emulation of a processor.
#include <gtest/gtest.h>

#include <cstdlib>

#include "agent_process.hpp"
#include "oneproxy/measure/device.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;

TEST(SlowArm64Agent, MeasuresUnderQemu) {
  const fs::path root = ONEPROXY_SOURCE_DIR;
  const char* const built = std::getenv("ONEPROXY_ARM64_AGENT");
  const fs::path program = built == nullptr ? root / "build-arm64/bin/oneproxy-agent" : fs::path(built);
  const fs::path libraries = root / ".deps/arm64/usr/lib/aarch64-linux-gnu";
  const fs::path zlib = root / ".deps/arm64/lib/aarch64-linux-gnu";
  if (!fs::exists(program)) GTEST_SKIP() << "the agent is not built for arm64; scripts/agent-arm64 does it";
  if (std::system("command -v qemu-aarch64-static > /dev/null") != 0) {
    GTEST_SKIP() << "qemu-aarch64-static is missing (Debian: qemu-user-static)";
  }
  setenv("QEMU_LD_PREFIX", "/usr/aarch64-linux-gnu", 1);
  setenv("QEMU_SET_ENV",
         ("LD_LIBRARY_PATH=" + libraries.string() + ":" + zlib.string() + ":/usr/aarch64-linux-gnu/lib").c_str(), 1);
  const test::AgentProcess agent({"--port", "0"}, program, "qemu-aarch64-static");
  ASSERT_NE(agent.url(), "");

  const SpacePtr space =
      make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
  Rng rng(1);
  const auto xs = space->sample_distinct(3, rng);
  Protocol protocol;
  protocol.budget_ms = 20;
  const auto device = make_device("agent(url=" + agent.url() + ", device=onednn)");
  EXPECT_NE(device->facts().os.find("aarch64"), std::string::npos) << device->facts().os;
  std::size_t measured = 0;
  device->measure(*space, xs, protocol,
                  [&](const Measurement& m) {
                    EXPECT_GT(m.median_ms, 0);
                    ++measured;
                  },
                  {});
  EXPECT_EQ(measured, xs.size());
}

}  // namespace
}  // namespace oneproxy
