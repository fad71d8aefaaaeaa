#include "oneproxy/train/supernet.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <future>
#include <numbers>
#include <numeric>
#include <sstream>

#include "oneproxy/base/error.hpp"
#include "parallel.hpp"
#include "shared_weights.hpp"

namespace oneproxy {
namespace {

// Numbers of the streams of random draws, so that none depends on how much another drew.
constexpr std::uint64_t kOrderStream = 1;
constexpr std::uint64_t kSubnetStream = 2;

/// Everything that decides what is learnt; a training goes on only under the same.
std::string options_text(const SupernetOptions& o, const ImageSet& images) {
  std::uint64_t digest = 0xcbf29ce484222325;  // FNV-1a
  const auto mix = [&](std::span<const std::uint8_t> bytes) {
    for (const auto byte : bytes) digest = (digest ^ byte) * 0x100000001b3;
  };
  mix(images.pixels);
  mix(images.labels);
  std::ostringstream text;
  text << "epochs=" << o.epochs << " batch=" << o.batch << " learning_rate=" << o.learning_rate
       << " momentum=" << o.momentum << " weight_decay=" << o.weight_decay << " random_subnets=" << o.random_subnets
       << " distillation=" << o.distillation << " seed=" << o.seed << " images=" << images.size()
       << " digest=" << std::hex << digest;
  return text.str();
}

double learning_rate(const SupernetOptions& options, std::size_t step, std::size_t total) {
  const double warm_up = std::ceil(0.03 * static_cast<double>(total));
  const auto at = static_cast<double>(step);
  if (at < warm_up) return options.learning_rate * (at + 1) / warm_up;
  const double share = (at - warm_up) / std::max(1.0, static_cast<double>(total) - warm_up);
  return options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

/// What the largest network says of a batch, for the others of the step, which wait for it.
class LargestProbabilities {
 public:
  /// Runs `forward` and gives its logits; an exception in it goes to those who wait as well.
  template <typename Forward>
  torch::Tensor set_by(const Forward& forward) {
    try {
      auto logits = forward();
      promise_.set_value(torch::softmax(logits.detach(), 1));
      return logits;
    } catch (...) {
      promise_.set_exception(std::current_exception());
      throw;
    }
  }
  torch::Tensor get() const { return probabilities_.get(); }

 private:
  std::promise<torch::Tensor> promise_;
  std::shared_future<torch::Tensor> probabilities_ = promise_.get_future().share();
};

class Trainer {
 public:
  Trainer(const SearchSpace& space, const ImageSet& images, const SupernetOptions& options, int threads)
      : space_(space),
        images_(images),
        options_(options),
        threads_(threads),
        root_(options.seed),
        shared_(space, options.seed),
        smallest_(space.network(smallest_architecture(space))),
        largest_(space.network(largest_architecture(space))),
        parameters_(shared_.parameters()) {
    for (const auto& [name, parameter] : parameters_) velocity_[name] = torch::zeros_like(parameter);
  }

  std::size_t steps_per_epoch() const { return images_.size() / static_cast<std::size_t>(options_.batch); }
  std::size_t total_steps() const { return steps_per_epoch() * static_cast<std::size_t>(options_.epochs); }

  /// Step number `step` (from 0), which depends on nothing but this number and the parameters.
  SupernetStep run(std::size_t step) {
    const auto which = batch(step);
    const Shape input = largest_.layers.front().out;
    const auto x = image_tensor(images_, which, input);
    const auto labels = label_tensor(images_, which);

    std::vector<Network> networks{largest_, smallest_};
    Rng rng = root_.stream(kSubnetStream).stream(step);
    for (int i = 0; i < options_.random_subnets; ++i) networks.push_back(space_.network(space_.sample(rng)));

    std::vector<double> loss(networks.size());
    std::vector<std::map<std::string, torch::Tensor>> learnt(networks.size());
    LargestProbabilities teacher;
    in_parallel(networks.size(), threads_, [&](std::size_t i) {
      const SharedWeights own = shared_.alias();
      auto logits = i > 0 ? own.forward(networks[i], x) : teacher.set_by([&] { return own.forward(networks[i], x); });
      auto mean = torch::cross_entropy_loss(logits, labels);
      loss[i] = mean.item<double>();
      if (i > 0 && options_.distillation > 0) {
        const auto soft = -(teacher.get() * torch::log_softmax(logits, 1)).sum(1).mean();
        mean = (1 - options_.distillation) * mean + options_.distillation * soft;
      }
      mean.backward();
      learnt[i] = own.parameters();
    });
    descend(learnt, learning_rate(options_, step, total_steps()));

    SupernetStep result{.step = step + 1, .loss_largest = loss[0], .loss_smallest = loss[1]};
    for (std::size_t i = 2; i < loss.size(); ++i) result.loss_random += loss[i] / options_.random_subnets;
    return result;
  }

  void save(const std::filesystem::path& file, std::size_t step) const {
    Checkpoint checkpoint{.space = space_.description(),
                          .options = options_text(options_, images_),
                          .step = static_cast<std::int64_t>(step),
                          .tensors = {}};
    for (const auto& [name, tensor] : parameters_) checkpoint.tensors["parameter." + name] = tensor;
    for (const auto& [name, tensor] : velocity_) checkpoint.tensors["velocity." + name] = tensor;
    write_checkpoint(file, checkpoint);
  }

  /// Begins with the weights of another training.
  void load_initial(const std::filesystem::path& file) {
    restore(file, read_checkpoint(file, space_), "parameter.", parameters_);
  }

  /// The number of steps that the checkpoint has done.
  std::size_t load(const std::filesystem::path& file) {
    const Checkpoint checkpoint = read_checkpoint(file, space_);
    const std::string expected = options_text(options_, images_);
    if (checkpoint.options != expected) {
      throw InputError(file.string(), "was trained with " + checkpoint.options + "; cannot go on with " + expected);
    }
    if (checkpoint.step < 0 || static_cast<std::size_t>(checkpoint.step) > total_steps()) {
      throw InputError(file.string(), "field step is out of range");
    }
    restore(file, checkpoint, "parameter.", parameters_);
    restore(file, checkpoint, "velocity.", velocity_);
    return static_cast<std::size_t>(checkpoint.step);
  }

 private:
  /// Every epoch is a new order of all images; what is left over of the last batch is left out.
  std::span<const std::uint32_t> batch(std::size_t step) {
    const std::size_t epoch = step / steps_per_epoch();
    if (order_.empty() || epoch != order_epoch_) {
      order_.resize(images_.size());
      std::iota(order_.begin(), order_.end(), 0U);
      root_.stream(kOrderStream).stream(epoch).shuffle(std::span(order_));
      order_epoch_ = epoch;
    }
    const auto size = static_cast<std::size_t>(options_.batch);
    return std::span<const std::uint32_t>(order_).subspan(step % steps_per_epoch() * size, size);
  }

  /// Sums the gradients of all networks, always in the same order, and takes one step.
  void descend(const std::vector<std::map<std::string, torch::Tensor>>& learnt, double rate) {
    const torch::NoGradGuard no_gradients;
    for (auto& [name, parameter] : parameters_) {
      auto gradient = learnt.front().at(name).grad();  // of the largest network, which has every parameter
      for (std::size_t i = 1; i < learnt.size(); ++i) {
        if (const auto& other = learnt[i].at(name).grad(); other.defined()) gradient.add_(other);
      }
      auto& velocity = velocity_[name];
      if (parameter.dim() > 1) gradient.add_(parameter, options_.weight_decay);  // not of scales, shifts and biases
      velocity.mul_(options_.momentum).add_(gradient);
      parameter.add_(gradient.add_(velocity, options_.momentum), -rate);
    }
  }

  const SearchSpace& space_;
  const ImageSet& images_;
  const SupernetOptions options_;
  const int threads_;
  const Rng root_;
  SharedWeights shared_;
  Network smallest_;
  Network largest_;
  std::map<std::string, torch::Tensor> parameters_;
  std::map<std::string, torch::Tensor> velocity_;
  std::vector<std::uint32_t> order_;
  std::size_t order_epoch_ = 0;
};

}  // namespace

SupernetResult train_supernet(const SearchSpace& space, const ImageSet& images, const SupernetOptions& options,
                              const SupernetRun& run, const ProgressCallback& progress,
                              const std::function<void(const SupernetStep&)>& on_step) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  require_fit(space.network(smallest_architecture(space)), images);
  Trainer trainer(space, images, options, run.threads);
  const std::size_t total = trainer.total_steps();
  if (total == 0) {
    throw InputError("training", "expected at least one epoch and one batch of " + std::to_string(options.batch) +
                                     " images; there are " + std::to_string(images.size()));
  }
  std::size_t step = 0;
  if (run.resume && std::filesystem::exists(run.checkpoint)) {
    step = trainer.load(run.checkpoint);
  } else if (!run.initial.empty()) {
    trainer.load_initial(run.initial);
  }
  SupernetResult result{.steps = step, .total_steps = total, .last = {}};
  const std::size_t last = run.until_step == 0 ? total : std::min(total, run.until_step);
  while (step < last && (run.minutes <= 0 || seconds() < 60 * run.minutes)) {
    result.last = trainer.run(step++);
    if (!std::isfinite(result.last.loss_largest + result.last.loss_smallest + result.last.loss_random)) {
      throw InputError(
          "training, step " + std::to_string(step),
          "the loss is not finite; expected a lower learning rate than " + std::to_string(options.learning_rate));
    }
    if (on_step) on_step(result.last);
    const bool go_on = !progress || progress({"training the supernet", step, total});
    if (step % run.checkpoint_steps == 0 || !go_on) trainer.save(run.checkpoint, step);
    if (!go_on) throw Stopped("training stopped after step " + std::to_string(step));
  }
  trainer.save(run.checkpoint, step);
  result.steps = step;
  result.seconds = seconds();
  return result;
}

}  // namespace oneproxy
