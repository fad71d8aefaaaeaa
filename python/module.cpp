#include "convert.hpp"
#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy::python {

PYBIND11_MODULE(_core, m) {
  m.doc() = "The compiled part of oneproxy.";
  py::register_exception<InputError>(m, "InputError", PyExc_ValueError);
  py::register_exception<Stopped>(m, "Stopped", PyExc_RuntimeError);
  bind_spaces(m);
  bind_predictors(m);
  bind_adaptation(m);
  bind_search(m);
  bind_devices(m);

  m.def(
      "srcc",
      [](const Doubles& a, const Doubles& b) {
        const auto x = values(a, "a");
        const auto y = values(b, "b", x.size());
        for (const auto& side : {x, y}) {
          for (const double value : side) {
            if (std::isnan(value)) throw InputError("srcc", "expected no missing values (NaN)");
          }
        }
        const py::gil_scoped_release release;
        return srcc(x, y);
      },
      py::arg("a"), py::arg("b"), "Spearman's rank correlation; ties share their average rank.");
  m.def(
      "srcc_matrix",
      [](const Eigen::Ref<const Eigen::MatrixXd>& latencies, int threads) {
        const py::gil_scoped_release release;
        return srcc_matrix(latencies, threads);
      },
      py::arg("latencies"), py::arg("threads") = 1,
      "SRCC of every pair of columns; NaN entries are missing and left out pair by pair.");
}

}  // namespace oneproxy::python
