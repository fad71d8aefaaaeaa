#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "engines.hpp"
#include "latency_reader.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/shell_command.hpp"
#include "oneproxy/space/onnx.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;

// Networks that are on the disk at a time. Their runs alternate, so that what changes with time hits all of them.
constexpr std::size_t block_size = 16;

/// A folder of its own, removed at the end.
class WorkFolder {
 public:
  WorkFolder() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "oneproxy-XXXXXX").string();
    if (error || mkdtemp(pattern.data()) == nullptr) {
      throw InputError(pattern, "cannot be made; expected a temporary folder that can be written to (TMPDIR)");
    }
    path_ = pattern;
  }
  ~WorkFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct CommandSettings {
  std::string run;
  std::string convert;
  std::string facts;
  std::string read;
  std::string unit;
  int repeats = 3;
  double timeout_s = 600;
};

using Values = std::vector<std::pair<std::string, std::string>>;

/// The template with every {key} replaced by its value as a word of the shell.
std::string filled(std::string text, const Values& values) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto* hit = static_cast<const Values::value_type*>(nullptr);
    for (const auto& entry : values) {
      if (text.compare(i, entry.first.size() + 2, "{" + entry.first + "}") == 0) hit = &entry;
    }
    result += hit == nullptr ? std::string(1, text[i]) : shell_word(hit->second);
    i += hit == nullptr ? 1 : hit->first.size() + 2;
  }
  return result;
}

class CommandDevice final : public Device {
 public:
  explicit CommandDevice(CommandSettings settings)
      : settings_(std::move(settings)), reader_(settings_.read, settings_.unit) {
    description_ = "command(run=" + quote_setting(settings_.run) + ", read=" + quote_setting(settings_.read) +
                   ", repeats=" + std::to_string(settings_.repeats) + ", timeout_s=" + number_text(settings_.timeout_s);
    if (settings_.unit != "ms") description_ += ", unit=" + settings_.unit;
    if (!settings_.convert.empty()) description_ += ", convert=" + quote_setting(settings_.convert);
    if (!settings_.facts.empty()) description_ += ", facts=" + quote_setting(settings_.facts);
    description_ += ')';
    // What cannot work is told before the search, not after it.
    if (!settings_.facts.empty()) cpu_ = last_line(must_work(settings_.facts, "the command of facts", {}).output);
  }

  const std::string& description() const override { return description_; }

  MachineFacts facts() const override {
    MachineFacts facts;  // nothing is known of the machine behind a command but what its own command tells
    facts.cpu = cpu_;
    facts.engine = "command, read as " + settings_.read;
    return facts;
  }

  void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol& protocol,
               const MeasurementSink& sink, const ProgressCallback& progress) override {
    Rng rng(protocol.seed);
    std::size_t done_count = 0;
    const auto tick = [&] { report(progress, {"measuring", done_count, xs.size()}); };
    while (done_count < xs.size()) {
      const auto block = xs.subspan(done_count, std::min(block_size, xs.size() - done_count));
      measure_block(space, block, protocol, rng, sink, tick, done_count);
    }
    tick();
  }

 private:
  struct Prepared {
    Values values;
    Measurement measurement;
  };

  void measure_block(const SearchSpace& space, std::span<const Architecture> xs, const Protocol& protocol, Rng& rng,
                     const MeasurementSink& sink, const std::function<void()>& tick, std::size_t& done_count) const {
    const WorkFolder folder;
    std::vector<Prepared> block;
    for (const auto& x : xs) block.push_back(prepare(folder.path(), block.size(), space, x, protocol, tick));
    std::vector<std::size_t> order(block.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (int round = 0; round < settings_.repeats; ++round) {
      rng.shuffle(std::span(order));
      for (const std::size_t i : order) {
        Measurement& m = block[i].measurement;
        run_once(block[i].values, space.text(m.architecture), m, tick);
        if (round + 1 < settings_.repeats) continue;
        summarise(m);
        m.stopped_by = "command";
        m.when = utc_now();
        ++done_count;
        if (sink) sink(m);
      }
    }
  }

  Prepared prepare(const fs::path& folder, std::size_t index, const SearchSpace& space, const Architecture& x,
                   const Protocol& protocol, const std::function<void()>& tick) const {
    const std::string stem = "network" + std::to_string(index);
    Prepared prepared;
    prepared.measurement.architecture = x;
    prepared.values = {{"onnx", (folder / (stem + ".onnx")).string()},
                       {"converted", (folder / (stem + ".converted")).string()},
                       {"folder", folder.string()},
                       {"architecture", space.text(x)},
                       {"runs", std::to_string(protocol.min_runs)},
                       {"warmup", std::to_string(protocol.warmup_runs)}};
    const Network network = space.network(x);
    write_onnx(prepared.values[0].second, network, random_weights(network, protocol.seed));
    if (!settings_.convert.empty()) {
      must_work(filled(settings_.convert, prepared.values), "architecture " + space.text(x) + ", convert", tick);
    }
    return prepared;
  }

  void run_once(const Values& values, const std::string& architecture, Measurement& m,
                const std::function<void()>& tick) const {
    const std::string where = "architecture " + architecture + ", run";
    const CommandOutcome outcome = must_work(filled(settings_.run, values), where, tick);
    try {
      const ReadLatencies latencies = reader_.read(outcome.output);
      for (const double ms : latencies.ms) m.raw_ms.push_back(static_cast<float>(ms));
      if (m.cold_ms == 0) m.cold_ms = latencies.cold_ms.value_or(0);
    } catch (const InputError& error) {
      throw InputError(description_ + ", " + where, error.what() + ("; its last line: " + last_line(outcome.output)));
    }
  }

  CommandOutcome must_work(const std::string& text, const std::string& where, const std::function<void()>& tick) const {
    CommandOutcome outcome = run_shell_command(text, {.timeout_s = settings_.timeout_s}, tick);
    if (outcome.end == CommandOutcome::End::left && outcome.status == 0) return outcome;
    throw InputError(description_ + ", " + where, "the command " + outcome.words());
  }

  CommandSettings settings_;
  LatencyReader reader_;
  std::string description_;
  std::string cpu_;
};

}  // namespace

std::unique_ptr<Device> make_command_device(Description description) {
  CommandSettings settings;
  settings.run = description.take("run", "");
  settings.read = description.take("read", "");
  settings.unit = description.take_choice("unit", "ms", {"ms", "us", "ns", "s"});
  settings.convert = description.take("convert", "");
  settings.facts = description.take("facts", "");
  settings.repeats = description.take_int("repeats", 3, 1, 10'000);
  settings.timeout_s = description.take_double("timeout_s", 600, 0.01, 86'400);
  description.finish();
  for (const auto* text : {&settings.run, &settings.convert, &settings.facts, &settings.read}) {
    if (text->find('\n') != std::string::npos)
      throw InputError("command", "a setting holds a line break; expected one line");
  }
  if (settings.run.empty() || settings.read.empty()) {
    throw InputError("command", "expected command(run=\"PROGRAM {onnx}\", read=PATTERN)");
  }
  return std::make_unique<CommandDevice>(std::move(settings));
}

DeviceKind command_kind() {
  std::string patterns;
  for (const auto& name : LatencyReader::names()) patterns += name + "|";
  return {"command",
          "run=\"PROGRAM {onnx}\", read=" + patterns +
              "\"regex:...\", convert=, facts=, repeats=3, "
              "timeout_s=600, unit=ms",
          true, "any program, here or behind adb or ssh"};
}

}  // namespace oneproxy
