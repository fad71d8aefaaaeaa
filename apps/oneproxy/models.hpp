#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "oneproxy/pipeline/run.hpp"

namespace oneproxy::cli {

/// The folder models/ that comes with the program: $ONEPROXY_MODELS, or beside the build folder, or in the installed
/// share/oneproxy. @throws InputError where there is none.
std::filesystem::path models_folder();

/// The folder of the default task, whose space.txt, accuracy.onnx, latency.csv and proxies/ are the defaults.
std::filesystem::path default_models();

/// The space of `description`, or the default task's where it is empty.
SpacePtr space_or_default(const std::string& description);

/// Names of the shipped proxies, the default one first.
std::vector<std::string> shipped_proxies();

/// A proxy by its name among the shipped ones, or by the file of its predictor.
/// @throws InputError for an unknown name or a predictor of another space.
Proxy load_proxy(const std::string& name_or_file, const SpacePtr& space);

/// "auto" = every shipped proxy; "" = the default one.
std::vector<Proxy> load_proxies(const std::string& name_or_file, const SpacePtr& space);

}  // namespace oneproxy::cli
