#include "explain.hpp"

#include <iostream>
#include <map>

#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/latency_model.hpp"

namespace oneproxy::cli {
namespace {

nlohmann::json to_json(const LayerLatency& layer) {
  nlohmann::json limits = nlohmann::json::object();
  for (const auto& [name, ms] : layer.limits_ms) limits[name] = ms;
  return {{"layer", layer.layer}, {"ms", layer.ms}, {"bottleneck", layer.bottleneck()}, {"limits_ms", limits}};
}

std::string as_text(const std::vector<LayerLatency>& layers) {
  double total_ms = 0;
  std::map<std::string, double> by_bottleneck;
  for (const auto& layer : layers) {
    total_ms += layer.ms;
    if (!layer.limits_ms.empty()) by_bottleneck[layer.bottleneck()] += layer.ms;
  }
  const auto percent = [&](double ms) { return number(total_ms > 0 ? 100 * ms / total_ms : 0, 3) + "%"; };
  std::vector<std::vector<std::string>> rows{{"layer", "bottleneck", "ms", "share"}};
  for (const auto& layer : layers) {
    const bool counted = !layer.limits_ms.empty();
    rows.push_back({layer.layer, counted ? layer.bottleneck() : "not counted", number(layer.ms), percent(layer.ms)});
  }
  std::string text = aligned(rows) + "in all " + number(total_ms) + " ms";
  for (const auto& [bottleneck, ms] : by_bottleneck) text += "; limited by " + bottleneck + " " + percent(ms);
  return text + '\n';
}

}  // namespace

void explain(const std::vector<std::string>& devices, const SearchSpace& space, const Architecture& x,
             const Common& common) {
  const Network network = space.network(x);
  nlohmann::json json{{"space", space.description()}, {"architecture", space.text(x)}, {"devices", nullptr}};
  for (const auto& text : devices) {
    const auto device = make_device(text, unless_interrupted);
    const LatencyModel* const model = latency_model(*device);
    if (model == nullptr) {
      throw InputError(device->description(),
                       "measures whole networks and cannot explain them; expected fpga, roofline or gables");
    }
    const auto layers = model->layers(network);
    json["devices"].push_back({{"device", model->description()},
                               {"warnings", model->warnings()},
                               {"latency_ms", model->latency_ms(network)},
                               {"layers", nlohmann::json::array()}});
    for (const auto& layer : layers) json["devices"].back()["layers"].push_back(to_json(layer));
    if (common.json) continue;
    std::cout << model->description() << ", architecture " << space.text(x) << '\n';
    for (const auto& warning : model->warnings()) std::cout << "warning: " << warning << '\n';
    std::cout << as_text(layers);
  }
  if (common.json) print(json);
}

}  // namespace oneproxy::cli
