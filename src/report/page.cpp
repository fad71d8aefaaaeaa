#include "oneproxy/report/page.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#ifdef ONEPROXY_HAS_PAGE
#include "page_template.hpp"
#endif

namespace oneproxy {
namespace {

#ifdef ONEPROXY_HAS_PAGE
constexpr bool built_in = true;
#else
constexpr bool built_in = false;
std::string_view page_template() { return {}; }
#endif

void replace(std::string& page, std::string_view mark, std::string_view text) {
  const auto at = page.find(mark);
  if (at != std::string::npos) page.replace(at, mark.size(), text);
}

constexpr std::array run_lists{"front", "removed", "samples", "limits"};
constexpr std::array fleet_lists{"coverage", "clusters", "limits", "samples"};
constexpr std::size_t most_devices = 5000;  // that a page holds one by one

/// The lines of devices.jsonl after its header, evenly spread where there are more than a page holds.
nlohmann::json read_devices(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::istringstream in(read_file(file));
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  auto devices = nlohmann::json::array();
  const std::size_t count = lines.empty() ? 0 : lines.size() - 1;
  const std::size_t shown = std::min(count, most_devices);
  for (std::size_t i = 0; i < shown; ++i) {
    const std::size_t line = 1 + i * count / shown;
    auto device = nlohmann::json::parse(lines[line], nullptr, false);
    if (!device.is_object()) throw InputError(file.string() + ", line " + std::to_string(line + 1), "is not JSON");
    devices.push_back(std::move(device));
  }
  return devices;
}

/// networks.csv: network, accuracy, architecture.
nlohmann::json read_networks(const std::filesystem::path& file) {
  auto networks = nlohmann::json::array();
  std::istringstream in(read_file(file));
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const auto first = line.find(',');
    const auto second = line.find(',', first + 1);
    char* end = nullptr;
    const double accuracy = first == std::string::npos ? 0 : std::strtod(line.c_str() + first + 1, &end);
    if (second == std::string::npos || end != line.c_str() + second) {
      throw InputError(file.string() + ", line " + std::to_string(networks.size() + 2),
                       "expected network, accuracy, architecture");
    }
    networks.push_back({{"accuracy", accuracy}, {"architecture", line.substr(second + 1)}});
  }
  return networks;
}

/// No text of a result can end the script element or begin a comment in it.
std::string for_script(const nlohmann::json& json) {
  const std::string text = json.dump(-1, ' ', true);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

}  // namespace

bool has_page() { return built_in; }

std::string page_html(const nlohmann::json& result, bool live) {
  std::string page(page_template());
  replace(page, "/*RESULT*/", for_script(result));
  if (live) replace(page, "<body>", "<body data-live>");
  return page;
}

nlohmann::json read_result(const std::filesystem::path& folder) {
  const auto file = folder / "result.json";
  auto json = nlohmann::json::parse(read_file(file), nullptr, false);
  if (json.is_discarded()) throw InputError(file.string(), "is not JSON");
  const auto format = json.is_object() ? json.value("format", nlohmann::json()) : nlohmann::json();
  const bool fleet = format == "oneproxy-fleet-result";
  if (!fleet && format != "oneproxy-result") {
    throw InputError(file.string() + ", field format", "expected oneproxy-result or oneproxy-fleet-result");
  }
  if (json.value("format_version", nlohmann::json()) != 1) {
    throw InputError(file.string() + ", field format_version", "expected 1; use a newer program for newer results");
  }
  for (const char* list : fleet ? fleet_lists : run_lists) {
    if (!json.contains(list) || !json[list].is_array())
      throw InputError(file.string() + ", field " + list, "is no list");
  }
  if (fleet) {
    json["device_lines"] = read_devices(folder / "devices.jsonl");
    json["networks"] = read_networks(folder / "networks.csv");
  }
  return json;
}

void write_page(const std::filesystem::path& folder) {
  if (!built_in) throw InputError("report", "this build has no page; install npm (Debian: npm) and build again");
  write_file(folder / "index.html", page_html(read_result(folder)));
}

}  // namespace oneproxy
