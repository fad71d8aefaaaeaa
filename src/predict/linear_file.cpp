#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

constexpr const char* format_name = "oneproxy-linear-predictor";
constexpr int format_version = 1;

json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

// One file being read; every complaint names the file and the field.
class Reader {
 public:
  Reader(std::string file, const json& object) : file_(std::move(file)), object_(object) {}

  const json& field(const std::string& name) const {
    const auto found = object_.find(name);
    if (found == object_.end()) fail(name, "is missing");
    return *found;
  }
  std::string text(const std::string& name) const {
    const json& value = field(name);
    if (!value.is_string()) fail(name, "expected a text");
    return value.get<std::string>();
  }
  double optional_number(const std::string& name) const {
    const json& value = field(name);
    if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (!value.is_number()) fail(name, "expected a number or null");
    return value.get<double>();
  }
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw InputError(file_ + ", field " + name, what);
  }

 private:
  std::string file_;
  const json& object_;
};

}  // namespace

void save_linear_predictor(const std::filesystem::path& file, const LinearPredictor& predictor) {
  const LinearTraining& training = predictor.training();
  const Eigen::VectorXd& weights = predictor.weights_ms();
  nlohmann::ordered_json object;
  object["format"] = format_name;
  object["version"] = format_version;
  object["space"] = predictor.space()->description();
  object["device"] = training.device;
  object["sample_count"] = training.sample_count;
  object["held_out_srcc"] = number_or_null(training.held_out_srcc);
  object["held_out_rmse_ms"] = number_or_null(training.held_out_rmse_ms);
  object["ridge"] = number_or_null(training.ridge);
  object["weights_ms"] = std::vector<double>(weights.begin(), weights.end());
  write_file(file, object.dump(1) + "\n");
}

LinearPredictor load_linear_predictor(const std::filesystem::path& file, SpacePtr expected) {
  const json object = json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) throw InputError(file.string(), "expected a JSON object, as docs/formats/predictor.md says");
  const Reader reader(file.string(), object);
  if (reader.text("format") != format_name) {
    reader.fail("format", std::string("expected '") + format_name + "', not '" + reader.text("format") + "'");
  }
  if (reader.field("version") != format_version) {
    reader.fail("version", "expected " + std::to_string(format_version) + ", not " + reader.field("version").dump());
  }
  const std::string description = reader.text("space");
  if (!expected) {
    expected = make_space(description);
  } else if (description != expected->description()) {
    reader.fail("space", "made for '" + description + "', expected '" + expected->description() + "'");
  }

  const json& weights = reader.field("weights_ms");
  const std::size_t count = expected->feature_count();
  if (!weights.is_array() || weights.size() != count) {
    reader.fail("weights_ms", "expected " + std::to_string(count) + " numbers, found " +
                                  (weights.is_array() ? std::to_string(weights.size()) : "no list"));
  }
  Eigen::VectorXd weights_ms(static_cast<Eigen::Index>(count));
  for (std::size_t i = 0; i < count; ++i) {
    // A number too large for a double is read as infinity.
    if (!weights[i].is_number() || !std::isfinite(weights[i].get<double>())) {
      reader.fail("weights_ms[" + std::to_string(i) + "]", "expected a finite number, not " + weights[i].dump());
    }
    weights_ms(static_cast<Eigen::Index>(i)) = weights[i].get<double>();
  }

  LinearTraining training{.device = reader.text("device"),
                          .sample_count = 0,
                          .held_out_srcc = reader.optional_number("held_out_srcc"),
                          .held_out_rmse_ms = reader.optional_number("held_out_rmse_ms"),
                          .ridge = reader.optional_number("ridge")};
  const json& sample_count = reader.field("sample_count");
  if (!sample_count.is_number_unsigned()) reader.fail("sample_count", "expected a whole number from 0");
  training.sample_count = sample_count.get<std::size_t>();
  return LinearPredictor(std::move(expected), std::move(weights_ms), std::move(training));
}

}  // namespace oneproxy
