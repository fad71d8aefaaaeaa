#pragma once

#include <pybind11/eigen.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/predict/predictor.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy::python {

namespace py = pybind11;

/// Contiguous values of any array-like, copied only where type or layout differ.
using Choices = py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast>;
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

/// What Python gives as architectures: n x decisions option numbers, or a list of texts (SearchSpace::parse).
/// @throws InputError naming the row that is no architecture of the space.
std::vector<Architecture> architectures(const SearchSpace& space, const py::object& xs);
/// n x decisions option numbers.
Choices choices(const SearchSpace& space, std::span<const Architecture> xs);

/// One-dimensional. @throws InputError otherwise.
std::span<const double> values(const Doubles& array, const char* name);
/// One value for each of `count` architectures. @throws InputError otherwise.
std::span<const double> values(const Doubles& array, const char* name, std::size_t count);

/// The same, of latencies. @throws InputError for one that is missing or not positive.
std::span<const double> latencies(const Doubles& array, std::size_t count);

/// @throws InputError unless `predictor` is one, of this very space. `name` says where it was given.
void require_space(const std::shared_ptr<LinearPredictor>& predictor, const SearchSpace& space, const char* name);

/// A predictor written in Python: an object with predict(), which gets the encodings (n x features, float32) as a model
/// of scikit-learn does, or a function, which gets the option numbers (n x decisions, uint8). Predictors of this
/// library come back as they are. `space` must be that of the architectures.
std::shared_ptr<const Predictor> predictor_of(const py::object& object, const SpacePtr& space, const char* name);

/// Calls `callback(step, done, total)` where it is not None, and lets Ctrl-C through. False from it stops the step.
ProgressCallback progress_of(const py::object& callback);

/// A predictor that knows which space it is of, as Python's have to: they get arrays and texts.
struct BoundPredictor final : Predictor {
  SpacePtr space;
  std::shared_ptr<const Predictor> inner;

  BoundPredictor(SpacePtr s, std::shared_ptr<const Predictor> p) : space(std::move(s)), inner(std::move(p)) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override { inner->predict(xs, out); }
};

void bind_spaces(py::module_& m);
void bind_predictors(py::module_& m);
void bind_adaptation(py::module_& m);
void bind_search(py::module_& m);
void bind_devices(py::module_& m);

}  // namespace oneproxy::python
