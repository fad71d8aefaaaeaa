#include "server.hpp"

#include <httplib.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/agent_service.hpp"

namespace oneproxy::agent {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t fewest_token_characters = 16;
constexpr double sign_of_life_s = 1;

/// Takes as long for every `given` of one length, wherever it differs.
bool equal_in_constant_time(const std::string& given, const std::string& expected) {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected[i % expected.size()]);
  }
  return difference == 0;
}

std::string read_token(const std::filesystem::path& file) {
  std::string token = read_file(file);
  token.erase(std::min(token.find_last_not_of(" \t\r\n") + 1, token.size()));
  if (token.size() < fewest_token_characters) {
    throw InputError(file.string(), "expected a token of at least " + std::to_string(fewest_token_characters) +
                                        " characters, e.g. from: openssl rand -hex 32");
  }
  return token;
}

bool is_loopback(const std::string& address) {
  return address == "localhost" || address == "::1" || address.starts_with("127.");
}

void refuse(httplib::Response& response, int status, const std::string& error) {
  response.status = status;
  response.set_content(nlohmann::json{{"error", error}}.dump() + "\n", "application/json");
}

/// Counts one request that is being answered.
class Slot {
 public:
  Slot(std::atomic<int>& used, int count) : used_(used), taken_(++used <= count) {}
  ~Slot() { --used_; }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  bool taken() const { return taken_; }

 private:
  std::atomic<int>& used_;
  bool taken_;
};

}  // namespace

Server::Server(Options options) : options_(std::move(options)) {
  if (!options_.token_file.empty()) token_ = read_token(options_.token_file);
  if (token_.empty() && !is_loopback(options_.listen)) {
    throw InputError("--listen " + options_.listen, "lets others use this machine; expected --token-file FILE with it");
  }
  if (options_.certificate.empty() != options_.key.empty()) {
    throw InputError("--certificate", "expected together with --key");
  }
  if (options_.certificate.empty()) {
    server_ = std::make_unique<httplib::Server>();
  } else {
    read_file(options_.certificate);
    read_file(options_.key);
    server_ = std::make_unique<httplib::SSLServer>(options_.certificate.c_str(), options_.key.c_str());
    if (!server_->is_valid()) {
      throw InputError(options_.certificate.string(), "expected a PEM certificate and the key that belongs to it");
    }
  }
  // httplib would let two agents share a port, each with a part of the requests.
  server_->set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  // One request for each connection: the body of a refused one is never read.
  server_->set_keep_alive_max_count(1);
  server_->set_payload_max_length(static_cast<std::size_t>(options_.largest_request_mb) * 1'000'000);
  server_->set_read_timeout(30);
  server_->set_write_timeout(30);
  // Beyond those that measure there are always threads to refuse and to answer for the agent's health.
  const auto threads = static_cast<std::size_t>(options_.at_once) + 8;
  server_->new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
  server_->set_pre_routing_handler([this](const auto& request, auto& response) {
    if (allowed(request)) return httplib::Server::HandlerResponse::Unhandled;
    response.set_header("WWW-Authenticate", "Bearer");
    refuse(response, 401, "expected the header 'Authorization: Bearer TOKEN' with this agent's token");
    return httplib::Server::HandlerResponse::Handled;
  });
  server_->Get("/v1/health", [this](const auto&, auto& response) { health(response); });
  for (const char* path : {"/v1/facts", "/v1/measure"}) {
    server_->Post(path, [this](const auto&, auto& response, const auto& read) { answer(response, read); });
  }
}

Server::~Server() = default;

std::string Server::bind() {
  int port = options_.port;
  if (port == 0) {
    port = server_->bind_to_any_port(options_.listen);
  } else if (!server_->bind_to_port(options_.listen, port)) {
    port = -1;
  }
  if (port < 0) {
    throw InputError(options_.listen + ":" + std::to_string(options_.port),
                     "cannot be listened on; expected an address of this machine and a free port");
  }
  return (options_.certificate.empty() ? "http://" : "https://") + options_.listen + ":" + std::to_string(port);
}

void Server::run() { server_->listen_after_bind(); }
void Server::stop() { server_->stop(); }

bool Server::allowed(const httplib::Request& request) const {
  return token_.empty() || equal_in_constant_time(request.get_header_value("Authorization"), "Bearer " + token_);
}

void Server::health(httplib::Response& response) const {
  const nlohmann::json json{
      {"version", ONEPROXY_VERSION}, {"measuring", measuring_.load()}, {"at_once", options_.at_once}};
  response.set_content(json.dump() + "\n", "application/json");
}

void Server::answer(httplib::Response& response, const httplib::ContentReader& read) {
  const auto slot = std::make_shared<Slot>(measuring_, options_.at_once);
  if (!slot->taken()) {
    response.set_header("Retry-After", "1");
    return refuse(response, 503, "busy: " + std::to_string(options_.at_once) + " at once");
  }
  const std::size_t limit = static_cast<std::size_t>(options_.largest_request_mb) * 1'000'000;
  std::string body;
  bool too_large = false;
  const bool whole = read([&](const char* data, std::size_t size) {
    too_large = body.size() + size > limit;  // Content-Length told the packed size
    if (!too_large) body.append(data, size);
    return !too_large;
  });
  if (too_large) {
    return refuse(response, 413, "the request is larger than " + std::to_string(options_.largest_request_mb) + " MB");
  }
  if (!whole) {
    // Also where httplib found the length too large itself.
    return refuse(response, response.status == 413 ? 413 : 400, "the request could not be read whole");
  }
  std::shared_ptr<AgentWorker> worker;
  try {
    worker = std::make_shared<AgentWorker>(body, options_.devices);
  } catch (const InputError& error) {
    return refuse(response, 503, error.what());
  }
  const auto deadline = Clock::now() + std::chrono::duration<double>(options_.longest_s);
  response.set_chunked_content_provider(
      "application/x-ndjson", [this, worker, slot, deadline](std::size_t, httplib::DataSink& sink) {
        std::string line;
        const auto next = worker->next(line, sign_of_life_s);
        if (next == AgentWorker::Next::ended) {
          sink.done();
          return true;
        }
        if (next == AgentWorker::Next::silence) line = R"({"alive":true})";
        const bool late = Clock::now() > deadline;
        if (late) {
          const std::string seconds = std::to_string(static_cast<long>(options_.longest_s));
          line = nlohmann::json{{"error", "the request took longer than " + seconds + " s and was ended"}}.dump();
        }
        line += '\n';
        if (!sink.is_writable() || !sink.write(line.data(), line.size())) return false;
        if (late) sink.done();
        return true;
      });
}

}  // namespace oneproxy::agent
