#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "oneproxy/pipeline/run.hpp"

namespace oneproxy::cli {

/// The folder models/ that comes with the program: $ONEPROXY_MODELS, or beside the build folder, or in the installed
/// share/oneproxy. @throws InputError where there is none.
std::filesystem::path models_folder();

/// The folder of the default task, whose space.txt, accuracy.onnx, latency/ and proxies/ are the defaults.
std::filesystem::path default_models();

/// The space of `description`, or the default task's where it is empty.
SpacePtr space_or_default(const std::string& description);

/// Names of the shipped proxies, in order.
std::vector<std::string> shipped_proxies();

/// Tables of the latencies that the shipped proxies were fitted to.
std::vector<std::filesystem::path> shipped_latencies();

/// A proxy by its name among the shipped ones, or by the file of its predictor.
/// @throws InputError for an unknown name or a predictor of another space.
Proxy load_proxy(const std::string& name_or_file, const SpacePtr& space);

/// A predictor of latencies by the same names, of any kind (load_latency_predictor()).
std::shared_ptr<const Predictor> load_latency(const std::string& name_or_file, const SpacePtr& space);

/// The proxy of that name or file; every shipped one for "auto" or "".
std::vector<Proxy> load_proxies(const std::string& name_or_file, const SpacePtr& space);

}  // namespace oneproxy::cli
