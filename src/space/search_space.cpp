#include "oneproxy/space/search_space.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

/// `count` different ones of what `draw()` gives.
template <typename Draw>
std::vector<Architecture> distinct(const SearchSpace& space, std::size_t count, const Draw& draw) {
  std::vector<Architecture> result;
  result.reserve(count);
  std::unordered_set<Architecture> seen;
  for (std::size_t tries = 0; result.size() < count; ++tries) {
    if (tries > 100 * count + 1000) {
      throw InputError(space.description(), "has fewer than the " + std::to_string(count) + " architectures asked for");
    }
    const Architecture x = draw();
    if (seen.insert(x).second) result.push_back(x);
  }
  return result;
}

}  // namespace

void ActiveFeatures::clear() {
  index.clear();
  begin.assign(1, 0);
}

void SearchSpace::canonicalise(std::span<Architecture>) const {}

std::size_t SearchSpace::feature_count() const {
  std::size_t count = 1;
  for (const auto& decision : decisions()) count += decision.options.size();
  return count;
}

void SearchSpace::active_features(std::span<const Architecture> xs, ActiveFeatures& out) const {
  const auto all = decisions();
  for (const auto& x : xs) {
    std::size_t first = 0;
    for (std::size_t d = 0; d < all.size(); ++d) {
      out.index.push_back(static_cast<std::uint16_t>(first + x[d]));
      first += all[d].options.size();
    }
    out.index.push_back(static_cast<std::uint16_t>(first));
    out.begin.push_back(static_cast<std::uint32_t>(out.index.size()));
  }
}

std::string SearchSpace::text(const Architecture& x) const {
  std::string result;
  for (const auto choice : x.choices()) result += (result.empty() ? "" : ".") + std::to_string(choice);
  return result;
}

Architecture SearchSpace::parse(std::string_view text) const {
  if (text.starts_with('{')) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded()) throw InputError("architecture", "'" + std::string(text) + "' is not JSON");
    return from_json(json);
  }
  Architecture x(decisions().size());
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (std::size_t d = 0; d < x.size(); ++d) {
    if (d > 0 && (at == end || *at++ != '.')) at = end;
    const auto [next, error] = std::from_chars(at, end, x[d]);
    if (error != std::errc{})
      at = end, x[d] = 255;
    else
      at = next;
  }
  if (at != end || !contains(x)) {
    throw InputError("architecture '" + std::string(text) + "'",
                     "expected " + std::to_string(x.size()) + " option indices with dots between them");
  }
  return canonical(x);
}

nlohmann::json SearchSpace::to_json(const Architecture& x) const {
  nlohmann::json json = nlohmann::json::object();
  const auto all = decisions();
  for (std::size_t d = 0; d < all.size(); ++d) json[all[d].name] = all[d].options[x[d]];
  return json;
}

Architecture SearchSpace::from_json(const nlohmann::json& json) const {
  const auto all = decisions();
  if (!json.is_object()) throw InputError("architecture", "expected an object of decisions and options");
  Architecture x(all.size());
  for (std::size_t d = 0; d < all.size(); ++d) {
    const auto& [name, options] = all[d];
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) {
      throw InputError("architecture, field " + name, "expected one of its options as text");
    }
    const auto option = std::ranges::find(options, found->get<std::string>());
    if (option == options.end()) {
      throw InputError("architecture, field " + name, "'" + found->get<std::string>() + "' is not one of its options");
    }
    x[d] = static_cast<std::uint8_t>(option - options.begin());
  }
  return canonical(x);
}

Architecture SearchSpace::canonical(Architecture x) const {
  canonicalise({&x, 1});
  return x;
}

Architecture SearchSpace::sample(Rng& rng) const {
  const auto all = decisions();
  Architecture x(all.size());
  for (std::size_t d = 0; d < all.size(); ++d) x[d] = static_cast<std::uint8_t>(rng.below(all[d].options.size()));
  return canonical(x);
}

std::vector<Architecture> SearchSpace::sample_distinct(std::size_t count, Rng& rng) const {
  return distinct(*this, count, [&] { return sample(rng); });
}

std::vector<Architecture> SearchSpace::sample_graded(std::size_t count, Rng& rng) const {
  const auto all = decisions();
  return distinct(*this, count, [&] {
    const double share = rng.uniform();
    Architecture x(all.size());
    for (std::size_t d = 0; d < all.size(); ++d) {
      for (std::size_t option = 1; option < all[d].options.size(); ++option) x[d] += rng.uniform() < share;
    }
    return canonical(x);
  });
}

bool SearchSpace::contains(const Architecture& x) const {
  const auto all = decisions();
  if (x.size() != all.size()) return false;
  for (std::size_t d = 0; d < all.size(); ++d) {
    if (x[d] >= all[d].options.size()) return false;
  }
  return true;
}

FeatureMatrix SearchSpace::encode(std::span<const Architecture> xs) const {
  ActiveFeatures active;
  active_features(xs, active);
  FeatureMatrix matrix =
      FeatureMatrix::Zero(static_cast<Eigen::Index>(xs.size()), static_cast<Eigen::Index>(feature_count()));
  for (std::size_t i = 0; i < xs.size(); ++i) {
    for (const auto feature : active.row(i)) matrix(static_cast<Eigen::Index>(i), feature) = 1.0F;
  }
  return matrix;
}

Eigen::MatrixXd SearchSpace::cost_features(std::span<const Architecture> xs) const {
  Eigen::MatrixXd matrix(static_cast<Eigen::Index>(xs.size()), 9);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const NetworkCosts c = costs(network(xs[i]));
    matrix.row(static_cast<Eigen::Index>(i)) << c.flops, c.parameters, c.bytes, c.layers, c.critical_path,
        c.dense_flops, c.depthwise_flops, c.fully_connected_flops, c.other_flops;
  }
  return matrix;
}

Eigen::MatrixXd SearchSpace::few_shot_features(std::span<const Architecture> xs) const { return cost_features(xs); }

Eigen::MatrixXd SearchSpace::few_shot_encoding(std::span<const Architecture> xs) const {
  const auto count = static_cast<Eigen::Index>(xs.size());
  Eigen::MatrixXd encoding = encode(xs).leftCols(static_cast<Eigen::Index>(feature_count()) - 1).cast<double>();
  const auto all = decisions();
  const auto alike = [&](const Decision& d) { return d.options == all.front().options; };
  if (!std::ranges::all_of(all, alike)) return encoding;
  Eigen::MatrixXd result(count, encoding.cols() + static_cast<Eigen::Index>(all.front().options.size()));
  result << encoding, Eigen::MatrixXd::Zero(count, result.cols() - encoding.cols());
  for (Eigen::Index i = 0; i < count; ++i) {
    for (const auto choice : xs[static_cast<std::size_t>(i)].choices()) result(i, encoding.cols() + choice) += 1;
  }
  return result;
}

}  // namespace oneproxy
