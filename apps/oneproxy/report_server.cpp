#include "report_server.hpp"

#include <thread>

#include "cli.hpp"
#include "oneproxy/base/error.hpp"

#ifdef ONEPROXY_HAS_HTTPLIB
#include <httplib.h>

#include "oneproxy/base/file.hpp"
#include "oneproxy/report/live_log.hpp"
#include "oneproxy/report/page.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;
constexpr const char* loopback = "127.0.0.1";

/// What is there to show: the result, or null while there is none.
nlohmann::json result_or_null(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "result.json", error) ? read_result(folder) : nlohmann::json();
}

void answer(httplib::Response& response, const std::function<std::string()>& content, const char* type) {
  try {
    response.set_content(content(), type);
  } catch (const InputError& error) {
    response.status = 404;
    response.set_content(error.what() + std::string("\n"), "text/plain");
  }
}

}  // namespace

void serve_report(const fs::path& folder, int port, const std::function<void(int port)>& listening) {
  httplib::Server server;
  // A page of another site must not read results through a name of its own that leads here.
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    const std::string host = request.get_header_value("Host");
    const std::string name = host.substr(0, host.find(':'));
    if (name == loopback || name == "localhost") return httplib::Server::HandlerResponse::Unhandled;
    response.status = 403;
    return httplib::Server::HandlerResponse::Handled;
  });
  server.Get("/", [&](const httplib::Request&, httplib::Response& response) {
    answer(
        response, [&] { return page_html(result_or_null(folder), true); }, "text/html; charset=utf-8");
  });
  server.Get("/live.json", [&](const httplib::Request&, httplib::Response& response) {
    answer(
        response, [&] { return read_live(folder).dump(); }, "application/json");
  });
  server.Get(R"(/((front-\d+\.onnx)|(front\.csv)|(result\.json)|(summary\.txt)))",
             [&](const httplib::Request& request, httplib::Response& response) {
               const fs::path file = folder / request.matches[1].str();
               answer(
                   response, [&] { return read_file(file); }, "application/octet-stream");
             });

  const int bound = port == 0 ? server.bind_to_any_port(loopback) : server.bind_to_port(loopback, port) ? port : -1;
  if (bound < 0) throw InputError("--port " + std::to_string(port), "is taken; --port 0 takes one that is free");
  listening(bound);
  std::jthread watcher([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (interrupted()) server.stop();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  server.listen_after_bind();
}

}  // namespace oneproxy::cli

#else

namespace oneproxy::cli {

void serve_report(const std::filesystem::path&, int, const std::function<void(int port)>&) {
  throw InputError("--serve", "this build has no server; install cpp-httplib (Debian: libcpp-httplib-dev, pkg-config)");
}

}  // namespace oneproxy::cli

#endif
