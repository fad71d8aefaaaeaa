#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace httplib {
class Server;
struct Request;
struct Response;
class ContentReader;
}  // namespace httplib

namespace oneproxy::agent {

struct Options {
  std::string listen = "127.0.0.1";
  int port = 7717;  ///< 0: any free one
  std::filesystem::path token_file;
  std::filesystem::path certificate;
  std::filesystem::path key;
  int largest_request_mb = 256;  ///< also after unpacking
  double longest_s = 3600;       ///< of one request
  int at_once = 1;
  std::vector<std::string> devices;  ///< none: the engines of this build and the devices on paper
};

/// The HTTP side of the agent (docs/formats/agent.md). It parses no request but its head: each is answered by a process
/// of its own.
class Server {
 public:
  /// @throws InputError where an option or a file is not as expected, or where others could use the agent without a
  /// token.
  explicit Server(Options options);
  ~Server();

  /// Binds the port; the URL. @throws InputError where it is taken.
  std::string bind();
  /// Serves until stop() is called, from a signal handler or another thread.
  void run();
  void stop();

 private:
  void health(httplib::Response& response) const;
  void answer(httplib::Response& response, const httplib::ContentReader& read);
  bool allowed(const httplib::Request& request) const;

  Options options_;
  std::string token_;
  std::unique_ptr<httplib::Server> server_;
  std::atomic<int> measuring_{0};
};

}  // namespace oneproxy::agent
