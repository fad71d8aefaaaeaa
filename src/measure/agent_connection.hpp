#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace httplib {
class Client;
}

namespace oneproxy {

/// The agent is gone or busy; it may answer later.
class ConnectionLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Requests to an oneproxy-agent. Not safe to share between threads.
class AgentConnection {
 public:
  /// `url` is http://HOST:PORT or https://HOST:PORT; the token file and the file of trusted certificates may be "".
  /// @throws InputError where the URL or a file is not as expected.
  AgentConnection(const std::string& url, const std::string& token_file, const std::string& ca_file);
  ~AgentConnection();
  AgentConnection(const AgentConnection&) = delete;
  AgentConnection& operator=(const AgentConnection&) = delete;

  /// Sends `body`, compressed, and hands over the answer line by line as it comes. `tick` is called at least ten times
  /// a second. Both are called from the calling thread; what they throw ends the request and passes through, after at
  /// most two seconds where the agent does not answer.
  /// @throws ConnectionLost, or InputError where asking again would not help (wrong token, too large).
  void post(const std::string& path, const std::string& body, const std::function<void(const std::string&)>& take,
            const std::function<void()>& tick);

 private:
  std::string url_;
  std::string token_;
  std::unique_ptr<httplib::Client> client_;
};

}  // namespace oneproxy
