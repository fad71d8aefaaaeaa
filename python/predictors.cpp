#include "convert.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/predict/accuracy.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy::python {
namespace {

py::array_t<float> predict(const Predictor& predictor, const SearchSpace& space, const py::object& xs) {
  const auto known = architectures(space, xs);
  py::array_t<float> result(static_cast<py::ssize_t>(known.size()));
  const std::span<float> out(result.mutable_data(), known.size());
  const py::gil_scoped_release release;
  predictor.predict(known, out);
  return result;
}

}  // namespace

void bind_predictors(py::module_& m) {
  py::class_<Predictor, std::shared_ptr<Predictor>>(m, "Predictor");

  py::class_<BoundPredictor, Predictor, std::shared_ptr<BoundPredictor>>(m, "FilePredictor")
      .def(
          "predict", [](const BoundPredictor& p, const py::object& xs) { return predict(p, *p.space, xs); },
          py::arg("xs"));

  py::class_<LinearPredictor, Predictor, std::shared_ptr<LinearPredictor>>(m, "LinearPredictor")
      .def(py::init([](const std::shared_ptr<SearchSpace>& space, const Eigen::VectorXd& weights_ms) {
             if (weights_ms.size() != static_cast<Eigen::Index>(space->feature_count()) || !weights_ms.allFinite()) {
               throw InputError("weights_ms", "expected " + std::to_string(space->feature_count()) + " finite numbers");
             }
             return std::make_shared<LinearPredictor>(space, weights_ms);
           }),
           py::arg("space").none(false), py::arg("weights_ms"))
      .def_property_readonly("space",
                             [](const LinearPredictor& p) { return std::const_pointer_cast<SearchSpace>(p.space()); })
      .def_property_readonly("weights_ms", &LinearPredictor::weights_ms)
      .def_property_readonly("held_out_srcc", [](const LinearPredictor& p) { return p.training().held_out_srcc; })
      .def_property_readonly("held_out_rmse_ms", [](const LinearPredictor& p) { return p.training().held_out_rmse_ms; })
      .def(
          "predict",
          [](const LinearPredictor& p, const py::object& xs) {
            const auto known = architectures(*p.space(), xs);
            const py::gil_scoped_release release;
            return p.latency_ms(known);
          },
          py::arg("xs"))
      .def(
          "save", [](const LinearPredictor& p, const std::filesystem::path& file) { save_linear_predictor(file, p); },
          py::arg("file"));

  m.def(
      "fit_linear",
      [](const std::shared_ptr<SearchSpace>& space, const py::object& xs, const Doubles& latency_ms,
         double held_out_share, std::uint64_t random_state, const std::string& device) {
        const auto known = architectures(*space, xs);
        const auto latency = latencies(latency_ms, known.size());
        const py::gil_scoped_release release;
        return std::make_shared<LinearPredictor>(fit_linear(
            space, known, latency, {.held_out_share = held_out_share, .seed = random_state, .device = device}));
      },
      py::arg("space").none(false), py::arg("xs"), py::arg("latency_ms"), py::arg("held_out_share") = 0.2,
      py::arg("random_state") = 1, py::arg("device") = "");
  m.def(
      "load_predictor",
      [](const std::filesystem::path& file, const std::shared_ptr<SearchSpace>& space) {
        return std::make_shared<LinearPredictor>(load_linear_predictor(file, space));
      },
      py::arg("file"), py::arg("space") = nullptr);
  m.def(
      "load_accuracy",
      [](const std::filesystem::path& file, const std::shared_ptr<SearchSpace>& space, const std::string& column) {
        return std::make_shared<BoundPredictor>(space, load_accuracy(file, space, column));
      },
      py::arg("file"), py::arg("space").none(false), py::arg("column") = "");
}

}  // namespace oneproxy::python
