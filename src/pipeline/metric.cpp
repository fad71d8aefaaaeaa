#include "oneproxy/pipeline/metric.hpp"

#include "oneproxy/base/error.hpp"
#include "oneproxy/space/peak_memory.hpp"

namespace oneproxy {
namespace {

class PeakMemoryPredictor final : public Predictor {
 public:
  explicit PeakMemoryPredictor(SpacePtr space) : space_(std::move(space)) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    for (std::size_t i = 0; i < xs.size(); ++i) out[i] = static_cast<float>(peak_memory_mb(space_->network(xs[i])));
  }

 private:
  SpacePtr space_;
};

}  // namespace

Metric make_metric(const std::string& text, const SpacePtr& space, const ProgressCallback& progress) {
  if (text == "memory_mb") return {text, nullptr, std::make_shared<PeakMemoryPredictor>(space)};
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || text.find_first_of(" (,\"") < equals) {
    throw InputError("metric '" + text + "'",
                     "expected memory_mb or NAME=DEVICE, e.g. energy_mj=table(FILE, column=C)");
  }
  return {text.substr(0, equals), make_device(text.substr(equals + 1), progress), nullptr};
}

}  // namespace oneproxy
