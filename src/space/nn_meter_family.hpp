#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oneproxy/space/nn_meter.hpp"

namespace oneproxy::nn_meter {

/// The values (widths, kernels, factors) that an architecture takes at its decisions.
class Choice {
 public:
  Choice(const Architecture& x, const std::vector<std::vector<double>>& values) : x_(x), values_(values) {}
  int operator[](std::size_t decision) const { return static_cast<int>(factor(decision)); }
  double factor(std::size_t decision) const { return values_[decision][x_[decision]]; }

 private:
  const Architecture& x_;
  const std::vector<std::vector<double>>& values_;
};

/// What makes up one family. The functions hold for any settings that the family's maker accepted.
struct Family {
  std::vector<Decision> decisions;
  std::vector<std::vector<double>> values;  ///< of each decision's options
  std::function<Network(const Choice&)> build;
  /// Whether a decision has a say in the network; empty: all do.
  std::function<bool(const Choice&, std::size_t decision)> matters;
  /// The decision behind each one-hot group of the encoding, `fixed` for a group of one column; empty: each decision
  /// once.
  std::vector<int> groups;
  static constexpr int fixed = -1;

  /// Both return the index of the new decision. Options are whole numbers; factors print with one digit behind the
  /// point, and the one just below 1, which cuts a width to one less, as "1-".
  std::size_t add(std::string name, std::vector<double> whole_numbers);
  std::size_t add_factors(std::string name, std::vector<double> factors);
};

/// From `first` to `last` in steps of 0.1, added up one by one as nn-Meter does: by rounding, the sums end at 1.7 where
/// `last` is 1.8, and one of those that start below 1 is just less than 1.
std::vector<double> steps(double first, double last);

/// The different widths that the factors make of `base`, and `base` itself; at least 1, ascending.
std::vector<double> widths(int base, const std::vector<double>& factors);

/// A width times a factor, cut to a whole number, at least 1.
int scaled(int base, double factor);

/// `factors` and 1, ascending.
std::vector<double> with_original(std::vector<double> factors);

// The families, in the files of their kind.
Family alexnet(const NnMeterSettings& settings);
Family vgg(const NnMeterSettings& settings);
Family mobilenet_v1(const NnMeterSettings& settings);
Family resnet(const NnMeterSettings& settings);
Family googlenet(const NnMeterSettings& settings);
Family squeezenet(const NnMeterSettings& settings);
Family densenet(const NnMeterSettings& settings);
Family shufflenet_v2(const NnMeterSettings& settings);
Family mobilenet_v3(const NnMeterSettings& settings);
Family proxyless_nas(const NnMeterSettings& settings);
Family mnasnet(const NnMeterSettings& settings);

}  // namespace oneproxy::nn_meter
