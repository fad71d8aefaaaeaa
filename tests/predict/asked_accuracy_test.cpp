#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/accuracy.hpp"

namespace oneproxy {
namespace {

class AskedAccuracy : public ::testing::Test {
 protected:
  void SetUp() override {
    Rng rng(5);
    xs_ = space_->sample_distinct(40, rng);
  }
  std::vector<float> asked(const std::string& text) const { return (*load_accuracy(text, space_))(xs_); }
  std::string refusal(const std::string& text) const {
    try {
      asked(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  SpacePtr space_ = make_space("mobilenet_v2(resolution=32, width=0.35, classes=10, channels=3)");
  std::vector<Architecture> xs_;
};

class AskedPython : public AskedAccuracy {
 protected:
  void SetUp() override {
    AskedAccuracy::SetUp();
    if (std::system("python3 -c '' > /dev/null 2>&1") != 0) GTEST_SKIP() << "python3 is absent";
    write_file(folder_ / "mine.py", R"(
calls = 0
def depth(networks):
    global calls
    calls += 1
    print("a remark")
    return [sum(network["depth"]) for network in networks]
def count(networks):
    global calls
    calls += 1
    return [calls] * len(networks)
def short(networks):
    return [50]
def wide(networks):
    return [123.5] * len(networks)
def nan(networks):
    return [float("nan")] * len(networks)
def broken(networks):
    raise RuntimeError("no weights")
)");
    setenv("PYTHONPATH", (folder_ / "").c_str(), 1);
  }
  void TearDown() override { unsetenv("PYTHONPATH"); }
  testing::TemporaryFolder folder_;
};

TEST_F(AskedPython, GetsTheNetworksAsTheirJson) {
  const auto values = asked("python:mine.depth");
  for (std::size_t i = 0; i < xs_.size(); ++i) {
    int depth = 0;
    for (std::size_t d = 42; d < 47; ++d) depth += 2 + xs_[i][d];
    EXPECT_EQ(values[i], static_cast<float>(depth)) << space_->text(xs_[i]);
  }
}

TEST_F(AskedPython, IsAskedForEachNetworkOnceByAnyNumberOfThreads) {
  const auto predictor = load_accuracy("python:mine.count", space_);
  std::vector<float> first(xs_.size());
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto part = std::span<const Architecture>(xs_).subspan(10 * t, 10);
      predictor->predict(part, std::span(first).subspan(10 * t, 10));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::ranges::max(first), 4);  // batches
  EXPECT_EQ((*predictor)(xs_), first);
  const std::vector<Architecture> twice{xs_[0], xs_[0]};
  EXPECT_EQ((*predictor)(twice), (std::vector<float>{first[0], first[0]}));
}

TEST_F(AskedPython, SlowSaysWhatIsWrong) {
  for (const auto& [text, part] : std::initializer_list<std::pair<std::string, std::string>>{
           {"python:mine", "expected python:MODULE.FUNCTION"},
           {"python:absent_module.f", "ModuleNotFoundError"},
           {"python:mine.absent", "AttributeError"},
           {"python:mine.broken", "RuntimeError: no weights"},
           {"python:mine.short", "gave 1 values for 40 networks"},
           {"python:mine.wide", "gave 123.5 for"},
           {"python:mine.nan", "no finite number"}}) {
    EXPECT_NE(refusal(text).find(part), std::string::npos) << text << ": " << refusal(text);
    EXPECT_EQ(refusal(text).find('\n'), std::string::npos) << text;
  }
}

TEST_F(AskedAccuracy, ACommandReadsAFileOfNetworksAndPrintsALineForEach) {
  const auto values = asked(R"(command(run="echo a remark; awk '{print length($0) / 4}' {networks}"))");
  for (std::size_t i = 0; i < xs_.size(); ++i) {
    EXPECT_EQ(values[i], static_cast<float>(space_->text(xs_[i]).size()) / 4);
  }
  // Its JSON: one line, a list.
  EXPECT_EQ(asked(R"(command(run="cat {json} | grep -o depth | sed 's/.*/7/'"))"), std::vector<float>(40, 7));
}

TEST_F(AskedAccuracy, ACommandThatFailsIsNamed) {
  for (const auto& [run, part] : std::initializer_list<std::pair<std::string, std::string>>{
           {"false {networks}", "exit status 1"},
           {"head -n 3 {networks}", "printed 3 lines; expected one for each of 40"},
           {"cat {networks}", "is no accuracy"},
           {"sed s/.*/101/ {networks}", "gave 101.0 for"},
           {"echo 50", "expected command(run"}}) {
    EXPECT_NE(refusal("command(run=\"" + run + "\")").find(part), std::string::npos)
        << refusal("command(run=\"" + run + "\")");
  }
  EXPECT_NE(refusal("command(run=\"sleep 9; cat {networks}\", timeout_s=0.2)").find("did not end in time"),
            std::string::npos);
}

}  // namespace
}  // namespace oneproxy
