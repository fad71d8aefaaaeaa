#include <fstream>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/space/onnx.hpp"
#include "oneproxy/train/subnets.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  Task task;
  std::filesystem::path checkpoint;
  std::filesystem::path out = ".";
  std::vector<std::string> architectures;
  std::filesystem::path architecture_file;
  std::size_t recalibration = 256;
};

std::vector<Architecture> chosen(const Options& options, const SearchSpace& space) {
  std::vector<Architecture> xs;
  for (const auto& text : options.architectures) xs.push_back(space.parse(text));
  if (!options.architecture_file.empty()) {
    std::ifstream file(options.architecture_file);
    if (!file) throw InputError(options.architecture_file.string(), "cannot be read");
    std::string text;
    for (int line = 1; std::getline(file, text); ++line) {
      if (text.empty() || text[0] == '#') continue;
      try {
        xs.push_back(space.parse(text));
      } catch (const InputError& error) {
        throw InputError(options.architecture_file.string() + ", line " + std::to_string(line), error.what());
      }
    }
  }
  if (xs.empty())
    throw InputError("train export", "expected --architecture or a file with at least one (--architecture-file)");
  return xs;
}

void run(const Options& options, const Common& common) {
  const TaskData data = load_task(options.task);
  const auto xs = chosen(options, *data.space);
  const Subnets subnets(options.checkpoint, data.space, data.train, options.recalibration);
  set_train_threads(thread_count(options.task));
  std::filesystem::create_directories(options.out);
  nlohmann::json networks = nlohmann::json::array();
  {
    ProgressBar bar(common);
    const auto progress = bar.callback();
    for (const auto& x : xs) {
      const std::string text = data.space->text(x);
      const Network network = data.space->network(x);
      const Weights weights = subnets.weights(x);
      const double accuracy = accuracy_percent(network, weights, data.test);
      const auto file = options.out / (text + ".onnx");
      write_onnx(file, network, weights,
                 {{"space", data.space->description()},
                  {"architecture", text},
                  {"input", "pixels / 255"},
                  {"test_accuracy_percent", number(accuracy)},
                  {"supernet", subnets.training()}});
      networks.push_back({{"architecture", text}, {"onnx", file.string()}, {"accuracy", accuracy}});
      report(progress, {"exporting networks", networks.size(), xs.size()});
    }
  }
  if (common.json) return print({{"networks", networks}});
  if (common.quiet) return;
  std::vector<std::vector<std::string>> rows{{"test accuracy %", "file"}};
  for (const auto& entry : networks) {
    rows.push_back({number(entry["accuracy"].get<double>()), entry["onnx"].get<std::string>()});
  }
  std::cout << aligned(rows);
}

}  // namespace

void add_export(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, "export", "Write networks with their supernet weights as ONNX, with their test accuracy",
                  "oneproxy train export --checkpoint supernet.pt --architecture "
                  "3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3 --out networks",
                  common);
  add_task_options(*command, options->task);
  command->add_option("--checkpoint", options->checkpoint, "Of `oneproxy train supernet`")->required();
  command->add_option("--architecture", options->architectures, "As text or JSON; may be given several times")
      ->expected(1)
      ->take_all();
  command->add_option("--architecture-file", options->architecture_file, "File with one architecture a line");
  command->add_option("--out", options->out, "Folder for the ONNX files")->capture_default_str();
  command->add_option("--recalibration", options->recalibration, "Training images for the batch normalisation of each")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
