#pragma once

#include <memory>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

struct NnMeterSettings {
  std::string family = "mobilenet_v3";  ///< one of NnMeterSpace::families()
  int classes = 1000;
  int resolution = 224;
  int depth = 0;       ///< of resnet (18, 34, 50) and vgg (11, 13, 16, 19); 0: a decision
  bool large = false;  ///< the larger one of the two networks of mobilenet_v3
};

/// A family of nn-Meter's benchmark (Zhang et al., MobiSys 2021): a published network whose channels and kernel sizes
/// vary around the original ones. Each width is one of 0.2, 0.3, .. times the original, cut to a whole number, or the
/// original; docs/formats/spaces.md lists families and factors. A stage whose blocks add up has one width.
///
/// Encoding of mobilenet_v3, proxyless_nas and mnasnet: that of the paper's appendices B.5.1 and B.5.2 (for each block
/// its input channels, its expansion, its output channels and its kernel, each one-hot; the channels into and out of
/// the last convolution) and the constant: 530 + 1 columns for mobilenet_v3, 783 + 1 for proxyless_nas. Others: their
/// decisions one-hot and the constant.
class NnMeterSpace final : public SearchSpace {
 public:
  /// mobilenet_v3, proxyless_nas, mnasnet, alexnet, vgg, googlenet, resnet, squeezenet, densenet, shufflenet_v2,
  /// mobilenet_v1.
  static const std::vector<std::string>& families();

  /// @throws InputError for an unknown family, another depth, or images too small for the family's poolings.
  explicit NnMeterSpace(const NnMeterSettings& settings);
  ~NnMeterSpace() override;

  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override;
  Network network(const Architecture& x) const override;
  void canonicalise(std::span<Architecture> xs) const override;
  std::size_t feature_count() const override;
  void active_features(std::span<const Architecture> xs, ActiveFeatures& out) const override;

 private:
  struct Plan;
  std::string description_;
  std::unique_ptr<const Plan> plan_;
};

}  // namespace oneproxy
