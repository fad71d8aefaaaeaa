#include <fstream>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/space/onnx.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::string architecture;
  std::filesystem::path onnx;
  std::size_t samples = 0;
  std::uint64_t seed = 1;
};

nlohmann::json describe(const SearchSpace& space, const Architecture& x) {
  const NetworkCosts c = costs(space.network(x));
  return {{"architecture", space.to_json(x)},
          {"text", space.text(x)},
          {"flops", c.flops},
          {"parameters", c.parameters},
          {"bytes", c.bytes},
          {"operational_intensity", c.operational_intensity()},
          {"layers", c.layers},
          {"critical_path", c.critical_path},
          {"dense_flops", c.dense_flops},
          {"depthwise_flops", c.depthwise_flops}};
}

void run(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  Rng rng(options.seed);
  if (options.samples > 0) {
    const auto xs = space->sample_distinct(options.samples, rng);
    nlohmann::json list = nlohmann::json::array();
    for (const auto& x : xs) {
      if (common.json)
        list.push_back(describe(*space, x));
      else
        std::cout << space->text(x) << '\n';
    }
    if (common.json) print(list);
    return;
  }
  if (options.architecture.empty() && options.onnx.empty()) {
    nlohmann::json json{{"space", space->description()}, {"features", space->feature_count()}};
    for (const auto& decision : space->decisions()) json["decisions"][decision.name] = decision.options;
    if (common.json) return print(json);
    std::vector<std::vector<std::string>> rows{{"decision", "options"}};
    for (const auto& decision : space->decisions()) {
      std::string values;
      for (const auto& option : decision.options) values += (values.empty() ? "" : ", ") + option;
      rows.push_back({decision.name, values});
    }
    std::cout << space->description() << "\nencoding: " << space->feature_count() << " features\n\n" << aligned(rows);
    return;
  }
  const Architecture x = options.architecture.empty() ? space->sample(rng) : space->parse(options.architecture);
  if (!options.onnx.empty()) {
    const Network network = space->network(x);
    write_onnx(options.onnx, network, random_weights(network, options.seed),
               {{"space", space->description()}, {"architecture", space->text(x)}, {"weights", "random"}});
  }
  const auto json = describe(*space, x);
  if (common.json) return print(json);
  std::vector<std::vector<std::string>> rows{{"", ""}};
  for (const auto& [key, value] : json.items()) {
    if (value.is_number()) rows.push_back({key, number(value.get<double>(), 6)});
  }
  std::cout << space->text(x) << '\n' << json["architecture"].dump() << '\n' << aligned(rows);
  if (!options.onnx.empty()) std::cout << "written: " << options.onnx.string() << '\n';
}

}  // namespace

void add_space(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, "space", "Describe a search space, or one architecture of it",
                  "oneproxy space --architecture 5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4-3x4 --onnx net.onnx", common);
  command->add_option("space,--space", options->space,
                      "The space: a description, or a file FILE.yaml that describes it (default: that of the shipped "
                      "models)");
  command->add_option("--architecture", options->architecture, "An architecture, as text or JSON");
  command->add_option("--samples", options->samples, "Print this many random architectures")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--onnx", options->onnx, "Write the architecture as ONNX with random weights");
  command->add_option("--seed", options->seed, "Of samples and weights")->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
