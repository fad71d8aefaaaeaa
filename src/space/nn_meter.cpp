#include "oneproxy/space/nn_meter.hpp"

#include <algorithm>
#include <cassert>
#include <cstdio>

#include "nn_meter_family.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {

namespace nn_meter {

std::size_t Family::add(std::string name, std::vector<double> whole_numbers) {
  std::vector<std::string> options;
  for (const double value : whole_numbers) options.push_back(std::to_string(static_cast<int>(value)));
  decisions.push_back({std::move(name), std::move(options)});
  values.push_back(std::move(whole_numbers));
  return decisions.size() - 1;
}

std::size_t Family::add_factors(std::string name, std::vector<double> factors) {
  std::vector<std::string> options;
  for (const double factor : factors) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", factor);
    options.emplace_back(factor < 1 && factor > 0.99 ? "1-" : text);
  }
  decisions.push_back({std::move(name), std::move(options)});
  values.push_back(std::move(factors));
  return decisions.size() - 1;
}

std::vector<double> steps(double first, double last) {
  std::vector<double> result;
  for (double factor = first; factor <= last; factor += 0.1) result.push_back(factor);
  return result;
}

int scaled(int base, double factor) { return std::max(1, static_cast<int>(base * factor)); }

std::vector<double> widths(int base, const std::vector<double>& factors) {
  std::vector<double> result{static_cast<double>(base)};
  for (const double factor : factors) result.push_back(scaled(base, factor));
  std::ranges::sort(result);
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::vector<double> with_original(std::vector<double> factors) {
  factors.push_back(1);
  std::ranges::sort(factors);
  factors.erase(std::unique(factors.begin(), factors.end()), factors.end());
  return factors;
}

}  // namespace nn_meter

namespace {

struct Maker {
  const char* name;
  nn_meter::Family (*make)(const NnMeterSettings& settings);
  int smallest_resolution;  ///< that leaves at least one pixel everywhere
  std::vector<int> depths;
};

const std::vector<Maker>& makers() {
  static const std::vector<Maker> all{
      {"mobilenet_v3", nn_meter::mobilenet_v3, 8, {}}, {"proxyless_nas", nn_meter::proxyless_nas, 8, {}},
      {"mnasnet", nn_meter::mnasnet, 8, {}},           {"alexnet", nn_meter::alexnet, 59, {}},
      {"vgg", nn_meter::vgg, 32, {11, 13, 16, 19}},    {"googlenet", nn_meter::googlenet, 8, {}},
      {"resnet", nn_meter::resnet, 8, {18, 34, 50}},   {"squeezenet", nn_meter::squeezenet, 8, {}},
      {"densenet", nn_meter::densenet, 8, {}},         {"shufflenet_v2", nn_meter::shufflenet_v2, 8, {}},
      {"mobilenet_v1", nn_meter::mobilenet_v1, 8, {}}};
  return all;
}

const Maker& maker(const std::string& family) {
  const auto found = std::ranges::find(makers(), family, &Maker::name);
  if (found == makers().end()) throw InputError("family '" + family + "'", "is not one of nn-Meter's benchmark");
  return *found;
}

}  // namespace

struct NnMeterSpace::Plan {
  nn_meter::Family family;
  std::size_t feature_count = 1;
};

const std::vector<std::string>& NnMeterSpace::families() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const Maker& each : makers()) result.emplace_back(each.name);
    return result;
  }();
  return names;
}

NnMeterSpace::NnMeterSpace(const NnMeterSettings& settings) {
  const Maker& made = maker(settings.family);
  if (settings.resolution < made.smallest_resolution) {
    throw InputError(settings.family + ", setting resolution", "'" + std::to_string(settings.resolution) +
                                                                   "' is too small for its poolings; the least is " +
                                                                   std::to_string(made.smallest_resolution));
  }
  if (settings.depth != 0 && std::ranges::find(made.depths, settings.depth) == made.depths.end()) {
    throw InputError(settings.family + ", setting depth", "there is none of " + std::to_string(settings.depth));
  }
  description_ = settings.family + "(classes=" + std::to_string(settings.classes) +
                 ", resolution=" + std::to_string(settings.resolution);
  if (!made.depths.empty()) {
    description_ += ", depth=" + (settings.depth == 0 ? std::string("any") : std::to_string(settings.depth));
  }
  if (settings.family == "mobilenet_v3") description_ += std::string(", size=") + (settings.large ? "large" : "small");
  description_ += ")";

  auto plan = std::make_unique<Plan>();
  plan->family = made.make(settings);
  auto& family = plan->family;
  if (family.groups.empty()) {
    for (std::size_t d = 0; d < family.decisions.size(); ++d) family.groups.push_back(static_cast<int>(d));
  }
  for (const int group : family.groups) {
    plan->feature_count +=
        group == nn_meter::Family::fixed ? 1 : family.decisions[static_cast<std::size_t>(group)].options.size();
  }
  assert(family.decisions.size() <= Architecture::max_decision_count);
  plan_ = std::move(plan);
}

NnMeterSpace::~NnMeterSpace() = default;

std::span<const Decision> NnMeterSpace::decisions() const { return plan_->family.decisions; }

Network NnMeterSpace::network(const Architecture& x) const {
  assert(contains(x));
  return plan_->family.build(nn_meter::Choice(x, plan_->family.values));
}

void NnMeterSpace::canonicalise(std::span<Architecture> xs) const {
  const auto& family = plan_->family;
  if (!family.matters) return;
  for (auto& x : xs) {
    const Architecture before = x;
    const nn_meter::Choice choice(before, family.values);
    for (std::size_t d = 0; d < x.size(); ++d) {
      if (!family.matters(choice, d)) x[d] = 0;
    }
  }
}

std::size_t NnMeterSpace::feature_count() const { return plan_->feature_count; }

void NnMeterSpace::active_features(std::span<const Architecture> xs, ActiveFeatures& out) const {
  const auto& family = plan_->family;
  for (const auto& x : xs) {
    const nn_meter::Choice choice(x, family.values);
    std::size_t first = 0;
    for (const int group : family.groups) {
      const auto d = static_cast<std::size_t>(group);
      if (group == nn_meter::Family::fixed) {
        out.index.push_back(static_cast<std::uint16_t>(first++));
        continue;
      }
      if (!family.matters || family.matters(choice, d)) out.index.push_back(static_cast<std::uint16_t>(first + x[d]));
      first += family.decisions[d].options.size();
    }
    out.index.push_back(static_cast<std::uint16_t>(first));
    out.begin.push_back(static_cast<std::uint32_t>(out.index.size()));
  }
}

}  // namespace oneproxy
