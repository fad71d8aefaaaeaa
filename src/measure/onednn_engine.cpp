#include <omp.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>

#include "batch.hpp"
#include "engines.hpp"
#include "onednn_graph.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

const std::vector<std::string> isa_names{"best", "avx512", "avx2", "sse41"};  // after "best" from wide to narrow

std::string version_text() {
  const dnnl_version_t& version = *dnnl_version();
  return "oneDNN " + std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch);
}

dnnl::cpu_isa isa_of(const std::string& name) {
  return name == "avx512" ? dnnl::cpu_isa::avx512_core : name == "avx2" ? dnnl::cpu_isa::avx2 : dnnl::cpu_isa::sse41;
}

/// oneDNN fixes its instruction set when it makes its first primitive, for the rest of the process.
/// @throws InputError where it is already fixed to another one.
void fix_isa(const std::string& isa) {
  static std::string limit = "best";  // what this process was limited to by this function
  if (isa == limit) return;
  if (isa == "best" || dnnl::set_max_cpu_isa(isa_of(isa)) != dnnl::status::success) {
    const bool same = isa != "best" && limit == "best" && dnnl::get_effective_cpu_isa() == isa_of(isa);
    if (!same) {
      throw InputError("oneDNN", "already runs with isa=" + limit +
                                     " in this process, and it can only be chosen once; use another process");
    }
  }
  limit = isa;
}

/// Sets the number of OpenMP threads of the calling thread for a while.
class OpenmpThreads {
 public:
  explicit OpenmpThreads(int count) : before_(omp_get_max_threads()) { omp_set_num_threads(count); }
  ~OpenmpThreads() { omp_set_num_threads(before_); }
  OpenmpThreads(const OpenmpThreads&) = delete;
  OpenmpThreads& operator=(const OpenmpThreads&) = delete;

 private:
  int before_;
};

void execute(const OnednnProgram::Step& step, dnnl::stream& stream) {
  const auto status = dnnl_primitive_execute(step.primitive.get(), stream.get(),
                                             static_cast<int>(step.arguments.size()), step.arguments.data());
  if (status != dnnl_success) throw InputError("onednn", "a layer failed with status " + std::to_string(status));
}

class OnednnSession final : public Session {
 public:
  OnednnSession(OnednnProgram program, const dnnl::engine& engine, int threads)
      : program_(std::move(program)), stream_(engine), threads_(threads) {}

  void run(std::span<const float> input, std::span<float> output) override {
    assert(input.size() == program_.input.size() && output.size() == program_.output.size());
    const OpenmpThreads threads(threads_);
    std::ranges::copy(input, program_.input.begin());
    for (const auto& step : program_.steps) execute(step, stream_);
    stream_.wait();
    std::ranges::copy(program_.output, output.begin());
  }

 private:
  OnednnProgram program_;
  dnnl::stream stream_;
  int threads_;
};

class OnednnEngine final : public Engine {
 public:
  OnednnEngine(int threads, std::string isa, int batch)
      : threads_(threads),
        isa_(std::move(isa)),
        batch_(batch),
        description_("onednn(threads=" + std::to_string(threads_) + ", isa=" + isa_ + batch_text(batch) + ")") {}

  const std::string& description() const override { return description_; }
  std::string version() const override { return version_text(); }
  int threads() const override { return threads_; }
  int batch() const override { return batch_; }

  std::unique_ptr<Session> load(const Network& network, const Weights& weights) override {
    fix_isa(isa_);
    const OpenmpThreads threads(threads_);
    try {
      const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
      return std::make_unique<OnednnSession>(build_onednn_program(network, weights, cpu, batch_), cpu, threads_);
    } catch (const dnnl::error& error) {
      throw InputError("oneDNN", std::string("refuses the network: ") + error.what());
    }
  }

  std::vector<LayerLatency> layers(const Network& network, const Weights& weights, int runs) override {
    fix_isa(isa_);
    const OpenmpThreads threads(threads_);
    const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    const OnednnProgram program = build_onednn_program(network, weights, cpu, batch_);
    dnnl::stream stream(cpu);
    std::ranges::fill(program.input, 0.5F);
    std::vector<std::vector<double>> ms(network.layers.size());  // of each run
    for (int run = -3; run < runs; ++run) {
      for (const auto& step : program.steps) {
        const auto start = std::chrono::steady_clock::now();
        execute(step, stream);
        stream.wait();
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
        if (run < 0) continue;
        ms[step.layer].resize(static_cast<std::size_t>(run) + 1);
        ms[step.layer].back() += took.count() / batch_;
      }
    }
    std::vector<LayerLatency> found;
    for (std::size_t i = 0; i < ms.size(); ++i) {
      if (!ms[i].empty()) found.push_back({network.layers[i].name, middle_mean(ms[i]), {}});
    }
    return found;
  }
  std::string layers_origin() const override { return "each primitive of " + version_text() + " timed by itself"; }

 private:
  int threads_;
  std::string isa_;
  int batch_;
  std::string description_;
};

}  // namespace

std::unique_ptr<Engine> make_onednn(Description description) {
  const int threads = description.take_int("threads", 1, 1, 1024);
  const std::string isa = description.take_choice("isa", "best", isa_names);
  const int batch = take_batch(description);
  description.finish();
  const auto rank = [](const std::string& name) { return std::ranges::find(isa_names, name) - isa_names.begin(); };
  if (const std::string widest = widest_isa(); isa != "best" && rank(isa) < rank(widest)) {
    throw InputError("onednn, setting isa", "this processor lacks " + isa + "; its widest is " +
                                                (widest.empty() ? "not among " + isa : widest));
  }
  return std::make_unique<OnednnEngine>(threads, isa, batch);
}

DeviceKind onednn_kind() { return {"onednn", "threads=1, isa=best|avx512|avx2|sse41, batch=1", true, version_text()}; }

}  // namespace oneproxy
