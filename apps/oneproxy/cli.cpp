#include "cli.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace oneproxy::cli {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

std::atomic<bool> interrupt_seen{false};

std::string clock_text(double seconds) {
  char text[32];
  const int whole = static_cast<int>(seconds + 0.5);
  std::snprintf(text, sizeof text, "%d:%02d", whole / 60, whole % 60);
  return text;
}

}  // namespace

void catch_interrupts() {
  // A second Ctrl-C ends the program at once.
  std::signal(SIGINT, [](int) {
    interrupt_seen = true;
    std::signal(SIGINT, SIG_DFL);
  });
}

bool interrupted() { return interrupt_seen; }
bool unless_interrupted(const Progress&) { return !interrupted(); }

ProgressBar::ProgressBar(const Common& common) : enabled_(!common.quiet && isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() { wipe(); }

ProgressCallback ProgressBar::callback() {
  return [this](const Progress& progress) {
    if (enabled_) draw(progress);
    return !interrupted();
  };
}

void ProgressBar::draw(const Progress& progress) {
  const auto now = steady_clock::now();
  if (step_ != progress.step) {
    wipe();
    step_ = progress.step;
    started_ = drawn_at_ = now;
  }
  const double elapsed = duration<double>(now - started_).count();
  if (elapsed < 2 || progress.total == 0 || duration<double>(now - drawn_at_).count() < 0.1) return;
  drawn_at_ = now;
  drawn_ = true;
  const double share = std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total));
  constexpr int width = 30;
  std::string bar(static_cast<std::size_t>(share * width), '#');
  bar.resize(width, '.');
  const std::string left = share > 0 ? clock_text(elapsed * (1 - share) / share) + " left" : "";
  std::fprintf(stderr, "\r\033[K%s [%s] %zu/%zu  %s", step_.c_str(), bar.c_str(), progress.done, progress.total,
               left.c_str());
  std::fflush(stderr);
}

void ProgressBar::wipe() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example,
                      Common& common) {
  auto* command = parent.add_subcommand(name, what);
  command->add_flag("-q,--quiet", common.quiet, "No progress and no remarks");
  command->add_flag("--json", common.json, "Print the result as JSON");
  command->footer("Example:\n  " + example);
  return command;
}

void print(const nlohmann::json& json) { std::cout << json.dump(2) << '\n'; }

bool colour_wanted() {
  const char* none = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (none != nullptr && *none != '\0') return false;
  if (terminal != nullptr && std::string_view(terminal) == "dumb") return false;
  return isatty(STDOUT_FILENO) != 0;
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const auto numeric = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789.-+e%") == std::string::npos;
  };
  std::string result;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      const bool right = numeric(rows.size() > 1 && i < rows[1].size() ? rows[1][i] : row[i]);
      line += (i > 0 ? "  " : "") + (right ? padding + row[i] : row[i] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (result.empty() && rows.size() > 1 && colour_wanted()) line = "\033[1m" + line + "\033[0m";
    result += line + '\n';
  }
  return result;
}

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

}  // namespace oneproxy::cli
