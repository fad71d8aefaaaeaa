#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/space/search_space.hpp"
#include "oneproxy/train/images.hpp"

namespace oneproxy {

inline constexpr const char* small_space_text =
    "mobilenet_v2(resolution=8, width=0.1, classes=4, channels=1, widths=80:80:80:80:80:80:80:80:16, "
    "strides=1:2:2:1:1:1)";

inline SpacePtr small_space() { return make_space(small_space_text); }

/// A folder of its own for one test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path(testing::TempDir()) /
            ("oneproxy_train_" + std::to_string(getpid()) + "_" + test->test_suite_name() + "_" + test->name());
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// 8 x 8 images of four classes: a bright quarter, and noise.
inline ImageSet small_images(std::size_t count, std::uint64_t seed) {
  ImageSet images{8, 8, {}, {}};
  Rng rng(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::uint8_t>(rng.below(4));
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        const bool bright = y / 4 == label / 2 && x / 4 == label % 2;
        images.pixels.push_back(static_cast<std::uint8_t>((bright ? 120 : 0) + rng.below(120)));
      }
    }
    images.labels.push_back(label);
  }
  return images;
}

inline std::string big_endian(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

inline std::string idx_images(const ImageSet& images) {
  return std::string("\0\0\x08\x03", 4) + big_endian(images.size()) +
         big_endian(static_cast<std::size_t>(images.height)) + big_endian(static_cast<std::size_t>(images.width)) +
         std::string(images.pixels.begin(), images.pixels.end());
}

inline std::string idx_labels(const ImageSet& images) {
  return std::string("\0\0\x08\x01", 4) + big_endian(images.size()) +
         std::string(images.labels.begin(), images.labels.end());
}

/// What `action` throws as InputError; "" where it throws none.
std::string input_error(const auto& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace oneproxy
