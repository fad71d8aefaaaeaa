#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace oneproxy {

/// Grey images of one size with their labels. A value.
struct ImageSet {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> pixels;  ///< image by image, row by row
  std::vector<std::uint8_t> labels;

  std::size_t size() const { return labels.size(); }
  std::span<const std::uint8_t> image(std::size_t i) const;
  /// Images first .. first + count - 1. Precondition: they exist.
  ImageSet slice(std::size_t first, std::size_t count) const;
};

struct ImageData {
  ImageSet train;
  ImageSet test;
};

/// Reads a folder in MNIST's format (Fashion-MNIST, EMNIST, ...): train-images-idx3-ubyte, train-labels-idx1-ubyte,
/// t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each plain or with .gz.
/// @throws InputError naming the file: missing, no IDX file, truncated or longer than declared, counts or sizes that do
/// not agree, a label that is not below `class_count`.
ImageData read_idx_folder(const std::filesystem::path& folder, int class_count);

/// How much harder harden() makes images. Defaults are justified in docs/design/training.md.
struct HardenOptions {
  int shift = 4;      ///< at most so many pixels in each direction
  double noise = 40;  ///< standard deviation, of 255
  int occlusion = 8;  ///< side of the square of noise that hides a part
  double lowest_contrast = 0.4;
  std::uint64_t seed = 1;
};

/// The same task made harder: each image is mirrored or not, shifted, paled, partly hidden and noisy, at random.
/// Image i depends on the seed, on `stream` and on i alone. Precondition: the square fits into the images.
void harden(ImageSet& images, const HardenOptions& options, std::uint64_t stream);

/// Writes the four plain files that read_idx_folder() reads. @throws InputError where they cannot be written whole.
void write_idx_folder(const std::filesystem::path& folder, const ImageData& data);

}  // namespace oneproxy
