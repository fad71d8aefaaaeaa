#ifdef ONEPROXY_HAS_HTTPLIB

#include "agent_connection.hpp"

#include <httplib.h>
#include <signal.h>
#include <zlib.h>

#include <ctime>
#include <exception>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t longest_line = std::size_t{256} << 20;
constexpr time_t silence_s = 30;  // the agent gives a sign of life every second

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
  client_->set_connection_timeout(5);
  client_->set_read_timeout(silence_s);
  client_->set_write_timeout(silence_s);
}

AgentConnection::~AgentConnection() = default;

void AgentConnection::post(const std::string& path, const std::string& body,
                           const std::function<void(const std::string&)>& take) {
  const NoSigpipe no_sigpipe;
  std::exception_ptr thrown;
  std::string rest;
  int status = 0;
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
    if (status != 200) return rest.size() <= longest_line;
    try {
      for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
        const std::string line = rest.substr(0, end);
        rest.erase(0, end + 1);
        take(line);
      }
      if (rest.size() > longest_line) throw InputError(url_, "answers with a line without end");
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
    return true;
  };
  const auto result = client_->send(request);
  if (thrown) std::rethrow_exception(thrown);
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
