#include <iostream>
#include <memory>

#include "commands.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/train/image_sample.hpp"
#include "oneproxy/train/subnets.hpp"
#include "oneproxy/train/supernet.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  Task task;
  AccuracyFitOptions fit;
  std::filesystem::path checkpoint;
  std::filesystem::path out = "accuracy";
  std::size_t subnets = 1000;
  std::size_t images = 2500;
  std::size_t pilots = 16;
  std::size_t recalibration = 256;
  std::string sampling = "graded";  ///< or "uniform"
};

/// SRCC of the accuracies on the even and the odd images: how much of the ranking is not chance.
double halves_srcc(const ArchTable& table) {
  const Eigen::VectorXd even = table.values.col(1);
  const Eigen::VectorXd odd = table.values.col(2);
  return srcc({even.data(), static_cast<std::size_t>(even.size())}, {odd.data(), static_cast<std::size_t>(odd.size())});
}

void run(const Options& options, const Common& common) {
  const TaskData data = load_task(options.task);
  if (options.images == 0 || options.images > data.held_out.size()) {
    throw InputError("--images", "expected 1 to " + std::to_string(data.held_out.size()) + ", the images kept out");
  }
  const Subnets subnets(options.checkpoint, data.space, data.train, options.recalibration);
  const int threads = thread_count(options.task);
  const auto draw = [&](std::size_t count, Rng rng) {
    return options.sampling == "graded" ? data.space->sample_graded(count, rng)
                                        : data.space->sample_distinct(count, rng);
  };
  auto xs = draw(options.subnets, Rng(options.fit.seed));
  xs.insert(xs.begin(), {smallest_architecture(*data.space), largest_architecture(*data.space)});
  const auto pilots = draw(options.pilots, Rng(options.fit.seed).stream(1));
  ArchTable table;
  {
    ProgressBar bar(common);
    const auto progress = bar.callback();
    const ImageSample sample =
        informative_sample(subnets, pilots, data.held_out, options.images, options.fit.seed, threads, progress);
    table = evaluate_subnets(subnets, xs, sample, options.out / "accuracy.csv", threads, progress);
  }
  const auto all = table.values.col(0).array();
  const double mean = all.mean();
  const double deviation = std::sqrt((all - mean).square().mean());
  nlohmann::json json{{"space", data.space->description()}, {"subnets", table.architectures.size()},
                      {"images", options.images},           {"mean", mean},
                      {"standard_deviation", deviation},    {"lowest", all.minCoeff()},
                      {"highest", all.maxCoeff()},          {"halves_srcc", halves_srcc(table)}};
  if (!common.json && !common.quiet) {
    std::cout << table.architectures.size() << " networks on " << options.images
              << " of the images kept out of training: " << number(mean) << "% +- " << number(deviation) << " ("
              << number(all.minCoeff()) << " to " << number(all.maxCoeff())
              << ")\nSRCC of the two halves of the images: " << number(halves_srcc(table), 3) << '\n';
  }
  json["predictor"] = fit_and_write(data.space, table, options.fit, options.out / "accuracy.onnx", common);
  if (common.json) print(json);
}

}  // namespace

void add_accuracy(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "accuracy", "Evaluate networks of a supernet and fit the accuracy predictor",
                              "oneproxy train accuracy --checkpoint supernet.pt --subnets 1000 --out accuracy", common);
  add_task_options(*command, options->task);
  add_fit_options(*command, options->fit);
  command->add_option("--checkpoint", options->checkpoint, "Of `oneproxy train supernet`")->required();
  command
      ->add_option("--out", options->out, "Folder for accuracy.csv (gone on with where it is there) and accuracy.onnx")
      ->capture_default_str();
  command->add_option("--subnets", options->subnets, "Networks drawn beside the smallest and the largest")
      ->check(CLI::Range(20, 10'000'000))
      ->capture_default_str();
  command->add_option("--images", options->images, "Held-out images for each network")->capture_default_str();
  command->add_option("--pilots", options->pilots, "Networks that choose these images (those they disagree on, first)")
      ->check(CLI::Range(0, 1'000))
      ->capture_default_str();
  command
      ->add_option("--sampling", options->sampling,
                   "Networks of every size from the smallest to the largest (graded), or each decision uniform")
      ->check(CLI::IsMember({"graded", "uniform"}))
      ->capture_default_str();
  command->add_option("--recalibration", options->recalibration, "Training images for the batch normalisation of each")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
