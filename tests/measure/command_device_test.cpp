#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "measure/temporary_folder.hpp"
#include "oneproxy/base/description.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/progress.hpp"
#include "oneproxy/measure/device.hpp"

namespace oneproxy {
namespace {

const SpacePtr& space() {
  static const SpacePtr space =
      make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
  return space;
}

std::vector<Architecture> sample(std::size_t count) {
  Rng rng(5);
  return space()->sample_distinct(count, rng);
}

struct Campaign {
  std::vector<Measurement> measured;
  std::string error;
};

Campaign measure(const std::string& description, const std::vector<Architecture>& xs = sample(1)) {
  Campaign campaign;
  try {
    const auto device = make_device(description);
    EXPECT_EQ(make_device(device->description())->description(), device->description());
    device->measure(*space(), xs, {}, [&](const Measurement& m) { campaign.measured.push_back(m); }, {});
  } catch (const InputError& error) {
    campaign.error = error.what();
    EXPECT_EQ(campaign.error.find('\n'), std::string::npos) << campaign.error;
  }
  return campaign;
}

class CommandDevice : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  /// The first measurement of a device whose program prints `output`.
  Measurement read(const std::string& output, const std::string& how) {
    const Campaign campaign =
        measure("command(run=\"cat " + file("output.txt", output) + "\", repeats=2, read=" + how + ")");
    EXPECT_EQ(campaign.error, "");
    return campaign.measured.empty() ? Measurement{} : campaign.measured.front();
  }
  std::string error_of(const std::string& output, const std::string& how) {
    return measure("command(run=\"cat " + file("output.txt", output) + "\", read=" + how + ")").error;
  }

