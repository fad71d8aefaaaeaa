#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace oneproxy {

/// One end of a connection between two processes that carries whole messages. Owns its file descriptor.
class MessagePipe {
 public:
  explicit MessagePipe(int descriptor) : descriptor_(descriptor) {}
  ~MessagePipe();
  MessagePipe(MessagePipe&& other) noexcept;
  MessagePipe& operator=(MessagePipe&& other) noexcept;

  int descriptor() const { return descriptor_; }
  /// False where the other end is gone.
  bool send(std::string_view message);
  enum class Outcome { message, closed, timeout };
  /// Waits until a whole message is there; a timeout below 0 waits for ever. The timeout is for silence: every byte
  /// that arrives starts it anew.
  Outcome receive(std::string& message, double timeout_s);

 private:
  int descriptor_;
};

/// A forked copy of this process that runs one function and shares a pipe with it. It ends with its parent.
/// It ignores SIGINT: the parent decides what an interrupt from the terminal means.
class ChildProcess {
 public:
  /// @throws InputError where the system refuses another process.
  explicit ChildProcess(const std::function<void(MessagePipe&)>& body);
  /// Kills the child where it still runs, and waits for it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  MessagePipe& pipe() { return *pipe_; }
  bool running();
  /// Kills it where it still runs, waits, and says how it had ended, e.g. "crashed with signal 11 (Segmentation
  /// fault)".
  std::string end();

 private:
  void reap(bool wait);

  std::optional<MessagePipe> pipe_;
  pid_t pid_ = -1;  // -1: reaped
  int status_ = 0;
};

}  // namespace oneproxy
