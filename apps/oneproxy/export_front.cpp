#include "export_front.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <vector>

#include "cli.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/space/net_config.hpp"
#include "oneproxy/space/onnx.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

fs::path train_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path() / "oneproxy-train";
}

/// What the program prints. @throws InputError where it fails; its own message is on stderr.
std::string output_of(const std::vector<std::string>& command) {
  int ends[2];
  if (pipe(ends) != 0) throw InputError(command.front(), "cannot be started");
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    std::vector<char*> arguments;
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    execv(arguments.front(), arguments.data());
    _exit(127);
  }
  close(ends[1]);
  std::string output;
  char buffer[4096];
  for (;;) {
    const ssize_t count = read(ends[0], buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    output.append(buffer, static_cast<std::size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw InputError(fs::path(command.front()).filename().string(), "could not export the networks");
  }
  return output;
}

std::string file_name(std::size_t index) {
  char name[32];
  std::snprintf(name, sizeof name, "front-%02zu.onnx", index + 1);
  return name;
}

/// The network for others' code, beside its ONNX file, where they have a form for it.
void write_net_config(const fs::path& folder, std::size_t index, const Network& network) {
  const auto config = net_config(network);
  if (!config.is_null()) write_file((folder / file_name(index)).replace_extension(".config"), config.dump(2) + "\n");
}

void remove_earlier(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> earlier;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("front-") && (name.ends_with(".onnx") || name.ends_with(".config")))
      earlier.push_back(entry.path());
  }
  for (const auto& file : earlier) fs::remove(file, error);
}

/// Files that are gone when this is, however it goes.
struct Scratch {
  std::vector<fs::path> files;
  ~Scratch() {
    std::error_code error;
    for (const auto& file : files) fs::remove_all(file, error);
  }
};

void export_with_checkpoint(RunResult& result, const fs::path& folder, const ExportOptions& options) {
  const fs::path list = folder / "front.txt";
  const Scratch scratch{{list, folder / "exported"}};
  std::string lines;
  for (const auto& n : result.front) lines += result.space->text(n.measured.architecture) + '\n';
  write_file(list, lines);
  std::vector<std::string> command{train_program().string(),       "export",       "--space",
                                   result.space->description(),    "--checkpoint", options.checkpoint.string(),
                                   "--architecture-file",          list.string(),  "--out",
                                   (folder / "exported").string(), "--json",       "--quiet"};
  if (!options.data.empty()) command.insert(command.end(), {"--data", options.data.string()});
  const auto json = nlohmann::json::parse(output_of(command), nullptr, false);
  if (json.is_discarded() || !json.contains("networks") || json["networks"].size() != result.front.size()) {
    throw InputError("oneproxy-train export", "answered with something else than the networks asked for");
  }
  remove_earlier(folder);  // not before there is something in their place
  for (std::size_t i = 0; i < result.front.size(); ++i) {
    const auto& network = json["networks"][i];
    result.front[i].accuracy = network.at("accuracy").get<double>();
    result.front[i].onnx = file_name(i);
    fs::rename(network.at("onnx").get<std::string>(), folder / file_name(i));
    write_net_config(folder, i, result.space->network(result.front[i].measured.architecture));
  }
}

}  // namespace

void check(const ExportOptions& options) {
  if (options.checkpoint.empty()) {
    if (!options.data.empty()) throw InputError("--data", "is only used with --checkpoint");
    return;
  }
  std::error_code error;
  if (!fs::is_regular_file(options.checkpoint, error)) {
    throw InputError("--checkpoint " + options.checkpoint.string(), "is no file");
  }
  if (!fs::exists(train_program(), error)) {
    throw InputError("--checkpoint",
                     "needs the program oneproxy-train beside oneproxy; this build has none (LibTorch)");
  }
}

void export_front(RunResult& result, const fs::path& folder, const ExportOptions& options,
                  const ProgressCallback& progress) {
  if (!options.checkpoint.empty()) return export_with_checkpoint(result, folder, options);
  remove_earlier(folder);
  for (std::size_t i = 0; i < result.front.size(); ++i) {
    report(progress, {"writing ONNX files", i, result.front.size()});
    const Architecture& x = result.front[i].measured.architecture;
    const Network network = result.space->network(x);
    write_onnx(folder / file_name(i), network, random_weights(network, result.seed),
               {{"space", result.space->description()},
                {"architecture", result.space->text(x)},
                {"weights", "random"},
                {"target", result.target},
                {"latency_ms", number(result.front[i].measured.median_ms, 6)}});
    write_net_config(folder, i, network);
    result.front[i].onnx = file_name(i);
  }
}

}  // namespace oneproxy::cli
