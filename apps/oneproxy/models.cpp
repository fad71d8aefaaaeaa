#include "models.hpp"

#include <algorithm>
#include <cstdlib>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/latency_file.hpp"
#include "oneproxy/predict/lookup_table.hpp"

namespace oneproxy::cli {
namespace fs = std::filesystem;

fs::path models_folder() {
  if (const char* named = std::getenv("ONEPROXY_MODELS")) return named;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate : {program / "../../models", program / "../share/oneproxy/models"}) {
    if (fs::is_directory(candidate, error)) return fs::canonical(candidate, error);
  }
  throw InputError("models", "the folder of the shipped models was not found beside the program; set ONEPROXY_MODELS");
}

fs::path default_models() { return models_folder() / "fashion_mnist"; }

SpacePtr space_or_default(const std::string& description) {
  if (!description.empty()) return make_space(description);
  std::string text = read_file(default_models() / "space.txt");
  text.erase(text.find_last_not_of(" \n\r\t") + 1);
  return make_space(text);
}

namespace {

std::vector<fs::path> files_of(const char* folder, const char* extension) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(default_models() / folder, error)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// Whether a predictor is named by its file, and not by its name among the shipped ones.
bool is_file(const std::string& name) {
  const auto ends = [&](const char* ending) { return name.ends_with(ending); };
  return name.find('/') != std::string::npos || ends(".json") || ends(".yaml") || ends(".yml") || ends(".csv") ||
         ends(".onnx");
}

}  // namespace

std::vector<fs::path> shipped_latencies() { return files_of("latency", ".csv"); }

std::vector<std::string> shipped_proxies() {
  std::vector<std::string> names;
  for (const auto& file : files_of("proxies", ".json")) names.push_back(file.stem().string());
  return names;
}

Proxy load_proxy(const std::string& name_or_file, const SpacePtr& space) {
  const auto loaded = [&](const fs::path& file) -> Proxy {
    if (is_lookup_table(file)) {
      const auto table = load_lookup_table(file, space);
      if (!table->linear()) {
        throw InputError(file.string(), "its sums are not linear in the encoding of " + space->description() +
                                            ", so Eqn. (3) cannot adapt it; oneproxy search takes it as it is");
      }
      return {file.stem().string(), std::make_shared<LinearPredictor>(*table->linear())};
    }
    return {file.stem().string(), std::make_shared<LinearPredictor>(load_linear_predictor(file, space))};
  };
  if (is_file(name_or_file)) return loaded(name_or_file);
  const fs::path shipped = default_models() / "proxies" / (name_or_file + ".json");
  std::error_code error;
  if (!fs::exists(shipped, error)) {
    const auto names = shipped_proxies();
    std::string known;
    for (const auto& name : names) known += (known.empty() ? "" : ", ") + name;
    throw InputError("proxy '" + name_or_file + "'",
                     "expected the file of a predictor (.json) or one of " + known + suggestion(name_or_file, names));
  }
  return loaded(shipped);
}

std::shared_ptr<const Predictor> load_latency(const std::string& name_or_file, const SpacePtr& space) {
  if (is_file(name_or_file)) return load_latency_predictor(name_or_file, space);
  return load_proxies(name_or_file, space).front().predictor;
}

std::vector<Proxy> load_proxies(const std::string& name_or_file, const SpacePtr& space) {
  std::vector<Proxy> proxies;
  if (!name_or_file.empty() && name_or_file != "auto") {
    proxies.push_back(load_proxy(name_or_file, space));
    return proxies;
  }
  for (const auto& name : shipped_proxies()) proxies.push_back(load_proxy(name, space));
  if (proxies.empty()) throw InputError(default_models().string(), "holds no proxies; name one with --proxy");
  return proxies;
}

}  // namespace oneproxy::cli
