#ifdef ONEPROXY_HAS_HTTPLIB

#include "agent_connection.hpp"

#include <httplib.h>
#include <signal.h>
#include <zlib.h>

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t longest_line = std::size_t{256} << 20;
constexpr time_t connecting_s = 2;  // a longer wait could not be stopped; who is slower is asked again
constexpr time_t silence_s = 30;    // the agent gives a sign of life every second

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// Writing to a connection that the other end closed must not end this program.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~NoSigpipe() {
    const timespec now{};
    if (sigismember(&before_, SIGPIPE) == 0) sigtimedwait(&set_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t set_{};
  sigset_t before_{};
};

/// The lines of an answer on their way from the thread that receives them.
class Lines {
 public:
  /// Waits while many lie there. False where nobody wants them any more.
  bool put(std::string line) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return lines_.size() < most_lines || abandoned_; });
    lines_.push_back(std::move(line));
    changed_.notify_all();
    return !abandoned_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }
  /// The lines that have come within 100 ms; nothing once all have been taken.
  std::optional<std::vector<std::string>> take() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return ended_ || !lines_.empty(); });
    if (ended_ && lines_.empty()) return std::nullopt;
    changed_.notify_all();
    return std::exchange(lines_, {});
  }

 private:
  static constexpr std::size_t most_lines = 64;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  bool ended_ = false;
  bool abandoned_ = false;
};

}  // namespace

AgentConnection::AgentConnection(const std::string& url, const std::string& token_file, const std::string& ca_file)
    : url_(url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    throw InputError("agent, setting url", "'" + url + "' is not http://HOST:PORT or https://HOST:PORT");
  }
  if (!token_file.empty()) {
    token_ = read_file(token_file);
    token_.erase(std::min(token_.find_last_not_of(" \t\r\n") + 1, token_.size()));
    if (token_.empty()) throw InputError(token_file, "is empty; expected a token");
  }
  client_ = std::make_unique<httplib::Client>(url);
  if (!client_->is_valid()) throw InputError("agent, setting url", "'" + url + "' is not http://HOST:PORT");
  if (!ca_file.empty()) {
    read_file(ca_file);
    client_->set_ca_cert_path(ca_file.c_str());
  }
  client_->enable_server_certificate_verification(true);
  client_->set_connection_timeout(connecting_s);
  client_->set_read_timeout(silence_s);
  client_->set_write_timeout(silence_s);
}

AgentConnection::~AgentConnection() = default;

void AgentConnection::post(const std::string& path, const std::string& body,
                           const std::function<void(const std::string&)>& take, const std::function<void()>& tick) {
  Lines lines;
  std::string rest;
  int status = 0;
  bool endless = false;
  httplib::Request request;
  request.method = "POST";
  request.path = path;
  request.body = gzip(body);
  request.headers = {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}};
  if (!token_.empty()) request.headers.emplace("Authorization", "Bearer " + token_);
  request.response_handler = [&](const httplib::Response& response) {
    status = response.status;
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, auto, auto) {
    rest.append(data, size);
    if (status == 200) {
      for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
        if (!lines.put(rest.substr(0, end))) return false;
        rest.erase(0, end + 1);
      }
    }
    endless = rest.size() > longest_line;
    return !endless;
  };
  std::optional<httplib::Result> answer;
  std::exception_ptr thrown;
  std::jthread transfer([&] {
    const NoSigpipe no_sigpipe;
    try {
      answer.emplace(client_->send(request));
    } catch (...) {
      thrown = std::current_exception();
    }
    lines.end();
  });
  try {
    while (auto some = lines.take()) {
      for (const auto& line : *some) take(line);
      tick();
    }
  } catch (...) {
    lines.abandon();
    client_->stop();
    throw;
  }
  transfer.join();
  if (thrown) std::rethrow_exception(thrown);
  const httplib::Result& result = *answer;
  if (endless) throw InputError(url_, "answers with a line without end");
  if (!result) {
    if (result.error() == httplib::Error::SSLServerVerification || result.error() == httplib::Error::SSLLoadingCerts) {
      throw InputError(url_, "its certificate is not trusted; expected ca_file=FILE of the certificates that are");
    }
    throw ConnectionLost("cannot be reached (" + httplib::to_string(result.error()) + ")");
  }
  const std::string words = rest.substr(0, std::min<std::size_t>(rest.find_last_not_of("\r\n") + 1, 300));
  if (status == 401) throw InputError(url_, "refuses the token; expected token_file=FILE with the agent's");
  if (status == 503) throw ConnectionLost("is busy");
  if (status >= 500) throw ConnectionLost("answers with status " + std::to_string(status) + " " + words);
  if (status != 200) throw InputError(url_, "answers with status " + std::to_string(status) + " " + words);
}

}  // namespace oneproxy

#endif
