#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace oneproxy {

/// Answers one request of the agent's interface (docs/formats/agent.md) in this process: `request` is the JSON body of
/// POST /v1/facts or /v1/measure. Only `devices` may be asked for, the first being the default; where there are none,
/// the engines of this build and the devices on paper (a client shall not run commands or read files here). `line` gets
/// each line of the answer, without its end, as soon as it is known; where it returns false, nobody listens any more
/// and the work stops. Failures are lines too: nothing is thrown.
void answer_agent_request(std::string_view request, const std::vector<std::string>& devices,
                          const std::function<bool(const std::string&)>& line);

/// answer_agent_request() in a process of its own, which a network may crash or hang.
class AgentWorker {
 public:
  /// @throws InputError where the system refuses another process.
  AgentWorker(const std::string& request, const std::vector<std::string>& devices);
  /// Kills the process where it still runs.
  ~AgentWorker();
  AgentWorker(const AgentWorker&) = delete;
  AgentWorker& operator=(const AgentWorker&) = delete;

  enum class Next { line, silence, ended };
  /// The next line of the answer; silence after `timeout_s` without one. The last line is {"done":true} or an error,
  /// also where the process crashed.
  Next next(std::string& line, double timeout_s);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `bytes` as base64 with padding, and back. @throws InputError where `text` is no base64.
std::string base64(std::string_view bytes);
std::string from_base64(std::string_view text);

}  // namespace oneproxy
