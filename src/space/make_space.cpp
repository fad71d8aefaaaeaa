#include "oneproxy/base/description.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/space/fbnet.hpp"
#include "oneproxy/space/layerwise.hpp"
#include "oneproxy/space/mobilenet_v2.hpp"
#include "oneproxy/space/nas_bench_201.hpp"
#include "oneproxy/space/nn_meter.hpp"
#include "oneproxy/space/ofa_mobilenet_v3.hpp"
#include "oneproxy/space/operator_space.hpp"

namespace oneproxy {
namespace {

SpacePtr make_mobilenet_v2(Description& description) {
  MobileNetV2Settings s;
  s.resolution = description.take_int("resolution", s.resolution, 4, 4096);
  s.width = description.take_double("width", s.width, 0.05, 16);
  s.classes = description.take_int("classes", s.classes, 1, 1'000'000);
  s.channels = description.take_int("channels", s.channels, 1, 4096);
  s.widths = description.take_ints("widths", s.widths);
  s.strides = description.take_ints("strides", s.strides);
  description.finish();
  return std::make_shared<MobileNetV2>(std::move(s));
}

SpacePtr make_nas_bench_201(Description& description) {
  const std::string dataset = description.take_choice("dataset", "cifar10", {"cifar10", "cifar100", "imagenet16_120"});
  description.finish();
  return std::make_shared<NasBench201>(dataset);
}

SpacePtr make_fbnet(Description& description) {
  FBNetSettings s;
  s.classes = description.take_int("classes", s.classes, 1, 1'000'000);
  s.resolution = description.take_int("resolution", s.resolution, 4, 4096);
  s.stem_stride = description.take_int("stem_stride", s.stem_stride, 1, 2);
  description.finish();
  return std::make_shared<FBNet>(s);
}

SpacePtr make_ofa_mobilenet_v3(Description& description) {
  OfaMobileNetV3Settings s;
  const bool any = Description(description).take("resolution", "any") == "any";
  if (any) description.take("resolution", "any");
  if (!any) s.resolution = description.take_int("resolution", 0, 32, 4096);
  s.width = description.take_double("width", s.width, 0.1, 16);
  description.finish();
  return std::make_shared<OfaMobileNetV3>(s);
}

SpacePtr make_nn_meter(Description& description) {
  NnMeterSettings s;
  s.family = description.name();
  s.classes = description.take_int("classes", s.classes, 1, 1'000'000);
  s.resolution = description.take_int("resolution", s.resolution, 1, 4096);
  if (s.family == "mobilenet_v3") s.large = description.take_choice("size", "small", {"small", "large"}) == "large";
  if (s.family == "vgg" || s.family == "resnet") {
    const bool any = Description(description).take("depth", "any") == "any";
    if (any) description.take("depth", "any");
    if (!any) s.depth = description.take_int("depth", 0, 1, 1000);
  }
  description.finish();
  return std::make_shared<NnMeterSpace>(s);
}

SpacePtr make_layerwise(Description& description) {
  const std::string file = description.take("", "");
  const std::string digest = description.take("digest", "");
  description.finish();
  if (file.empty()) throw InputError("layerwise", "expected a file, as in layerwise(FILE.yaml)");
  return read_layerwise_space(file, digest);
}

SpacePtr make_operators(Description& description) {
  const std::string space = description.take("space", "");
  description.finish();
  if (space.empty()) throw InputError("operators", "expected a space, as in operators(space=\"fbnet()\")");
  return std::make_shared<OperatorSpace>(make_space(space));
}

struct Kind {
  std::string name;
  SpacePtr (*make)(Description& description);
};

std::vector<Kind> kinds() {
  std::vector<Kind> all{{"mobilenet_v2", make_mobilenet_v2},
                        {"nas_bench_201", make_nas_bench_201},
                        {"fbnet", make_fbnet},
                        {"ofa_mobilenet_v3", make_ofa_mobilenet_v3}};
  for (const auto& family : NnMeterSpace::families()) all.push_back({family, make_nn_meter});
  all.push_back({"layerwise", make_layerwise});
  all.push_back({"operators", make_operators});
  return all;
}

}  // namespace

SpacePtr make_space(std::string_view text) {
  if (text.ends_with(".yaml") || text.ends_with(".yml")) return read_layerwise_space(text);
  Description description = Description::parse(text);
  std::vector<std::string> names;
  std::string known;
  for (const auto& kind : kinds()) {
    if (description.name() == kind.name) return kind.make(description);
    names.emplace_back(kind.name);
    known += (known.empty() ? "" : ", ") + names.back();
  }
  throw InputError("space '" + description.name() + "'",
                   "unknown; there is " + known + suggestion(description.name(), names));
}

}  // namespace oneproxy
