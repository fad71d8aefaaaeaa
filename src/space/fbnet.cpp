#include "oneproxy/space/fbnet.hpp"

#include <sstream>

namespace oneproxy {
namespace {

constexpr int kStemWidth = 16;
constexpr int kHeadWidth = 1504;

struct Stage {
  int width;
  int depth;
  int stride;  // of its first block
};
constexpr Stage kStages[] = {{16, 1, 1}, {24, 4, 2}, {32, 4, 2}, {64, 4, 2}, {112, 4, 1}, {184, 4, 2}, {352, 1, 1}};

struct Place {
  int in;
  int out;
  int stride;
  bool operator==(const Place&) const = default;
  bool same_shape() const { return in == out && stride == 1; }
};

std::array<Place, FBNet::block_count> places() {
  std::array<Place, FBNet::block_count> result{};
  std::size_t block = 0;
  int in = kStemWidth;
  for (const auto [width, depth, stride] : kStages) {
    for (int i = 0; i < depth; ++i) {
      result[block++] = {in, width, i == 0 ? stride : 1};
      in = width;
    }
  }
  return result;
}

/// The columns of few_shot_features() for one block whose input is `size` pixels wide; those that depend on `size`.
Eigen::RowVector4d sized_costs(const Place& place, const FBNet::Candidate& c, double size) {
  const double in_area = size * size;
  const double out_area = in_area / (place.stride * place.stride);
  const double in = place.in;
  const double out = place.out;
  const double moved = in * in_area + out * out_area;
  if (c.kernel == 0) {
    if (place.same_shape()) return Eigen::RowVector4d::Zero();
    return {2 * in * out * out_area, 0, moved, 0};
  }
  const double mid = in * c.expansion;
  return {2 * (in * mid * in_area + mid * out * out_area) / c.groups, 2 * c.kernel * c.kernel * mid * out_area,
          moved + 2 * mid * (in_area + out_area), mid * in_area};
}

Eigen::RowVector3d other_costs(const Place& place, const FBNet::Candidate& c) {
  const double in = place.in;
  const double out = place.out;
  if (c.kernel == 0) return {place.same_shape() ? 0 : in * out, place.same_shape() ? 0.0 : 1.0, 0};
  const double mid = in * c.expansion;
  return {(in * mid + mid * out) / c.groups + c.kernel * c.kernel * mid, 3, 1};
}

}  // namespace

FBNet::FBNet(FBNetSettings settings) : settings_(settings), block_costs_(block_count * candidate_count, 11) {
  std::ostringstream text;
  text << "fbnet(classes=" << settings_.classes << ", resolution=" << settings_.resolution
       << ", stem_stride=" << settings_.stem_stride << ")";
  description_ = text.str();
  std::vector<std::string> names;
  names.reserve(candidate_count);
  for (const auto& candidate : candidates) names.emplace_back(candidate.name);
  double small = 32;
  double large = 224;
  const auto all = places();
  for (std::size_t b = 0; b < block_count; ++b) {
    decisions_.push_back({"block." + std::to_string(b), names});
    if (b == 0 || all[b] != all[b - 1]) ++shape_count_;
    shape_of_block_[b] = shape_count_ - 1;
    for (std::size_t c = 0; c < candidate_count; ++c) {
      block_costs_.row(static_cast<Eigen::Index>(candidate_count * b + c)) << sized_costs(all[b], candidates[c], small),
          sized_costs(all[b], candidates[c], large), other_costs(all[b], candidates[c]);
    }
    small /= all[b].stride;
    large /= all[b].stride;
  }
}

Network FBNet::network(const Architecture& x) const {
  assert(contains(x));
  NetworkBuilder net({3, settings_.resolution, settings_.resolution});
  int at = net.convolution(0, kStemWidth, 3, settings_.stem_stride, 1, Activation::relu, "stem");
  const auto all = places();
  for (std::size_t b = 0; b < block_count; ++b) {
    const auto& [name, kernel, expansion, groups] = candidates[x[b]];
    const Place& place = all[b];
    const std::string block = "block" + std::to_string(b);
    if (kernel == 0) {
      if (!place.same_shape()) at = net.convolution(at, place.out, 1, place.stride, 1, Activation::relu, block);
      continue;
    }
    const int mid = place.in * expansion;
    int y = net.convolution(at, mid, 1, 1, groups, Activation::relu, block + ".expand");
    if (groups > 1) y = net.channel_shuffle(y, groups, block + ".shuffle");
    y = net.convolution(y, mid, kernel, place.stride, mid, Activation::relu, block + ".depthwise");
    y = net.convolution(y, place.out, 1, 1, groups, Activation::none, block + ".project");
    at = place.same_shape() ? net.add(at, y, block + ".add") : y;
  }
  at = net.convolution(at, kHeadWidth, 1, 1, 1, Activation::relu, "head");
  at = net.global_average_pool(at, "pool");
  net.fully_connected(at, settings_.classes, "classifier");
  return std::move(net).finish();
}

Eigen::MatrixXd FBNet::few_shot_features(std::span<const Architecture> xs) const {
  Eigen::MatrixXd features = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(xs.size()), block_costs_.cols());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    for (std::size_t b = 0; b < block_count; ++b) {
      features.row(static_cast<Eigen::Index>(i)) +=
          block_costs_.row(static_cast<Eigen::Index>(candidate_count * b + xs[i][b]));
    }
  }
  return features;
}

Eigen::MatrixXd FBNet::few_shot_encoding(std::span<const Architecture> xs) const {
  constexpr auto candidate_columns = static_cast<Eigen::Index>(candidate_count);
  Eigen::MatrixXd encoding =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(xs.size()), candidate_columns * (shape_count_ + 1));
  for (std::size_t i = 0; i < xs.size(); ++i) {
    for (std::size_t b = 0; b < block_count; ++b) {
      encoding(static_cast<Eigen::Index>(i), candidate_columns * shape_of_block_[b] + xs[i][b]) += 1;
      encoding(static_cast<Eigen::Index>(i), candidate_columns * shape_count_ + xs[i][b]) += 1;
    }
  }
  return encoding;
}

}  // namespace oneproxy
