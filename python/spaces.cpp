#include <nlohmann/json.hpp>

#include "convert.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/space/arch_table.hpp"
#include "oneproxy/space/onnx.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy::python {
namespace {

/// A table together with its space, which says what its architectures mean.
struct Table {
  SpacePtr space;
  ArchTable table;
};

template <class Read>
Table read(const SpacePtr& space, const std::filesystem::path& file, Read read) {
  const py::gil_scoped_release release;
  return {space, read(file, *space)};
}

py::object to_dict(const nlohmann::json& json) { return py::module_::import("json").attr("loads")(json.dump()); }

}  // namespace

void bind_spaces(py::module_& m) {
  // Immutable, so that the holder's missing const does no harm.
  py::class_<SearchSpace, std::shared_ptr<SearchSpace>>(m, "Space")
      .def(py::init([](const std::string& description) {
             return std::const_pointer_cast<SearchSpace>(make_space(description));
           }),
           py::arg("description"))
      .def_property_readonly("description", [](const SearchSpace& s) { return s.description(); })
      .def_property_readonly("decisions",
                             [](const SearchSpace& s) {
                               std::vector<std::pair<std::string, std::vector<std::string>>> result;
                               for (const auto& d : s.decisions()) result.emplace_back(d.name, d.options);
                               return result;
                             })
      .def_property_readonly("feature_count", &SearchSpace::feature_count)
      .def("__repr__", [](const SearchSpace& s) { return "oneproxy.Space('" + s.description() + "')"; })
      .def(
          "sample",
          [](const SearchSpace& s, std::size_t count, std::uint64_t random_state) {
            Rng rng(random_state);
            return choices(s, s.sample_distinct(count, rng));
          },
          py::arg("count"), py::arg("random_state") = 1)
      .def(
          "canonical", [](const SearchSpace& s, const py::object& xs) { return choices(s, architectures(s, xs)); },
          py::arg("xs"))
      .def(
          "text",
          [](const SearchSpace& s, const py::object& xs) {
            std::vector<std::string> result;
            for (const auto& x : architectures(s, xs)) result.push_back(s.text(x));
            return result;
          },
          py::arg("xs"))
      .def(
          "describe",
          [](const SearchSpace& s, const py::object& xs) {
            py::list result;
            for (const auto& x : architectures(s, xs)) result.append(to_dict(s.to_json(x)));
            return result;
          },
          py::arg("xs"))
      .def(
          "encode",
          [](const SearchSpace& s, const py::object& xs) {
            const auto known = architectures(s, xs);
            const py::gil_scoped_release release;
            return s.encode(known);
          },
          py::arg("xs"))
      .def(
          "cost_features",
          [](const SearchSpace& s, const py::object& xs) {
            const auto known = architectures(s, xs);
            const py::gil_scoped_release release;
            return s.cost_features(known);
          },
          py::arg("xs"))
      .def(
          "write_onnx",
          [](const SearchSpace& s, const py::object& x, const std::filesystem::path& file, std::uint64_t random_state) {
            const auto known = architectures(s, x);
            if (known.size() != 1) throw InputError("write_onnx", "expected one architecture");
            const Network network = s.network(known.front());
            write_onnx(file, network, random_weights(network, random_state), {{"architecture", s.text(known.front())}});
          },
          py::arg("x"), py::arg("file"), py::arg("random_state") = 1);

  py::class_<Table>(m, "Table")
      .def_property_readonly("space", [](const Table& t) { return std::const_pointer_cast<SearchSpace>(t.space); })
      .def_property_readonly("columns", [](const Table& t) { return t.table.columns; })
      .def_property_readonly("notes", [](const Table& t) { return t.table.notes; })
      .def_property_readonly("architectures", [](const Table& t) { return choices(*t.space, t.table.architectures); })
      .def_property_readonly(
          "values", [](const Table& t) -> const Eigen::MatrixXd& { return t.table.values; },
          py::return_value_policy::reference_internal)
      .def(
          "__getitem__",
          [](const Table& t, const std::string& name) -> Eigen::VectorXd {
            return t.table.values.col(static_cast<Eigen::Index>(t.table.column(name)));
          },
          py::arg("column"))
      .def("__len__", [](const Table& t) { return t.table.architectures.size(); });

  m.def(
      "read_table",
      [](const std::filesystem::path& file, const std::shared_ptr<SearchSpace>& space) {
        return read(space, file, read_arch_table);
      },
      py::arg("file"), py::arg("space").none(false));
  m.def(
      "read_published_table",
      [](const std::filesystem::path& file, const std::shared_ptr<SearchSpace>& space) {
        return read(space, file, read_published_table);
      },
      py::arg("file"), py::arg("space").none(false));
  m.def(
      "write_table",
      [](const std::filesystem::path& file, const std::shared_ptr<SearchSpace>& space, const py::object& xs,
         const std::vector<std::string>& columns, const Eigen::Ref<const Eigen::MatrixXd>& values) {
        ArchTable table;
        table.columns = columns;
        table.architectures = architectures(*space, xs);
        table.values = values;
        if (values.rows() != static_cast<Eigen::Index>(table.architectures.size()) ||
            values.cols() != static_cast<Eigen::Index>(columns.size())) {
          throw InputError("write_table, values", "expected a row for each architecture and a column for each name");
        }
        write_arch_table(file, *space, table);
      },
      py::arg("file"), py::arg("space").none(false), py::arg("xs"), py::arg("columns"), py::arg("values"));
}

}  // namespace oneproxy::python
