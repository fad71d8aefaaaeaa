#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/space/net_config.hpp"
#include "oneproxy/space/onnx.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string space;
  std::string architecture;
  std::string predictor;
  std::uint64_t seed = 1;
  fs::path out;
};

void written(const Options& options, const Common& common, nlohmann::json json) {
  json["file"] = options.out.string();
  if (common.json) return print(json);
  if (!common.quiet) std::cout << "written: " << options.out.string() << '\n';
}

void export_network(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const Architecture x = space->parse(options.architecture);
  const Network network = space->network(x);
  if (options.out.extension() == ".onnx") {
    write_onnx(options.out, network, random_weights(network, options.seed),
               {{"space", space->description()}, {"architecture", space->text(x)}, {"weights", "random"}});
  } else {
    const auto config = net_config(network);
    if (config.is_null()) {
      throw InputError(space->description(),
                       "has no net.config; ofa_mobilenet_v3, mobilenet_v2 and proxyless_nas have");
    }
    write_file(options.out, config.dump(2) + "\n");
  }
  written(options, common, {{"space", space->description()}, {"architecture", space->text(x)}});
}

void export_predictor(const Options& options, const Common& common) {
  if (options.out.extension() != ".onnx")
    throw InputError("--out " + options.out.string(), "expected a name ending with .onnx");
  const Proxy proxy = load_proxy(options.predictor, options.space.empty() ? nullptr : make_space(options.space));
  write_linear_onnx(options.out, *proxy.predictor);
  written(options, common, {{"space", proxy.predictor->space()->description()}, {"predictor", proxy.name}});
}

}  // namespace

void add_export(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* group = app.add_subcommand("export", "Write networks and predictors for others' programs");
  group->require_subcommand(1);
  group->footer("Example:\n  oneproxy export predictor onnxruntime --out latency.onnx");

  auto* network =
      add_command(*group, "network", "Write a network as ONNX, or as net.config for PyTorch",
                  "oneproxy export network --space ofa_mobilenet_v3 --architecture TEXT --out net.config", common);
  network->add_option("--space", options->space, "The space (default: that of the shipped models)");
  network->add_option("--architecture", options->architecture, "The architecture, as text or JSON")->required();
  network
      ->add_option("--out", options->out,
                   "NAME.onnx: with random weights; any other name: the JSON by which Once-for-All and ProxylessNAS "
                   "build it")
      ->required();
  network->add_option("--seed", options->seed, "Of the weights")->capture_default_str();
  network->callback([options, &common] { export_network(*options, common); });

  auto* predictor = add_command(*group, "predictor", "Write a predictor of latency as ONNX",
                                "oneproxy export predictor board.json --out board.onnx", common);
  predictor->add_option("predictor", options->predictor, "Shipped proxy or file of a predictor")->required();
  predictor->add_option("--space", options->space, "The space (default: that which the predictor names)");
  predictor->add_option("--out", options->out, "NAME.onnx, from the encoding of a network to its latency in ms")
      ->required();
  predictor->callback([options, &common] { export_predictor(*options, common); });
}

}  // namespace oneproxy::cli
