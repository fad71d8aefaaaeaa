#include "convert.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/search/evolution.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy::python {
namespace {

py::dict to_dict(const SearchSpace& space, const Front& front) {
  std::vector<Architecture> xs;
  py::array_t<float> latency(static_cast<py::ssize_t>(front.size()));
  py::array_t<float> accuracy(static_cast<py::ssize_t>(front.size()));
  for (std::size_t i = 0; i < front.size(); ++i) {
    xs.push_back(front[i].architecture);
    latency.mutable_at(i) = front[i].latency_ms;
    accuracy.mutable_at(i) = front[i].accuracy;
  }
  py::dict result;
  result["architectures"] = choices(space, xs);
  result["latency_ms"] = latency;
  result["accuracy"] = accuracy;
  return result;
}

EvolutionOptions evolution(const EvolutionOptions& preset, std::size_t population, std::size_t generations,
                           std::uint64_t random_state) {
  EvolutionOptions options = preset;
  if (population > 0) options.population = population;
  if (generations > 0) options.generations = generations;
  options.seed = random_state;
  return options;
}

}  // namespace

void bind_search(py::module_& m) {
  m.def(
      "search_front",
      [](const std::shared_ptr<SearchSpace>& space, const py::object& accuracy, const py::object& latency,
         std::size_t population, std::size_t generations, std::uint64_t random_state, const py::object& progress) {
        const auto accuracy_of = predictor_of(accuracy, space, "accuracy");
        const auto latency_of = predictor_of(latency, space, "latency");
        const auto callback = progress_of(progress);
        Front front;
        {
          const py::gil_scoped_release release;
          front = search_front({*space, *latency_of, *accuracy_of},
                               evolution(whole_front(), population, generations, random_state), callback);
        }
        return to_dict(*space, front);
      },
      py::arg("space").none(false), py::arg("accuracy"), py::arg("latency"), py::arg("population") = 0,
      py::arg("generations") = 0, py::arg("random_state") = 1, py::arg("progress") = py::none());
  m.def(
      "search_limits",
      [](const std::shared_ptr<SearchSpace>& space, const py::object& accuracy, const py::object& latency,
         const std::vector<double>& limits_ms, std::size_t population, std::size_t generations,
         std::uint64_t random_state, const py::object& progress) {
        const auto accuracy_of = predictor_of(accuracy, space, "accuracy");
        const auto latency_of = predictor_of(latency, space, "latency");
        const auto callback = progress_of(progress);
        Front best;
        {
          const py::gil_scoped_release release;
          EvolutionarySearch search({*space, *latency_of, *accuracy_of},
                                    evolution(ea1(), population, generations, random_state), callback);
          for (const double limit : limits_ms) best.push_back(search.maximise_accuracy(limit));
        }
        return to_dict(*space, best);
      },
      py::arg("space").none(false), py::arg("accuracy"), py::arg("latency"), py::arg("limits_ms"),
      py::arg("population") = 0, py::arg("generations") = 0, py::arg("random_state") = 1,
      py::arg("progress") = py::none());
  m.def(
      "pareto_front",
      [](const Doubles& latency, const Doubles& accuracy) {
        const auto x = values(latency, "latency");
        return py::array_t<std::int64_t>(py::cast(pareto_front(x, values(accuracy, "accuracy", x.size()))));
      },
      py::arg("latency"), py::arg("accuracy"));
  m.def(
      "hypervolume",
      [](const Doubles& latency, const Doubles& accuracy, double reference_latency, double reference_accuracy) {
        const auto x = values(latency, "latency");
        return hypervolume(x, values(accuracy, "accuracy", x.size()), reference_latency, reference_accuracy);
      },
      py::arg("latency"), py::arg("accuracy"), py::arg("reference_latency"), py::arg("reference_accuracy"));
}

}  // namespace oneproxy::python
