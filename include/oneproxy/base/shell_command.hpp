#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace oneproxy {

/// How a command ended.
struct CommandOutcome {
  enum class End { left, killed, timed_out, too_much_output } end = End::left;
  int status = 0;      ///< exit status; of a killed one the signal
  std::string output;  ///< stdout and stderr, as they came

  /// "left with exit status 3", with the last line it printed.
  std::string words() const;
};

struct CommandLimits {
  double timeout_s = 600;
  std::size_t output_bytes = std::size_t{16} << 20;
};

/// Runs `text` with /bin/sh in a process group of its own, with an empty stdin. Whatever it started in that group is
/// killed when it ends, takes too long or prints too much. `tick` is called about five times a second and may throw,
/// which kills it too. @throws InputError where no process can be started.
CommandOutcome run_shell_command(const std::string& text, const CommandLimits& limits,
                                 const std::function<void()>& tick);

/// `value` as one word for the shell; as it is where no character of it has a meaning there.
std::string shell_word(std::string_view value);

/// The end of what a program printed, as one line of at most 200 printable characters: its last line that is not empty.
std::string last_line(std::string_view output);

}  // namespace oneproxy
