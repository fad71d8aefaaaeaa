#include "on_paper.hpp"

#include <cassert>

#include "oneproxy/base/parallel.hpp"
#include "oneproxy/measure/latency_model.hpp"

namespace oneproxy {

OnPaper compute_on_paper(const SearchSpace& space, std::span<const Architecture> xs,
                         std::span<const std::string> devices, int threads) {
  std::vector<std::unique_ptr<Device>> owners;
  std::vector<const LatencyModel*> models;
  for (const auto& description : devices) {
    owners.push_back(make_device(description));
    models.push_back(latency_model(*owners.back()));
    assert(models.back() != nullptr);
  }
  OnPaper result{.latency_ms = Eigen::MatrixXd(xs.size(), models.size()),
                 .flops = Eigen::VectorXd(xs.size()),
                 .bytes = Eigen::VectorXd(xs.size())};
  parallel_for(xs.size(), threads, [&](std::size_t i) {
    const auto row = static_cast<Eigen::Index>(i);
    const Network network = space.network(xs[i]);
    const NetworkCosts cost = costs(network);
    result.flops(row) = cost.flops;
    result.bytes(row) = cost.bytes;
    for (std::size_t d = 0; d < models.size(); ++d) {
      result.latency_ms(row, static_cast<Eigen::Index>(d)) = models[d]->latency_ms(network);
    }
  });
  return result;
}

std::vector<std::string> fpga_designs() {
  std::vector<std::string> designs;
  for (int design = 1; design <= 9; ++design) designs.push_back("fpga(design=" + std::to_string(design) + ")");
  return designs;
}

std::vector<std::string> fpga_names() {
  std::vector<std::string> names;
  for (int design = 1; design <= 9; ++design) names.push_back("FPGA " + std::to_string(design));
  return names;
}

std::vector<std::string> mobile_rooflines() {
  return {"roofline(device=s5e)", "roofline(device=taba)", "roofline(device=lenovo)"};
}

std::vector<std::string> mobile_names() { return {"S5e", "TabA", "Lenovo"}; }

PaperNetworks paper_networks(std::uint64_t seed) {
  PaperNetworks result{.space = make_space("mobilenet_v2(resolution=224, width=1.3)"), .architectures = {}};
  Rng rng(seed);
  result.architectures = result.space->sample_distinct(10'000, rng);
  return result;
}

}  // namespace oneproxy
