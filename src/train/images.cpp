#include "oneproxy/train/images.hpp"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <string>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 32;  // far above any data set of grey images that fits a CPU

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};

/// An IDX file of unsigned bytes, read through zlib, which also passes plain files.
class IdxReader {
 public:
  explicit IdxReader(const std::filesystem::path& file) : name_(file.string()), file_(gzopen(file.c_str(), "rb")) {
    if (!file_) throw InputError(name_, "cannot be opened");
  }

  /// The sizes in the header. The magic number is 0, 0, 8 (unsigned byte), number of dimensions.
  std::vector<std::size_t> header(std::size_t dimensions) {
    std::uint8_t magic[4];
    read(magic, "header");
    if (magic[0] != 0 || magic[1] != 0 || magic[2] != 8 || magic[3] != dimensions) {
      throw InputError(name_, "expected an IDX file of unsigned bytes with " + std::to_string(dimensions) +
                                  " dimension(s) (magic number 0 0 8 " + std::to_string(dimensions) + ")");
    }
    std::vector<std::size_t> sizes;
    std::size_t total = 1;
    for (std::size_t d = 0; d < dimensions; ++d) {
      std::uint8_t bytes[4];
      read(bytes, "header");
      const std::size_t size =
          std::size_t{bytes[0]} << 24 | std::size_t{bytes[1]} << 16 | std::size_t{bytes[2]} << 8 | bytes[3];
      if (size == 0 || size > kMaxBytes / total) {
        throw InputError(
            name_, "size " + std::to_string(size) + " of dimension " + std::to_string(d + 1) + " is out of range");
      }
      total *= size;
      sizes.push_back(size);
    }
    return sizes;
  }

  /// The rest of the file, which must be exactly `count` bytes. Grows as it reads: a header is no proof of the size.
  std::vector<std::uint8_t> body(std::size_t count) {
    std::vector<std::uint8_t> bytes;
    constexpr std::size_t chunk = std::size_t{1} << 20;
    while (bytes.size() < count) {
      const std::size_t at = bytes.size();
      bytes.resize(std::min(count, at + chunk));
      read(std::span(bytes).subspan(at), "data");
    }
    std::uint8_t extra;
    if (gzread(file_.get(), &extra, 1) > 0) {
      throw InputError(name_, "is longer than the " + std::to_string(count) + " bytes of data its header declares");
    }
    return bytes;
  }

  const std::string& name() const { return name_; }

 private:
  void read(std::span<std::uint8_t> out, const char* part) {
    const int got = gzread(file_.get(), out.data(), static_cast<unsigned>(out.size()));
    if (got != static_cast<int>(out.size())) {
      throw InputError(name_, std::string("is truncated or damaged in its ") + part);
    }
  }

  std::string name_;
  std::unique_ptr<gzFile_s, GzClose> file_;
};

std::filesystem::path find(const std::filesystem::path& folder, const std::string& name) {
  for (const char* suffix : {"", ".gz"}) {
    const auto file = folder / (name + suffix);
    if (std::filesystem::is_regular_file(file)) return file;
  }
  throw InputError((folder / name).string(),
                   "is missing (plain or .gz); expected a folder of IDX files "
                   "(Debian: dataset-fashion-mnist, /usr/share/datasets/fashion-mnist)");
}

ImageSet read_pair(const std::filesystem::path& folder, const std::string& prefix, int class_count) {
  IdxReader images(find(folder, prefix + "-images-idx3-ubyte"));
  IdxReader labels(find(folder, prefix + "-labels-idx1-ubyte"));
  const auto sizes = images.header(3);
  const auto label_count = labels.header(1)[0];
  if (label_count != sizes[0]) {
    throw InputError(labels.name(), "has " + std::to_string(label_count) + " labels; expected " +
                                        std::to_string(sizes[0]) + ", one for each image of " + images.name());
  }
  if (sizes[1] > 4096 || sizes[2] > 4096) throw InputError(images.name(), "images are larger than 4096 x 4096");
  ImageSet set;
  set.height = static_cast<int>(sizes[1]);
  set.width = static_cast<int>(sizes[2]);
  set.pixels = images.body(sizes[0] * sizes[1] * sizes[2]);
  set.labels = labels.body(label_count);
  for (std::size_t i = 0; i < set.labels.size(); ++i) {
    if (set.labels[i] >= class_count) {
      throw InputError(labels.name(), "label " + std::to_string(i + 1) + " is " + std::to_string(set.labels[i]) +
                                          "; expected 0 to " + std::to_string(class_count - 1) +
                                          ", the classes of the space");
    }
  }
  return set;
}

}  // namespace

std::span<const std::uint8_t> ImageSet::image(std::size_t i) const {
  const auto area = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  return std::span(pixels).subspan(i * area, area);
}

ImageSet ImageSet::slice(std::size_t first, std::size_t count) const {
  assert(first + count <= size());
  const auto area = static_cast<std::ptrdiff_t>(height) * width;
  const auto begin = static_cast<std::ptrdiff_t>(first);
  const auto end = static_cast<std::ptrdiff_t>(first + count);
  return {height,
          width,
          {pixels.begin() + begin * area, pixels.begin() + end * area},
          {labels.begin() + begin, labels.begin() + end}};
}

ImageData read_idx_folder(const std::filesystem::path& folder, int class_count) {
  ImageData data{read_pair(folder, "train", class_count), read_pair(folder, "t10k", class_count)};
  if (data.train.height != data.test.height || data.train.width != data.test.width) {
    throw InputError(folder.string(), "training and test images are not of one size");
  }
  return data;
}

void write_idx_folder(const std::filesystem::path& folder, const ImageData& data) {
  const auto header = [](std::initializer_list<std::size_t> sizes) {
    std::string bytes{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
    for (const auto size : sizes) {
      for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 255);
    }
    return bytes;
  };
  const auto write = [&](const ImageSet& set, const std::string& prefix) {
    const auto height = static_cast<std::size_t>(set.height);
    const auto width = static_cast<std::size_t>(set.width);
    write_file(folder / (prefix + "-images-idx3-ubyte"),
               header({set.size(), height, width}) + std::string(set.pixels.begin(), set.pixels.end()));
    write_file(folder / (prefix + "-labels-idx1-ubyte"),
               header({set.size()}) + std::string(set.labels.begin(), set.labels.end()));
  };
  write(data.train, "train");
  write(data.test, "t10k");
}

}  // namespace oneproxy
