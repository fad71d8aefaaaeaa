#include "asked_accuracy.hpp"

#include <unistd.h>

#include <cassert>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_map>

#include "oneproxy/base/description.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/line_process.hpp"
#include "oneproxy/base/shell_command.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Answers a line of JSON, a list of networks, with {"values": [...]} or {"error": "..."}; a null only imports.
/// What the function prints goes where stderr goes, so that it cannot stand between the answers.
constexpr const char* python_loop = R"(
import importlib, json, os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that asks
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
module, _, name = sys.argv[1].rpartition(".")
for line in sys.stdin:
    try:
        function = getattr(importlib.import_module(module), name)
        networks = json.loads(line)
        values = [] if networks is None else [float(value) for value in function(networks)]
        answer = json.dumps({"values": values})
    except BaseException as error:
        answer = json.dumps({"error": type(error).__name__ + ": " + str(error)})
    print(answer, file=answers, flush=True)
)";

json networks_of(const SearchSpace& space, std::span<const Architecture> xs) {
  json networks = json::array();
  for (const auto& x : xs) networks.push_back(space.to_json(x));
  return networks;
}

std::vector<double> ask_python(LineProcess& python, const std::string& name, const json& question) {
  const json answer = json::parse(python.ask(question.dump()), nullptr, /*allow_exceptions=*/false);
  if (answer.is_object() && answer.contains("error")) throw InputError(name, answer["error"].get<std::string>());
  // json.dumps writes NaN, which is no JSON.
  if (!answer.is_object()) throw InputError(name, "gave a value that is no finite number");
  return answer.at("values").get<std::vector<double>>();
}

/// A file that is gone when this is.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& content) {
    std::string pattern = (fs::temp_directory_path() / "oneproxy-XXXXXX").string();
    const int file = mkstemp(pattern.data());
    if (file < 0)
      throw InputError(pattern, "cannot be made; expected a temporary folder that can be written to (TMPDIR)");
    close(file);
    path_ = pattern;
    write_file(path_, content);
  }
  ~ScratchFile() {
    std::error_code error;
    fs::remove(path_, error);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void replace_all(std::string& text, const std::string& mark, const std::string& value) {
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size()) {
    text.replace(at, mark.size(), value);
  }
}

/// The last `count` lines of what a program printed, each a number.
std::vector<double> last_numbers(const std::string& output, std::size_t count, const std::string& name) {
  std::vector<std::string> lines;
  std::istringstream text(output);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  if (lines.size() < count) {
    throw InputError(name, "printed " + std::to_string(lines.size()) + " lines; expected one for each of " +
                               std::to_string(count) + " networks");
  }
  std::vector<double> values;
  for (std::size_t i = lines.size() - count; i < lines.size(); ++i) {
    char* end = nullptr;
    values.push_back(std::strtod(lines[i].c_str(), &end));
    if (end == lines[i].c_str() || *end != '\0') {
      throw InputError(name + ", line " + std::to_string(i + 1),
                       "'" + last_line(lines[i]) + "' is no accuracy (percent)");
    }
  }
  return values;
}

class AskedAccuracy final : public Predictor {
 public:
  using Ask = std::function<std::vector<double>(std::span<const Architecture>)>;

  AskedAccuracy(SpacePtr space, std::string name, Ask ask)
      : space_(std::move(space)), name_(std::move(name)), ask_(std::move(ask)) {}

  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    assert(xs.size() == out.size());
    const std::lock_guard lock(mutex_);
    std::vector<Architecture> unknown;
    std::unordered_map<Architecture, float> asked;
    for (const auto& x : xs) {
      if (!known_.contains(x) && asked.emplace(x, 0.0F).second) unknown.push_back(x);
    }
    if (!unknown.empty()) {
      const std::vector<double> values = ask_(unknown);
      if (values.size() != unknown.size()) {
        throw InputError(name_, "gave " + std::to_string(values.size()) + " values for " +
                                    std::to_string(unknown.size()) + " networks");
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!(values[i] >= 0 && values[i] <= 100)) {
          throw InputError(name_, "gave " + json(values[i]).dump() + " for " + space_->text(unknown[i]) +
                                      "; expected percent, 0 to 100");
        }
        asked[unknown[i]] = static_cast<float>(values[i]);
      }
      known_.merge(asked);
    }
    for (std::size_t i = 0; i < xs.size(); ++i) out[i] = known_.at(xs[i]);
  }

 private:
  SpacePtr space_;
  std::string name_;
  Ask ask_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<Architecture, float> known_;
};

std::shared_ptr<const Predictor> make_python_accuracy(const std::string& text, SpacePtr space) {
  const std::string function = text.substr(text.find(':') + 1);
  const auto dot = function.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == function.size()) {
    throw InputError("'" + text + "'", "expected python:MODULE.FUNCTION");
  }
  auto python = std::make_shared<LineProcess>(std::vector<std::string>{"python3", "-c", python_loop, function},
                                              "is python3 on the path?");
  ask_python(*python, text, nullptr);
  return std::make_shared<AskedAccuracy>(space, text, [python, space, text](std::span<const Architecture> xs) {
    return ask_python(*python, text, networks_of(*space, xs));
  });
}

std::shared_ptr<const Predictor> make_command_accuracy(const std::string& text, SpacePtr space) {
  Description description = Description::parse(text);
  const std::string run = description.take("run", "");
  const double timeout_s = description.take_double("timeout_s", 3600, 0.01, 86'400);
  description.finish();
  if (run.find("{networks}") == std::string::npos && run.find("{json}") == std::string::npos) {
    throw InputError("command", "expected command(run=\"PROGRAM {networks}\") or {json}, the file of the networks");
  }
  const std::string name = "command(run=" + quote_setting(run) + ")";
  return std::make_shared<AskedAccuracy>(space, name, [=](std::span<const Architecture> xs) {
    std::string lines;
    for (const auto& x : xs) lines += space->text(x) + '\n';
    const ScratchFile networks(lines);
    const ScratchFile as_json(networks_of(*space, xs).dump() + "\n");
    std::string line = run;
    replace_all(line, "{networks}", shell_word(networks.path().string()));
    replace_all(line, "{json}", shell_word(as_json.path().string()));
    const CommandOutcome outcome = run_shell_command(line, {.timeout_s = timeout_s}, {});
    if (outcome.end != CommandOutcome::End::left || outcome.status != 0) throw InputError(name, outcome.words());
    return last_numbers(outcome.output, xs.size(), name);
  });
}

}  // namespace

bool is_asked_accuracy(const std::string& text) { return text.starts_with("python:") || text.starts_with("command("); }

std::shared_ptr<const Predictor> make_asked_accuracy(const std::string& text, SpacePtr space) {
  return text.starts_with("python:") ? make_python_accuracy(text, std::move(space))
                                     : make_command_accuracy(text, std::move(space));
}

}  // namespace oneproxy
