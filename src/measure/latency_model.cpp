#include "oneproxy/measure/latency_model.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "engines.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

class ModelDevice final : public Device {
 public:
  explicit ModelDevice(std::unique_ptr<LatencyModel> model) : model_(std::move(model)) {}

  const LatencyModel& model() const { return *model_; }
  const std::string& description() const override { return model_->description(); }

  MachineFacts facts() const override {
    MachineFacts facts = machine_facts();
    facts.engine = "computed: " + model_->summary();
    return facts;
  }

  void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol&, const MeasurementSink& sink,
               const ProgressCallback& progress) override {
    std::size_t done_count = 0;
    for (const auto& x : xs) {
      report(progress, {"measuring", done_count++, xs.size()});
      const double ms = model_->latency_ms(space.network(x));
      if (!(ms > 0)) {
        throw InputError(description() + ", architecture " + space.text(x),
                         "takes no time: the model counts none of its layers");
      }
      Measurement measurement;
      measurement.architecture = x;
      measurement.raw_ms = {static_cast<float>(ms)};
      summarise(measurement);
      measurement.mean_ms = measurement.median_ms = measurement.p90_ms = ms;
      measurement.stopped_by = "model";
      measurement.when = utc_now();
      if (sink) sink(measurement);
    }
    report(progress, {"measuring", done_count, xs.size()});
  }

 private:
  std::unique_ptr<LatencyModel> model_;
};

}  // namespace

std::string LayerLatency::bottleneck() const {
  if (limits_ms.empty()) return "";
  return std::ranges::max_element(limits_ms, {}, &std::pair<std::string, double>::second)->first;
}

double LatencyModel::latency_ms(const Network& network) const {
  double ms = 0;
  for (const auto& layer : layers(network)) ms += layer.ms;
  return ms;
}

std::unique_ptr<Device> make_model_device(std::unique_ptr<LatencyModel> model) {
  return std::make_unique<ModelDevice>(std::move(model));
}

const LatencyModel* latency_model(const Device& device) {
  const auto* const computed = dynamic_cast<const ModelDevice*>(&device);
  return computed == nullptr ? nullptr : &computed->model();
}

std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(std::begin(text), std::end(text), value).ptr};
}

double take_positive(Description& description, std::string_view key, double fallback) {
  const double value = description.take_double(key, fallback, std::numeric_limits<double>::min(), 1e12);
  if (value == 0) {
    throw InputError(description.name() + ", setting " + std::string(key), "is missing; expected a number above 0");
  }
  return value;
}

double moved_bytes(const Network& network, const Layer& layer) {
  std::int64_t values = layer.out.elements() + layer.weight_count() + layer.bias_count();
  for (const int input : layer.inputs) values += network.layers[static_cast<std::size_t>(input)].out.elements();
  return 4.0 * static_cast<double>(values);
}

}  // namespace oneproxy
