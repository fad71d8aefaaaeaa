#pragma once

#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// What networks (rows) cost on devices on paper (columns), and anywhere.
struct OnPaper {
  Eigen::MatrixXd latency_ms;
  Eigen::VectorXd flops;
  Eigen::VectorXd bytes;
};

/// `devices`: descriptions such as "fpga(design=1)". Each network is built once. The same on any number of threads.
OnPaper compute_on_paper(const SearchSpace& space, std::span<const Architecture> xs,
                         std::span<const std::string> devices, int threads);

/// The paper's nine FPGAs (Table 3), and the three devices of its Table 2 whose peaks are printed, as rooflines.
std::vector<std::string> fpga_designs();
std::vector<std::string> mobile_rooflines();
/// Names for people: "FPGA 1" to "FPGA 9"; "S5e", "TabA", "Lenovo".
std::vector<std::string> fpga_names();
std::vector<std::string> mobile_names();

/// The paper's 10,000 random networks: mobilenet_v2(resolution=224, width=1.3).
struct PaperNetworks {
  SpacePtr space;
  std::vector<Architecture> architectures;
};
PaperNetworks paper_networks(std::uint64_t seed);

}  // namespace oneproxy
