#include "oneproxy/train/images.hpp"

#include <zlib.h>

#include "small_task.hpp"

namespace oneproxy {
namespace {

void write_gzip(const std::filesystem::path& file, const std::string& bytes) {
  gzFile out = gzopen(file.c_str(), "wb");
  ASSERT_EQ(gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size())), static_cast<int>(bytes.size()));
  ASSERT_EQ(gzclose(out), Z_OK);
}

class IdxFolder : public testing::Test {
 protected:
  IdxFolder() {
    write_file(folder_ / "train-images-idx3-ubyte", idx_images(train_));
    write_file(folder_ / "train-labels-idx1-ubyte", idx_labels(train_));
    write_gzip(folder_ / "t10k-images-idx3-ubyte.gz", idx_images(test_));
    write_gzip(folder_ / "t10k-labels-idx1-ubyte.gz", idx_labels(test_));
  }
  /// The message for the folder with one file replaced.
  std::string error_with(const std::string& name, const std::string& bytes) {
    write_file(folder_ / name, bytes);
    return input_error([&] { read_idx_folder(folder_.path(), 4); });
  }

  TemporaryFolder folder_;
  ImageSet train_ = small_images(20, 1);
  ImageSet test_ = small_images(7, 2);
};

TEST_F(IdxFolder, ReadsPlainAndGzippedFiles) {
  const ImageData data = read_idx_folder(folder_.path(), 4);
  EXPECT_EQ(data.train.height, 8);
  EXPECT_EQ(data.train.width, 8);
  EXPECT_EQ(data.train.pixels, train_.pixels);
  EXPECT_EQ(data.train.labels, train_.labels);
  EXPECT_EQ(data.test.pixels, test_.pixels);
  EXPECT_EQ(data.test.labels, test_.labels);
}

TEST_F(IdxFolder, WritesWhatItReads) {
  write_idx_folder(folder_ / "copy", {train_, test_});
  const ImageData data = read_idx_folder(folder_ / "copy", 4);
  EXPECT_EQ(data.train.pixels, train_.pixels);
  EXPECT_EQ(data.train.labels, train_.labels);
  EXPECT_EQ(data.test.pixels, test_.pixels);
  EXPECT_EQ(data.test.labels, test_.labels);
}

TEST_F(IdxFolder, HardenedImagesDependOnSeedStreamAndNumberAlone) {
  const HardenOptions options{.shift = 1, .noise = 10, .occlusion = 2, .lowest_contrast = 0.5, .seed = 3};
  const auto hardened = [&](ImageSet images, std::uint64_t seed, std::uint64_t stream) {
    HardenOptions other = options;
    other.seed = seed;
    harden(images, other, stream);
    return images;
  };
  const ImageSet whole = hardened(train_, 3, 0);
  EXPECT_EQ(hardened(train_.slice(0, 9), 3, 0).pixels, whole.slice(0, 9).pixels);
  EXPECT_EQ(whole.labels, train_.labels);
  EXPECT_NE(hardened(train_, 4, 0).pixels, whole.pixels);
  EXPECT_NE(hardened(train_, 3, 1).pixels, whole.pixels);
}

TEST_F(IdxFolder, HardeningByNothingOnlyMirrors) {
  ImageSet images = train_;
  harden(images, {.shift = 0, .noise = 0, .occlusion = 0, .lowest_contrast = 1, .seed = 1}, 0);
  int mirrored_count = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::vector<std::uint8_t> mirrored;
    for (int y = 0; y < 8; ++y) {
      for (int x = 7; x >= 0; --x) mirrored.push_back(train_.image(i)[static_cast<std::size_t>(y * 8 + x)]);
    }
    const bool is_mirrored = std::ranges::equal(images.image(i), mirrored);
    EXPECT_TRUE(is_mirrored || std::ranges::equal(images.image(i), train_.image(i))) << i;
    mirrored_count += is_mirrored ? 1 : 0;
  }
  EXPECT_GT(mirrored_count, 2);
  EXPECT_LT(mirrored_count, 18);
}

TEST_F(IdxFolder, SlicesAreTheImagesNamed) {
  const ImageSet part = train_.slice(5, 3);
  ASSERT_EQ(part.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::ranges::equal(part.image(i), train_.image(5 + i)));
    EXPECT_EQ(part.labels[i], train_.labels[5 + i]);
  }
}

TEST_F(IdxFolder, MissingFileIsNamed) {
  std::filesystem::remove(folder_ / "t10k-labels-idx1-ubyte.gz");
  const auto error = input_error([&] { read_idx_folder(folder_.path(), 4); });
  EXPECT_NE(error.find("t10k-labels-idx1-ubyte: is missing"), std::string::npos) << error;
}

TEST_F(IdxFolder, EveryTruncationIsFound) {
  const std::string whole = idx_images(train_);
  for (std::size_t length = 0; length < whole.size(); length += length < 20 ? 1 : 97) {
    SCOPED_TRACE("length " + std::to_string(length));
    const auto error = error_with("train-images-idx3-ubyte", whole.substr(0, length));
    EXPECT_NE(error.find("train-images-idx3-ubyte: is truncated"), std::string::npos) << error;
  }
}

TEST_F(IdxFolder, TruncatedGzipIsFound) {
  const std::string whole = read_file(folder_ / "t10k-images-idx3-ubyte.gz");
  const auto error = error_with("t10k-images-idx3-ubyte.gz", whole.substr(0, whole.size() / 2));
  EXPECT_NE(error.find("is truncated or damaged"), std::string::npos) << error;
}

TEST_F(IdxFolder, SurplusBytesAreFound) {
  const auto error = error_with("train-labels-idx1-ubyte", idx_labels(train_) + "x");
  EXPECT_NE(error.find("is longer than the 20 bytes"), std::string::npos) << error;
}

TEST_F(IdxFolder, ForeignFileIsRefused) {
  for (const std::string& bytes : {std::string("architecture,accuracy\n"), idx_labels(train_)}) {
    const auto error = error_with("train-images-idx3-ubyte", bytes);
    EXPECT_NE(error.find("expected an IDX file of unsigned bytes with 3 dimension(s)"), std::string::npos) << error;
  }
}

TEST_F(IdxFolder, HugeSizesAreRefusedWithoutAllocatingThem) {
  const std::string header = std::string("\0\0\x08\x03", 4);
  const std::string huge(12, '\xff');
  EXPECT_NE(error_with("train-images-idx3-ubyte", header + huge).find("out of range"), std::string::npos);
  const std::string large = big_endian(20) + big_endian(4096) + big_endian(4096);
  EXPECT_NE(error_with("train-images-idx3-ubyte", header + large + "few").find("truncated"), std::string::npos);
}

TEST_F(IdxFolder, CountsMustAgree) {
  const auto error = error_with("train-labels-idx1-ubyte", idx_labels(small_images(19, 1)));
  EXPECT_NE(error.find("has 19 labels; expected 20"), std::string::npos) << error;
}

TEST_F(IdxFolder, LabelsMustBeClassesOfTheSpace) {
  train_.labels[6] = 4;
  const auto error = error_with("train-labels-idx1-ubyte", idx_labels(train_));
  EXPECT_NE(error.find("label 7 is 4; expected 0 to 3"), std::string::npos) << error;
}

}  // namespace
}  // namespace oneproxy
