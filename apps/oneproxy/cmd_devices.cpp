#include <iostream>

#include "cli.hpp"
#include "oneproxy/measure/device.hpp"

namespace oneproxy::cli {

void add_devices(CLI::App& app, Common& common) {
  auto* command = add_command(app, "devices", "List the kinds of devices and what this machine has of them",
                              "oneproxy devices", common);
  command->callback([&common] {
    nlohmann::json json = nlohmann::json::array();
    std::vector<std::vector<std::string>> rows{{"device", "settings", "here", "detail"}};
    for (const auto& kind : device_kinds()) {
      json.push_back(
          {{"name", kind.name}, {"settings", kind.settings}, {"available", kind.available}, {"detail", kind.detail}});
      rows.push_back({kind.name, kind.settings, kind.available ? "yes" : "no", kind.detail});
    }
    if (common.json) return print({{"devices", json}, {"default", default_engine()}});
    std::cout << aligned(rows) << "default: " << default_engine() << '\n';
  });
}

}  // namespace oneproxy::cli
