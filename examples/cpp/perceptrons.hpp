#pragma once

#include "oneproxy/space/search_space.hpp"

/// A search space of your own: perceptrons for 64 readings of sensors, whose four hidden layers decide their widths.
class Perceptrons final : public oneproxy::SearchSpace {
 public:
  Perceptrons() {
    for (int i = 0; i < 4; ++i) decisions_.push_back({"width." + std::to_string(i), {"16", "32", "64", "128", "256"}});
  }

  const std::string& description() const override { return description_; }
  std::span<const oneproxy::Decision> decisions() const override { return decisions_; }
  oneproxy::Network network(const oneproxy::Architecture& x) const override {
    oneproxy::NetworkBuilder net({64, 1, 1});
    int at = 0;  // the input
    for (std::size_t d = 0; d < decisions_.size(); ++d) {
      const auto& [name, widths] = decisions_[d];
      at = net.fully_connected(at, std::stoi(widths[x[d]]), name, oneproxy::Activation::relu);
    }
    net.fully_connected(at, 10, "classifier");
    return std::move(net).finish();
  }

 private:
  std::string description_ = "perceptrons()";
  std::vector<oneproxy::Decision> decisions_;
};
