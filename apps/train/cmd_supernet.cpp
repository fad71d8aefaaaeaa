#include <iostream>
#include <memory>

#include "commands.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/train/supernet.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  Task task;
  SupernetOptions training;
  SupernetRun run;
  std::size_t train_images = 0;
};

void run(const Options& options, const Common& common) {
  TaskData data = load_task(options.task);
  if (options.train_images > data.train.size()) {
    throw InputError("--train-images", "expected at most " + std::to_string(data.train.size()));
  }
  if (options.train_images > 0) data.train = data.train.slice(0, options.train_images);
  SupernetRun where = options.run;
  where.threads = thread_count(options.task);
  if (std::filesystem::exists(where.checkpoint) && !where.resume) {
    throw InputError(where.checkpoint.string(), "is there already; give --resume to go on with it, or another --out");
  }
  SupernetResult result;
  {
    ProgressBar bar(common);
    result = train_supernet(*data.space, data.train, options.training, where, bar.callback());
  }
  if (common.json) {
    return print({{"space", data.space->description()},
                  {"checkpoint", where.checkpoint.string()},
                  {"steps", result.steps},
                  {"total_steps", result.total_steps},
                  {"loss_largest", result.last.loss_largest},
                  {"loss_smallest", result.last.loss_smallest},
                  {"loss_random", result.last.loss_random},
                  {"seconds", result.seconds}});
  }
  if (common.quiet) return;
  std::cout << where.checkpoint.string() << ": step " << result.steps << " of " << result.total_steps
            << ", cross-entropy largest " << number(result.last.loss_largest) << ", smallest "
            << number(result.last.loss_smallest) << ", random " << number(result.last.loss_random) << "; "
            << number(result.seconds) << " s\n";
}

}  // namespace

void add_supernet(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "supernet", "Train one set of weights for all networks of the space",
                              "oneproxy train supernet --out supernet.pt --epochs 8 --resume", common);
  add_task_options(*command, options->task);
  command->add_option("--out", options->run.checkpoint, "Checkpoint to write")->required();
  command->add_flag("--resume", options->run.resume, "Go on from the checkpoint where it is there");
  command->add_option("--init", options->run.initial, "Checkpoint of another training whose weights to begin with");
  command->add_option("--epochs", options->training.epochs, "Passes over the images")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--until-step", options->run.until_step,
                      "Stop after this step (0: none), to go on with --resume");
  command->add_option("--minutes", options->run.minutes, "Stop after so long (0: no limit), to go on with --resume")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--checkpoint-steps", options->run.checkpoint_steps, "Steps between checkpoints")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--batch", options->training.batch, "Images in a step")
      ->check(CLI::Range(2, 100'000))
      ->capture_default_str();
  command->add_option("--learning-rate", options->training.learning_rate, "Highest rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--random-subnets", options->training.random_subnets, "In every step, beside largest and smallest")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command
      ->add_option("--distillation", options->training.distillation,
                   "Share of the largest network's probabilities in what the others learn")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--train-images", options->train_images, "Use only so many (0: all that are not held out)");
  command->add_option("--seed", options->training.seed, "Of weights, order and subnets")->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
