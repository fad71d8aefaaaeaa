#include "oneproxy/train/subnets.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/engine.hpp"
#include "oneproxy/train/image_sample.hpp"
#include "oneproxy/train/supernet.hpp"
#include "parallel.hpp"
#include "shared_weights.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t kChunk = 64;  // images that are converted at once

std::vector<std::uint32_t> numbers(std::size_t first, std::size_t count) {
  std::vector<std::uint32_t> result(count);
  std::iota(result.begin(), result.end(), static_cast<std::uint32_t>(first));
  return result;
}

ImageSet evenly_spaced(const ImageSet& images, std::size_t count) {
  if (count == 0 || images.size() < count) {
    throw InputError("recalibration", "expected 1 to " + std::to_string(images.size()) +
                                          " images, all that there are for training; got " + std::to_string(count));
  }
  ImageSet chosen{images.height, images.width, {}, {}};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * images.size() / count;
    const auto pixels = images.image(at);
    chosen.pixels.insert(chosen.pixels.end(), pixels.begin(), pixels.end());
    chosen.labels.push_back(images.labels[at]);
  }
  return chosen;
}

void append(std::vector<float>& values, const torch::Tensor& tensor) {
  const auto plain = tensor.contiguous();
  values.insert(values.end(), plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel());
}

/// The rows that `file` has already, or a table without rows.
ArchTable start_table(const Subnets& subnets, const ImageSample& sample, const std::filesystem::path& file) {
  ArchTable table;
  table.columns = {"accuracy", "even", "odd"};
  table.notes = {{"supernet", subnets.training()},
                 {"images", sample.description},
                 {"recalibration", std::to_string(subnets.recalibration_images().size()) + " training images"}};
  table.values.resize(0, 3);
  if (!std::filesystem::exists(file)) return table;
  ArchTable old = read_arch_table(file, *subnets.space());
  for (const auto& note : table.notes) {
    if (std::ranges::find(old.notes, note) == old.notes.end()) {
      throw InputError(file.string(), "holds other accuracies; expected '# " + note.first + ": " + note.second +
                                          "', or choose another file");
    }
  }
  if (old.columns != table.columns) throw InputError(file.string(), "expected the columns accuracy,even,odd");
  old.notes = table.notes;
  return old;
}

/// Percent of all images, of those with an even and of those with an odd number.
Eigen::RowVector3d accuracies(const std::vector<bool>& hits, const std::vector<double>& weights) {
  double hit[2] = {0, 0};
  double all[2] = {0, 0};
  for (std::size_t i = 0; i < hits.size(); ++i) {
    all[i % 2] += weights[i];
    if (hits[i]) hit[i % 2] += weights[i];
  }
  const auto percent = [](double part, double whole) { return whole > 0 ? 100 * part / whole : 0.0; };
  return {percent(hit[0] + hit[1], all[0] + all[1]), percent(hit[0], all[0]), percent(hit[1], all[1])};
}

}  // namespace

struct Subnets::Impl {
  SpacePtr space;
  ImageSet images;
  SharedWeights shared;
  std::string training;
  torch::Tensor input;
};

Subnets::Subnets(const std::filesystem::path& checkpoint, SpacePtr space, const ImageSet& training_images,
                 std::size_t recalibration_images) {
  const Checkpoint saved = read_checkpoint(checkpoint, *space);
  auto impl = std::make_unique<Impl>(Impl{.space = space,
                                          .images = evenly_spaced(training_images, recalibration_images),
                                          .shared = SharedWeights(*space, 0),
                                          .training = saved.options + " step=" + std::to_string(saved.step),
                                          .input = {}});
  restore(checkpoint, saved, "parameter.", impl->shared.parameters());
  const Network smallest = space->network(smallest_architecture(*space));
  require_fit(smallest, impl->images);
  impl->input = image_tensor(impl->images, numbers(0, impl->images.size()), smallest.layers.front().out);
  impl_ = std::move(impl);
}

Subnets::~Subnets() = default;

const ImageSet& Subnets::recalibration_images() const { return impl_->images; }
const SpacePtr& Subnets::space() const { return impl_->space; }
const std::string& Subnets::training() const { return impl_->training; }

