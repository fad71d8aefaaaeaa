#include "batch.hpp"
#include "engines.hpp"
#include "oneproxy/base/error.hpp"

#ifdef ONEPROXY_HAS_XNNPACK

#include <pthreadpool.h>

#include <array>
#include <cassert>

#include "xnnpack_graph.hpp"

namespace oneproxy {
namespace {

std::string version_text() {
  const std::string version = ONEPROXY_XNNPACK_VERSION;
  return version.empty() ? "XNNPACK" : "XNNPACK " + version;
}

using ThreadPool = std::shared_ptr<pthreadpool>;

class XnnpackSession final : public Session {
 public:
  XnnpackSession(const Network& network, const Weights& weights, int batch, ThreadPool pool)
      : pool_(std::move(pool)),
        graph_(build_xnnpack_graph(network, weights, batch)),
        batch_(static_cast<std::size_t>(batch)),
        in_(network.layers.front().out),
        out_(network.layers.back().out),
        input_(batch_ * static_cast<std::size_t>(in_.elements()) + XnnpackGraph::extra_floats),
        output_(batch_ * static_cast<std::size_t>(out_.elements()) + XnnpackGraph::extra_floats) {
    xnn_runtime_t runtime = nullptr;
    require_success(xnn_create_runtime_v2(graph_.subgraph.get(), pool_.get(), 0, &runtime), "the network");
    runtime_.reset(runtime);
    const std::array<xnn_external_value, 2> ends{
        {{XnnpackGraph::input_id, input_.data()}, {XnnpackGraph::output_id, output_.data()}}};
    require_success(xnn_setup_runtime(runtime, ends.size(), ends.data()), "the network");
  }

  void run(std::span<const float> input, std::span<float> output) override {
    const auto in_size = static_cast<std::size_t>(in_.elements());
    const auto out_size = static_cast<std::size_t>(out_.elements());
    assert(input.size() == batch_ * in_size && output.size() == batch_ * out_size);
    const auto in_channels = static_cast<std::size_t>(in_.channels);
    for (std::size_t at = 0; at < input.size(); at += in_size) {
      transpose(input.data() + at, in_channels, in_size / in_channels, input_.data() + at);
    }
    require_success(xnn_invoke_runtime(runtime_.get()), "to run");
    const auto out_channels = static_cast<std::size_t>(out_.channels);
    for (std::size_t at = 0; at < output.size(); at += out_size) {
      transpose(output_.data() + at, out_size / out_channels, out_channels, output.data() + at);
    }
  }

 private:
  struct RuntimeDelete {
    void operator()(xnn_runtime_t runtime) const { xnn_delete_runtime(runtime); }
  };

  static void transpose(const float* from, std::size_t rows, std::size_t columns, float* to) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
    }
  }

  ThreadPool pool_;
  XnnpackGraph graph_;
  std::size_t batch_;
  Shape in_;
  Shape out_;
  std::vector<float> input_;   // height x width x channels, as XNNPACK wants it
  std::vector<float> output_;  // likewise
  std::unique_ptr<xnn_runtime, RuntimeDelete> runtime_;
};

class XnnpackEngine final : public Engine {
 public:
  XnnpackEngine(int threads, int batch)
      : threads_(threads),
        batch_(batch),
        description_("xnnpack(threads=" + std::to_string(threads) + batch_text(batch) + ")") {}

  const std::string& description() const override { return description_; }
  std::string version() const override { return version_text(); }
  int threads() const override { return threads_; }
  int batch() const override { return batch_; }

  std::unique_ptr<Session> load(const Network& network, const Weights& weights) override {
    require_success(xnn_initialize(nullptr), "to start");
    if (threads_ > 1 && !pool_) {  // not earlier: threads do not survive the fork of the measuring process
      pool_ = ThreadPool(pthreadpool_create(static_cast<std::size_t>(threads_)), pthreadpool_destroy);
      if (!pool_) throw InputError("xnnpack", "the system refuses " + std::to_string(threads_) + " threads");
    }
    return std::make_unique<XnnpackSession>(network, weights, batch_, pool_);
  }

 private:
  int threads_;
  int batch_;
  std::string description_;
  ThreadPool pool_;  // null: the calling thread alone
};

std::unique_ptr<Engine> make_engine_of(int threads, int batch) {
  return std::make_unique<XnnpackEngine>(threads, batch);
}
std::string missing() { return ""; }

}  // namespace
}  // namespace oneproxy

#else

namespace oneproxy {
namespace {

std::string version_text() { return ""; }
std::unique_ptr<Engine> make_engine_of(int, int) { return nullptr; }
std::string missing() {
  return "this build lacks XNNPACK; install libxnnpack-dev and libpthreadpool-dev, and build anew";
}

}  // namespace
}  // namespace oneproxy

#endif

namespace oneproxy {

std::unique_ptr<Engine> make_xnnpack(Description description) {
  const int threads = description.take_int("threads", 1, 1, 1024);
  const int batch = take_batch(description);
  description.finish();
  if (!missing().empty()) throw InputError("xnnpack", missing());
  return make_engine_of(threads, batch);
}

DeviceKind xnnpack_kind() {
  const bool available = missing().empty();
  return {"xnnpack", "threads=1, batch=1", available, available ? version_text() : missing()};
}

}  // namespace oneproxy