  testing::TemporaryFolder folder_;
};

// The texts below have the lines of the programs' own outputs, in the programs' form, with figures of ours: none of the
// programs could be run where these tests were written. The forms are those of published logs of TensorFlow Lite 2.4
// and 1.15, ONNX Runtime 1.3 and 1.15, ncnn 2021, TensorRT 7 and 8.6, OpenVINO 2021.2 and 2022.3.

TEST_F(CommandDevice, ReadsTfLite) {
  const Measurement m = read(
      "STARTING!\nLog parameter values verbosely: [0]\nNum threads: [4]\nGraph: [/data/local/tmp/net.tflite]\n"
      "Loaded model /data/local/tmp/net.tflite\nINFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
      "The input model file size (MB): 13.9\nInitialized session in 24.1ms.\n"
      "Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.\n"
      "count=20 first=31250 curr=24980 min=24810 max=31250 avg=25300.5 std=1410\n\n"
      "Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.\n"
      "count=50 first=25010 curr=24870 min=24650 max=26120 avg=24950.2 std=230\n\n"
      "Inference timings in us: Init: 24100, First inference: 31250, Warmup (avg): 25300.5, Inference (avg): 24950.2\n"
      "Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE.\n"
      "Memory footprint delta from the start of the tool (MB): init=3.2 overall=19.6\n",
      "tflite");
  EXPECT_FLOAT_EQ(static_cast<float>(m.median_ms), 24.9502F);
  EXPECT_DOUBLE_EQ(m.cold_ms, 31.25);
  EXPECT_EQ(m.runs, 2);
  EXPECT_EQ(m.stopped_by, "command");
  const Measurement older = read(
      "count=15 first=40100 curr=40210 min=40050 max=40390 avg=40180.3 std=80\n\n"
      "Average inference timings in us: Warmup: 45210, Init: 9100, no stats: 40180.3\n",
      "tflite");
  EXPECT_FLOAT_EQ(static_cast<float>(older.median_ms), 40.1803F);
  EXPECT_EQ(older.cold_ms, 0);
}

TEST_F(CommandDevice, ReadsOnnxRuntimePerfTest) {
  const std::string head =
      "Session creation time cost: 0.0412 s\nFirst inference time cost: 9 ms\nTotal inference time cost: 1.482 s\n"
      "Total inference requests: 200\nAverage inference time cost: 7.41 ms\nTotal inference run time: 1.4829 s\n";
  EXPECT_FLOAT_EQ(static_cast<float>(read(head + "Avg CPU usage: 49 %\n", "onnxruntime_perf_test").median_ms), 7.41F);
  const std::string percentiles =
      head + "Min Latency: 0.00702 s\nMax Latency: 0.0113 s\nP50 Latency: 0.00733 s\nP90 Latency: 0.00791 s\n";
  EXPECT_FLOAT_EQ(static_cast<float>(read(percentiles, "onnxruntime_perf_test").median_ms), 7.33F);
  const std::string older = "Average time cost: 58.1 ms\nMin Latency is 0.0559 sec\nP50 Latency is 0.0587 sec\n";
  EXPECT_FLOAT_EQ(static_cast<float>(read(older, "onnxruntime_perf_test").median_ms), 58.7F);
}

TEST_F(CommandDevice, ReadsBenchNcnn) {
  const std::string head = "loop_count = 8\nnum_threads = 4\npowersave = 0\ngpu_device = -1\ncooling_down = 1\n";
  const std::string line = "     network0.param  min =    6.02  max =    6.81  avg =    6.17\n";
  EXPECT_FLOAT_EQ(static_cast<float>(read(head + line, "benchncnn").median_ms), 6.17F);
  EXPECT_NE(error_of(head + line + line, "benchncnn").find("prints 2 latencies; expected that of one network"),
            std::string::npos);
}

TEST_F(CommandDevice, ReadsTrtexec) {
  const std::string time = "[10/03/2025-10:47:59] [I] ";
  const std::string summary =
      time + "=== Performance summary ===\n" + time + "Throughput: 412.7 qps\n" + time +
      "Latency: min = 2.31 ms, max = 3.92 ms, mean = 2.44 ms, median = 2.39 ms, percentile(90%) = 2.6 ms, "
      "percentile(95%) = 2.9 ms, percentile(99%) = 3.8 ms\n" +
      time + "Enqueue Time: min = 0.9 ms, max = 1.9 ms, mean = 1.1 ms, median = 1.07 ms, percentile(99%) = 1.8 ms\n" +
      time + "H2D Latency: min = 0.04 ms, max = 0.2 ms, mean = 0.05 ms, median = 0.049 ms, percentile(99%) = 0.1 ms\n" +
      time +
      "GPU Compute Time: min = 2.2 ms, max = 3.8 ms, mean = 2.35 ms, median = 2.31 ms, percentile(99%) = 3.7 ms\n";
  EXPECT_FLOAT_EQ(static_cast<float>(read(summary, "trtexec").median_ms), 2.39F);
  const std::string older = time + "Host Latency\n" + time + "min: 3.4 ms (end to end 5.9 ms)\n" + time +
                            "median: 3.58 ms (end to end 6.07 ms)\n" + time + "GPU Compute\n" + time +
                            "median: 3.05 ms\n";
  EXPECT_FLOAT_EQ(static_cast<float>(read(older, "trtexec").median_ms), 3.58F);
}

TEST_F(CommandDevice, ReadsOpenVino) {
  const Measurement m = read(
      "[Step 10/11] Measuring performance (Start inference synchronously, limits: 60000 ms duration)\n"
      "[ INFO ] First inference took 9.87 ms\n[Step 11/11] Dumping statistics report\n[ INFO ] Count:          1413 "
      "iterations\n[ INFO ] Duration:       15008.32 ms\n[ INFO ] Latency:\n[ INFO ]    Median:        10.45 ms\n"
      "[ INFO ]    Average:       10.62 ms\n[ INFO ]    Min:           8.79 ms\n[ INFO ]    Max:           16.95 ms\n"
      "[ INFO ] Throughput:   94.15 FPS\n",
      "openvino");
  EXPECT_FLOAT_EQ(static_cast<float>(m.median_ms), 10.45F);
  EXPECT_DOUBLE_EQ(m.cold_ms, 9.87);
  const std::string older = "Count:      181728 iterations\nDuration:   60001.53 ms\nLatency:    1.25 ms\n";
  EXPECT_FLOAT_EQ(static_cast<float>(read(older, "openvino").median_ms), 1.25F);
}

TEST_F(CommandDevice, ReadsEveryRunOfAnExpressionInItsUnit) {
  const std::string runs = "run 1: t=1500\nrun 2: t=2500 t=3500\nother: 7\n";
  for (const auto& [unit, factor] : {std::pair{"ms", 1.0F}, {"us", 1e-3F}, {"ns", 1e-6F}, {"s", 1e3F}}) {
    const Measurement m = read(runs, std::string("\"regex:t=(\\d+)\", unit=") + unit);
    ASSERT_EQ(m.raw_ms.size(), 6U) << unit;  // three runs, two repeats
    EXPECT_FLOAT_EQ(m.raw_ms[2], 3500 * factor) << unit;
  }
}

TEST_F(CommandDevice, RefusesHostileOutput) {
  const std::string us = "\"regex:t=(\\S+)\"";
  for (const std::string bad : {"t=nan", "t=inf", "t=-3", "t=0", "t=1e999", "t=0x10", "t=1,5", "t=1e-400"}) {
    EXPECT_NE(error_of(bad, us).find("is not a latency (> 0)"), std::string::npos) << bad;
  }
  EXPECT_NE(error_of("", us).find("prints no latency"), std::string::npos);
  EXPECT_NE(error_of(std::string("a\0b\x1b[31m", 8), us).find("its last line: a?b?[31m"), std::string::npos);
  EXPECT_NE(error_of(std::string(3'000'000, 't'), us).find("prints no latency"), std::string::npos);
  EXPECT_NE(measure("command(run=\"yes\", read=" + us + ")").error.find("printed too much"), std::string::npos);
  Rng rng(9);
  for (int i = 0; i < 20; ++i) {
    std::string bytes(5000, ' ');
    for (char& c : bytes) c = static_cast<char>(rng.below(256));
    for (const char* how : {"tflite", "onnxruntime_perf_test", "benchncnn", "trtexec", "openvino"}) {
      EXPECT_NE(error_of(bytes, how).find("prints no latency"), std::string::npos) << how;
    }
  }
}

TEST_F(CommandDevice, NamesTheNetworkAndHowTheProgramEnded) {
  const std::string x = space()->text(sample(1).front());
  const auto error = [](const std::string& run) { return measure("command(run=\"" + run + "\", read=tflite)").error; };
  EXPECT_NE(error("echo out of memory >&2; exit 3")
                .find("architecture " + x + ", run: the command left with exit status 3; its last line: out of memory"),
            std::string::npos);
  EXPECT_NE(error("no-such-program-here").find("exit status 127 (no such program)"), std::string::npos);
  EXPECT_NE(error("kill -SEGV $$").find("signal 11 (Segmentation fault)"), std::string::npos);
  EXPECT_NE(measure("command(run=true, convert=\"echo no operator X; false\", read=tflite)")
                .error.find("convert: the command left with exit status 1; its last line: no operator X"),
            std::string::npos);
}

TEST_F(CommandDevice, ATimeLimitEndsEverythingThatTheCommandStarted) {
  const std::string mark = (folder_ / "mark").string();
  const auto start = std::chrono::steady_clock::now();
  const std::string run = "(sleep 1.2; touch " + mark + ") & echo half; sleep 60";
  const std::string error = measure("command(run=\"" + run + "\", read=tflite, timeout_s=0.3)").error;
  EXPECT_NE(error.find("did not end in time and was killed; its last line: half"), std::string::npos) << error;
  std::this_thread::sleep_until(start + std::chrono::milliseconds(1800));
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST_F(CommandDevice, GetsTheNetworkConvertedOnceAndRunsItAsOftenAsItSays) {
  const std::string log = (folder_ / "log").string();
  const auto xs = sample(20);
  const Campaign campaign =
      measure("command(convert=\"cp {onnx} {converted}; echo {architecture} >> " + log +
                  "\", run=\"wc -c < {converted} | sed 's/^/size=/'\", read=\"regex:size=(\\d+)\", "
                  "repeats=4)",
              xs);
  EXPECT_EQ(campaign.error, "");
  ASSERT_EQ(campaign.measured.size(), xs.size());
  std::ifstream lines(log);
  for (const auto& x : xs) {
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, space()->text(x));
  }
  for (const auto& m : campaign.measured) {
    EXPECT_EQ(m.runs, 4);
    EXPECT_GT(m.median_ms, 1000);  // an ONNX file has more bytes
    EXPECT_NE(std::ranges::find(xs, m.architecture), xs.end());
  }
}

TEST_F(CommandDevice, StopsWhereProgressAsks) {
  const auto device = make_device("command(run=\"sleep 60\", read=tflite)");
  EXPECT_THROW(device->measure(*space(), sample(1), {}, {}, [](const Progress&) { return false; }), Stopped);
}

TEST_F(CommandDevice, TellsWhatItsOwnCommandSaysOfTheMachine) {
  const auto device = make_device("command(run=true, read=tflite, facts=\"echo Pixel 9, arm64\")");
  EXPECT_EQ(device->facts().cpu, "Pixel 9, arm64");
  EXPECT_THROW(make_device("command(run=true, read=tflite, facts=false)"), InputError);
}

TEST_F(CommandDevice, RefusesSettings) {
  for (const auto& [text, message] : std::initializer_list<std::pair<const char*, const char*>>{
           {"command()", "expected command(run="},
           {"command(run=x)", "expected command(run="},
           {"command(run=x, read=tflit)", "did you mean 'tflite'?"},
           {"command(run=x, read=\"regex:(\")", "not a regular expression"},
           {"command(run=x, read=\"regex:ms\")", "the expression has no group"},
           {"command(run=x, read=tflite, unit=us)", "tflite knows its unit"},
           {"command(run=x, read=tflite, repeats=0)", "'0' is not a number"},
           {"command(run=\"x, read=tflite)", "has quotes that do not end"},
           {"command(run=\"x\ny\", read=tflite)", "line break"}}) {
    try {
      make_device(text);
      ADD_FAILURE() << text;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace oneproxy