Weights Subnets::weights(const Architecture& x) const {
  const c10::InferenceMode no_gradients;
  const Network network = impl_->space->network(x);
  std::vector<BatchStatistics> statistics;
  impl_->shared.forward(network, impl_->input, &statistics);
  Weights weights;
  weights.values.resize(network.layers.size());
  auto of_layer = statistics.begin();
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.weight_count() == 0) continue;
    const SharedLayer shared = impl_->shared.part(layer);
    auto& values = weights.values[i];
    values.reserve(static_cast<std::size_t>(layer.weight_count() + layer.bias_count()));
    if (layer.kind == LayerKind::fully_connected) {
      append(values, shared.weight);
      append(values, shared.shift);
      continue;
    }
    const auto factor = shared.scale * of_layer->inverse_deviation;
    append(values, shared.weight * factor.view({-1, 1, 1, 1}));
    append(values, shared.shift - of_layer->mean * factor);
    ++of_layer;
  }
  return weights;
}

std::vector<float> Subnets::training_logits(const Architecture& x) const {
  const c10::InferenceMode no_gradients;
  std::vector<float> result;
  append(result, impl_->shared.forward(impl_->space->network(x), impl_->input));
  return result;
}

std::vector<float> logits(const Network& network, const Weights& weights, const ImageSet& images) {
  // Image by image in oneDNN itself, which fuses what LibTorch computes one by one.
  const auto engine = make_engine("onednn");
  const auto session = engine->load(network, weights);
  const Shape shape = network.layers.front().out;
  const auto pixels = static_cast<std::size_t>(shape.elements());
  const auto classes = static_cast<std::size_t>(network.layers.back().out.channels);
  std::vector<float> result(images.size() * classes);
  for (std::size_t first = 0; first < images.size(); first += kChunk) {
    const auto which = numbers(first, std::min(kChunk, images.size() - first));
    const auto input = image_tensor(images, which, shape).contiguous();
    for (std::size_t i = 0; i < which.size(); ++i) {
      session->run({input.data_ptr<float>() + i * pixels, pixels}, {&result[(first + i) * classes], classes});
    }
  }
  return result;
}

std::vector<bool> correct(const Network& network, const Weights& weights, const ImageSet& images) {
  const auto values = logits(network, weights, images);
  const auto classes = static_cast<std::size_t>(network.layers.back().out.channels);
  std::vector<bool> result(images.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto row = std::span(values).subspan(i * classes, classes);
    result[i] = std::ranges::max_element(row) - row.begin() == images.labels[i];
  }
  return result;
}

double accuracy_percent(const Network& network, const Weights& weights, const ImageSet& images) {
  const auto hits = correct(network, weights, images);
  return 100.0 * static_cast<double>(std::ranges::count(hits, true)) / static_cast<double>(hits.size());
}

ArchTable evaluate_subnets(const Subnets& subnets, std::span<const Architecture> xs, const ImageSample& sample,
                           const std::filesystem::path& file, int threads, const ProgressCallback& progress) {
  const SearchSpace& space = *subnets.space();
  ArchTable table = start_table(subnets, sample, file);
  std::unordered_set<Architecture> known(table.architectures.begin(), table.architectures.end());
  std::vector<Architecture> missing;
  for (const auto& x : xs) {
    if (known.insert(x).second) missing.push_back(x);
  }
  // Whole networks in parallel, since splitting the small layers of one network costs more than it gains.
  const std::size_t chunk = 8 * static_cast<std::size_t>(threads);
  for (std::size_t first = 0; first < missing.size(); first += chunk) {
    const auto part = std::span(missing).subspan(first, std::min(chunk, missing.size() - first));
    const auto rows = table.values.rows();
    table.values.conservativeResize(rows + static_cast<Eigen::Index>(part.size()), Eigen::NoChange);
    in_parallel(part.size(), threads, [&](std::size_t i) {
      const auto hits = correct(space.network(part[i]), subnets.weights(part[i]), sample.images);
      table.values.row(rows + static_cast<Eigen::Index>(i)) = accuracies(hits, sample.weights);
    });
    table.architectures.insert(table.architectures.end(), part.begin(), part.end());
    write_arch_table(file, space, table);
    if (progress && !progress({"evaluating subnets", first + part.size(), missing.size()})) {
      throw Stopped("evaluation stopped after " + std::to_string(table.architectures.size()) + " subnets");
    }
  }
  write_arch_table(file, space, table);
  return table;
}

void set_train_threads(int threads) { at::set_num_threads(threads); }

}  // namespace oneproxy
