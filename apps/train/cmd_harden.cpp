#include <iostream>
#include <memory>

#include "commands.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::filesystem::path data = default_data;
  std::filesystem::path out;
  HardenOptions harden;
};

void run(const Options& options, const Common& common) {
  ImageData data = read_idx_folder(options.data, 256);
  if (options.harden.occlusion > std::min(data.train.height, data.train.width)) {
    throw InputError("--occlusion", "expected at most the size of the images");
  }
  harden(data.train, options.harden, 0);
  harden(data.test, options.harden, 1);
  write_idx_folder(options.out, data);
  if (common.json) {
    print({{"data", options.out.string()}, {"train", data.train.size()}, {"test", data.test.size()}});
  } else if (!common.quiet) {
    std::cout << options.out.string() << ": " << data.train.size() << " + " << data.test.size() << " images\n";
  }
}

}  // namespace

void add_harden(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "harden", "Make the images of a task harder, so that its networks differ more",
                              "oneproxy train harden --out hard", common);
  command->add_option("--data", options->data, "Folder of IDX files, plain or .gz")->capture_default_str();
  command->add_option("--out", options->out, "Folder for the new IDX files")->required();
  command->add_option("--shift", options->harden.shift, "Pixels at most")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command->add_option("--noise", options->harden.noise, "Standard deviation, of 255")
      ->check(CLI::Range(0.0, 255.0))
      ->capture_default_str();
  command->add_option("--occlusion", options->harden.occlusion, "Side of the hidden square in pixels")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  command->add_option("--seed", options->harden.seed, "Of everything random")->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
