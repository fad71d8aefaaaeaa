#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "convert.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/pipeline/run.hpp"
#include "oneproxy/report/page.hpp"
#include "oneproxy/report/result_files.hpp"

namespace oneproxy::python {
namespace {

/// A device written in Python: `description` (text) and `measure(space, text)`, the runs of one network in ms.
class PythonDevice final : public Device {
 public:
  explicit PythonDevice(py::object object)
      : object_(std::move(object)), description_(py::str(object_.attr("description"))) {}
  ~PythonDevice() override {
    const py::gil_scoped_acquire gil;
    object_.release().dec_ref();
  }

  const std::string& description() const override { return description_; }
  MachineFacts facts() const override {
    MachineFacts facts;
    facts.engine = description_;
    return facts;
  }

  void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol&, const MeasurementSink& sink,
               const ProgressCallback& progress) override {
    for (std::size_t i = 0; i < xs.size(); ++i) {
      Measurement measurement;
      measurement.architecture = xs[i];
      measurement.stopped_by = "command";
      {
        const py::gil_scoped_acquire gil;
        const auto runs = Doubles::ensure(object_.attr("measure")(space.description(), space.text(xs[i])));
        if (!runs || runs.size() == 0) throw InputError(description_, "expected latencies in ms from measure()");
        measurement.raw_ms.assign(runs.data(), runs.data() + runs.size());
      }
      for (const float ms : measurement.raw_ms) {
        if (!std::isfinite(ms) || ms <= 0) {
          throw InputError(description_ + ", " + space.text(xs[i]), "expected latencies in ms > 0");
        }
      }
      measurement.runs = static_cast<std::int64_t>(measurement.raw_ms.size());
      summarise(measurement);
      sink(measurement);
      report(progress, {"measuring", i + 1, xs.size()});
    }
  }

 private:
  py::object object_;
  std::string description_;
};

std::shared_ptr<Device> device_of(const py::object& object) {
  if (py::isinstance<py::str>(object)) return make_device(object.cast<std::string>());
  if (py::isinstance<Device>(object)) return object.cast<std::shared_ptr<Device>>();
  return std::make_shared<PythonDevice>(object);
}

Protocol protocol_of(double budget_ms, int min_runs, std::uint64_t random_state) {
  if (!(budget_ms > 0)) throw InputError("budget_ms", "expected a time > 0");
  if (min_runs < 1) throw InputError("min_runs", "expected at least 1");
  Protocol protocol;
  protocol.budget_ms = budget_ms;
  protocol.min_runs = min_runs;
  protocol.seed = random_state;
  return protocol;
}

}  // namespace

void bind_devices(py::module_& m) {
  py::class_<Device, std::shared_ptr<Device>>(m, "BuiltInDevice")
      .def_property_readonly("description", [](const Device& d) { return d.description(); });
  m.def(
      "device", [](const std::string& text) { return std::shared_ptr<Device>(make_device(text)); },
      py::arg("description"));
  m.def("devices", [] {
    py::list result;
    for (const auto& kind : device_kinds()) {
      result.append(py::dict(py::arg("name") = kind.name, py::arg("settings") = kind.settings,
                             py::arg("available") = kind.available, py::arg("detail") = kind.detail));
    }
    return result;
  });

  m.def(
      "measure",
      [](const py::object& device, const std::shared_ptr<SearchSpace>& space, const py::object& xs, double budget_ms,
         int min_runs, std::uint64_t random_state, const py::object& progress) {
        const auto known = architectures(*space, xs);
        const auto target = device_of(device);
        const auto callback = progress_of(progress);
        std::unordered_map<Architecture, double> median_ms;
        {
          const py::gil_scoped_release release;
          target->measure(
              *space, known, protocol_of(budget_ms, min_runs, random_state),
              [&](const Measurement& one) { median_ms[one.architecture] = one.median_ms; }, callback);
        }
        py::array_t<double> result(static_cast<py::ssize_t>(known.size()));
        for (std::size_t i = 0; i < known.size(); ++i) result.mutable_at(i) = median_ms.at(known[i]);
        return result;
      },
      py::arg("device"), py::arg("space").none(false), py::arg("xs"), py::arg("budget_ms") = 300.0,
      py::arg("min_runs") = 30, py::arg("random_state") = 1, py::arg("progress") = py::none());

  m.def(
      "run",
      [](const std::shared_ptr<SearchSpace>& space, const py::object& target, const py::dict& proxies,
         const py::object& accuracy, const std::filesystem::path& out, const std::string& method, std::size_t samples,
         std::size_t front, const std::vector<double>& limits_ms, double budget_ms, int min_runs, bool resume,
         std::uint64_t random_state, const py::object& progress) {
        const auto device = device_of(target);
        const auto accuracy_of = predictor_of(accuracy, space, "accuracy");
        std::vector<Proxy> known;
        for (const auto& [name, predictor] : proxies) {
          known.push_back({name.cast<std::string>(), predictor.cast<std::shared_ptr<LinearPredictor>>()});
          require_space(std::const_pointer_cast<LinearPredictor>(known.back().predictor), *space, "proxies");
        }
        if (samples < 6) throw InputError("samples", "expected at least 6");
        if (front < 2) throw InputError("front", "expected at least 2");
        for (const double limit_ms : limits_ms) {
          if (!(limit_ms > 0)) throw InputError("limits_ms", "expected latencies in ms > 0");
        }
        RunOptions options;
        options.method = method_of(method);
        options.sample_count = samples;
        options.max_sample_count = std::max(options.max_sample_count, samples);
        options.front_count = front;
        options.limits_ms = limits_ms;
        options.seed = random_state;
        options.protocol = protocol_of(budget_ms, min_runs, random_state);
        const auto callback = progress_of(progress);
        std::string json;
        {
          const py::gil_scoped_release release;
          std::filesystem::create_directories(out);
          Store store(out / "measurements.sqlite");
          // What must be the same for a run to go on.
          nlohmann::json asked{{"method", method}, {"samples", samples}, {"front", front}};
          for (const auto& proxy : known) asked["proxies"].push_back(proxy.name);
          const RunSettings settings{.command = "python run " + asked.dump(),
                                     .seed = random_state,
                                     .space = space->description(),
                                     .device = device->description(),
                                     .protocol = options.protocol,
                                     .facts = device->facts()};
          const auto last = store.last_run();
          std::int64_t run = 0;
          if (resume && !last) throw InputError(out.string(), "there is nothing to resume");
          if (resume) {
            if (const auto other = difference(last->settings, settings); !other.empty()) {
              throw InputError(out.string(), "cannot go on: " + other);
            }
            store.claim(run = last->id);
          } else {
            run = store.begin_run(settings);
          }
          const auto result = run_algorithm1(space, *device, known, *accuracy_of, options, store, run, callback);
          const Versions versions{{"engine", result.facts.engine}};
          write_result_files(out, result, versions);
          if (has_page()) write_page(out);
          json = result_json(result, versions).dump();
        }
        return py::module_::import("json").attr("loads")(json);
      },
      py::arg("space").none(false), py::arg("target"), py::arg("proxies"), py::arg("accuracy"),
      py::arg("out") = "oneproxy-run", py::arg("method") = "posterior", py::arg("samples") = 50, py::arg("front") = 20,
      py::arg("limits_ms") = std::vector<double>(), py::arg("budget_ms") = 300.0, py::arg("min_runs") = 30,
      py::arg("resume") = false, py::arg("random_state") = 1, py::arg("progress") = py::none());
}

}  // namespace oneproxy::python
