#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/predict/forest.hpp"
#include "oneproxy/predict/kernels.hpp"
#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

/// One kernel that was measured alone.
struct KernelSample {
  KernelConfig config;
  double ms = 0;  ///< beyond what a call takes whatever the network
};

/// nn-Meter's predictor (Zhang et al., MobiSys 2021): the latency of a network is a constant and the sum over its
/// kernels, each by the random forest of its kind over its configuration. Its linear form w^T x has one weight for each
/// configuration of a kernel, x being how often a network has it. An immutable value; safe from any thread.
class KernelModel {
 public:
  /// Where a kernel's latency comes from.
  enum class Form {
    forests,  ///< from the forest of its kind
    counts,   ///< from its weight; from the forest where it has none
  };

  struct Parts {
    std::string device;  ///< description
    double overhead_ms = 0;
    FusionRules rules;
    std::map<std::string, Forest> forests;    ///< by kernel kind, over KernelConfig::features
    std::map<std::string, double> weight_ms;  ///< by KernelConfig::text
    std::size_t measurement_count = 0;        ///< networks that were measured for all of this
    bool operator==(const Parts&) const = default;
  };

  KernelModel() = default;
  explicit KernelModel(Parts parts) : parts_(std::move(parts)) {}
  const Parts& parts() const { return parts_; }

  /// Works for any network whose operators are known; a kernel of a kind that is not is taken as shorter ones.
  /// @throws InputError naming the first operator that is in no kernel known.
  double latency_ms(const Network& network, Form form = Form::forests) const;
  std::vector<double> latency_ms(std::span<const Network> networks, Form form = Form::forests) const;

 private:
  using Memory = std::map<std::string, double>;  // latencies by KernelConfig::text
  double latency_ms(const Network& network, Form form, Memory& memory) const;
  const double* find(const KernelConfig& config, Form form, Memory& memory) const;

  Parts parts_;
};

/// A kernel model as a predictor over a space.
class KernelPredictor final : public Predictor {
 public:
  KernelPredictor(SpacePtr space, KernelModel model, KernelModel::Form form = KernelModel::Form::forests)
      : space_(std::move(space)), model_(std::move(model)), form_(form) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override;
  const KernelModel& model() const { return model_; }

 private:
  SpacePtr space_;
  KernelModel model_;
  KernelModel::Form form_;
};

/// A forest for each kind among the samples, and the samples' own latencies as weights of the linear form.
/// @throws InputError where this build cannot fit forests.
KernelModel fit_kernel_model(std::string device, double overhead_ms, FusionRules rules,
                             std::span<const KernelSample> samples, const ForestOptions& options = {});

/// The linear form fitted to latencies of whole networks by regularised least squares; it has no forests, so it fits
/// networks of these kernels alone. Preconditions: at least two networks, as many latencies, all finite.
KernelModel fit_kernel_counts(std::string device, FusionRules rules, std::span<const Network> networks,
                              std::span<const double> latency_ms);

/// docs/formats/predictor.md. @throws InputError where it cannot be written whole.
void save_kernel_model(const std::filesystem::path& file, const KernelModel& model);
/// @throws InputError naming file and field.
KernelModel load_kernel_model(const std::filesystem::path& file);

}  // namespace oneproxy
