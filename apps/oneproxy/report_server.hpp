#pragma once

#include <filesystem>
#include <functional>

namespace oneproxy::cli {

/// Serves a run's folder on the loopback interface alone, until Ctrl-C: the page at /, /live.json, and the files that
/// the page links to. `port` 0: one that is free. `listening` is told the port.
/// @throws InputError where the port is taken or this build has no server.
void serve_report(const std::filesystem::path& folder, int port, const std::function<void(int port)>& listening);

}  // namespace oneproxy::cli
