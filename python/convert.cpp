#include "convert.hpp"

#include <algorithm>
#include <cmath>

#include "oneproxy/base/error.hpp"

namespace oneproxy::python {
namespace {

class PythonPredictor final : public Predictor {
 public:
  PythonPredictor(py::object object, SpacePtr space, std::string name)
      : object_(std::move(object)), space_(std::move(space)), name_(std::move(name)) {}
  ~PythonPredictor() override {
    const py::gil_scoped_acquire gil;
    object_.release().dec_ref();
  }

  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    const py::gil_scoped_acquire gil;
    const py::object answer = py::hasattr(object_, "predict") ? object_.attr("predict")(py::cast(space_->encode(xs)))
                                                              : object_(choices(*space_, xs));
    const auto array = Floats::ensure(answer);
    if (!array || static_cast<std::size_t>(array.size()) != out.size()) {
      throw InputError(name_, "expected one number for each of " + std::to_string(out.size()) + " architectures");
    }
    std::copy_n(array.data(), out.size(), out.begin());
    if (std::ranges::any_of(out, [](float value) { return !std::isfinite(value); })) {
      throw InputError(name_, "predicted a number that is not finite");
    }
  }

 private:
  py::object object_;
  SpacePtr space_;
  std::string name_;
};

}  // namespace

std::vector<Architecture> architectures(const SearchSpace& space, const py::object& xs) {
  const std::size_t decision_count = space.decisions().size();
  std::vector<Architecture> result;
  if (py::isinstance<py::str>(xs)) return {space.parse(xs.cast<std::string>())};
  if (py::isinstance<py::sequence>(xs) && !py::isinstance<py::array>(xs)) {
    const auto list = xs.cast<py::sequence>();
    if (py::len(list) > 0 && py::isinstance<py::str>(list[0])) {
      for (const auto& text : list) result.push_back(space.parse(text.cast<std::string>()));
      return result;
    }
  }
  const auto array = py::array::ensure(xs);
  if (!array || array.ndim() != 2 || static_cast<std::size_t>(array.shape(1)) != decision_count) {
    throw InputError("architectures", "expected a list of texts or an array of n x " + std::to_string(decision_count) +
                                          " option numbers");
  }
  if (array.dtype().kind() == 'f') {
    throw InputError("architectures", "expected whole option numbers, got fractions (an encoding?)");
  }
  const auto numbers = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>(array);
  result.reserve(static_cast<std::size_t>(numbers.shape(0)));
  for (py::ssize_t i = 0; i < numbers.shape(0); ++i) {
    Architecture x(decision_count);
    for (std::size_t d = 0; d < decision_count; ++d) {
      const auto option = numbers.at(i, static_cast<py::ssize_t>(d));
      const auto count = static_cast<std::int64_t>(space.decisions()[d].options.size());
      if (option < 0 || option >= count) {
        throw InputError("architectures, row " + std::to_string(i), "expected 0 to " + std::to_string(count - 1) +
                                                                        " for " + space.decisions()[d].name + ", got " +
                                                                        std::to_string(option));
      }
      x[d] = static_cast<std::uint8_t>(option);
    }
    result.push_back(x);
  }
  space.canonicalise(result);
  return result;
}

Choices choices(const SearchSpace& space, std::span<const Architecture> xs) {
  const std::size_t decision_count = space.decisions().size();
  Choices result({xs.size(), decision_count});
  auto* out = result.mutable_data();
  for (const auto& x : xs) out = std::ranges::copy(x.choices(), out).out;
  return result;
}

std::span<const double> values(const Doubles& array, const char* name) {
  if (array.ndim() != 1) throw InputError(name, "expected numbers in one dimension");
  return {array.data(), static_cast<std::size_t>(array.size())};
}

std::span<const double> values(const Doubles& array, const char* name, std::size_t count) {
  const auto result = values(array, name);
  if (result.size() != count) {
    throw InputError(name, "expected one number for each of " + std::to_string(count) + " architectures, got " +
                               std::to_string(result.size()));
  }
  return result;
}

std::span<const double> latencies(const Doubles& array, std::size_t count) {
  const auto result = values(array, "latency_ms", count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!(result[i] > 0) || !std::isfinite(result[i])) {
      throw InputError("latency_ms, row " + std::to_string(i), "expected a latency in ms > 0");
    }
  }
  return result;
}

namespace {

void require_same_space(const SpacePtr& of_predictor, const SearchSpace& space, const char* name) {
  if (of_predictor->description() != space.description()) {
    throw InputError(name, "predicts networks of " + of_predictor->description() + "; expected " + space.description());
  }
}

}  // namespace

void require_space(const std::shared_ptr<LinearPredictor>& predictor, const SearchSpace& space, const char* name) {
  if (!predictor) throw InputError(name, "expected predictors, got None");
  require_same_space(predictor->space(), space, name);
}

std::shared_ptr<const Predictor> predictor_of(const py::object& object, const SpacePtr& space, const char* name) {
  if (py::isinstance<Predictor>(object)) {
    auto predictor = object.cast<std::shared_ptr<Predictor>>();
    if (const auto* linear = dynamic_cast<const LinearPredictor*>(predictor.get())) {
      require_same_space(linear->space(), *space, name);
    } else if (const auto* bound = dynamic_cast<const BoundPredictor*>(predictor.get())) {
      require_same_space(bound->space, *space, name);
    }
    return predictor;
  }
  if (!py::hasattr(object, "predict") && !PyCallable_Check(object.ptr())) {
    throw InputError(name, "expected a predictor, an object with predict(encodings) or a function of option numbers");
  }
  return std::make_shared<PythonPredictor>(object, space, name);
}

ProgressCallback progress_of(const py::object& callback) {
  // Copies are made and dropped where Python's lock is not held, so they share one object, which takes the lock to end.
  const auto shared = std::shared_ptr<py::object>(new py::object(callback), [](py::object* object) {
    const py::gil_scoped_acquire gil;
    delete object;
  });
  return [shared](const Progress& progress) {
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (shared->is_none()) return true;
    const py::object go_on = (*shared)(std::string(progress.step), progress.done, progress.total);
    return go_on.is_none() || go_on.cast<bool>();
  };
}

}  // namespace oneproxy::python
