#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <new>
#include <stdexcept>

#include "cli.hpp"
#include "command_tree.hpp"
#include "number_checks.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/report/page.hpp"
#include "version.hpp"

namespace {

/// `oneproxy train ...` is the program oneproxy-train beside this one, so that LibTorch is loaded only to train.
[[noreturn]] void run_train(char** argv) {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "oneproxy-train";
  execv(program.c_str(), argv);
  throw oneproxy::InputError("oneproxy train",
                             "this build has no training; install LibTorch (Debian: libtorch-dev) "
                             "and zlib (zlib1g-dev), then build again");
}

/// Under mpirun or srun `oneproxy fleet ...` is the program oneproxy-mpi beside this one, so that MPI is loaded only
/// there.
void run_under_mpi(char** argv) {
  const auto processes = [](const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? 0 : std::atoi(value);
  };
  if (processes("OMPI_COMM_WORLD_SIZE") < 2 && processes("PMI_SIZE") < 2 && processes("SLURM_STEP_NUM_TASKS") < 2)
    return;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "oneproxy-mpi";
  execv(program.c_str(), argv);
  throw oneproxy::InputError("oneproxy fleet",
                             "runs as several processes, but this build has no MPI; install OpenMPI (Debian: "
                             "libopenmpi-dev), then build again");
}

int run(int argc, char** argv) {
  using namespace oneproxy;
  if (argc > 1 && std::string_view(argv[1]) == "train") run_train(argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "fleet") run_under_mpi(argv);

  CLI::App app{"Finds the neural networks worth deploying on a device, from a few dozen measurements there."};
  app.name("oneproxy");
  app.require_subcommand(1);
  app.set_version_flag("--version",
                       std::string(cli::version_text) + "\npage: " + (has_page() ? "built in" : "not built in"));
  app.footer(
      "Example, the whole way on this machine:\n  oneproxy run --out oneproxy-run\n\n"
      "  train                       Train a supernet and the accuracy predictor (own program; oneproxy train "
      "--help)\n\n"
      "Every command has its own --help.");
  cli::Common common;
  cli::add_run(app, common);
  cli::add_space(app, common);
  cli::add_devices(app, common);
  cli::add_measure(app, common);
  cli::add_proxy(app, common);
  cli::add_adapt(app, common);
  cli::add_search(app, common);
  cli::add_compare(app, common);
  cli::add_evaluate(app, common);
  cli::add_report(app, common);
  cli::add_export(app, common);
  cli::add_completion(app, common);
  cli::add_manual(app, common);
  cli::add_campaign(app, common);
  cli::add_store(app, common);
  cli::add_fleet(app, common);
  cli::add_roofline(app, common);
  cli::add_monotonicity(app, common);
  cli::add_import(app, common);
  cli::add_lookup_table(app, common);
  cli::add_kernels(app, common);
  cli::add_predict(app, common);
  cli::add_reproduce(app, common);
  refuse_odd_numbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::string message = cli::with_suggestion(cli::command_words(app), argc, argv, error.what());
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::cerr << "oneproxy: " << message << " (see oneproxy --help)\n";
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    oneproxy::cli::catch_interrupts();
    const int status = run(argc, argv);
    if (!std::cout.flush()) throw oneproxy::InputError("standard output", "cannot be written (is the disk full?)");
    return status;
  } catch (const oneproxy::InputError& error) {
    std::cerr << "oneproxy: " << error.what() << '\n';
    return 2;
  } catch (const oneproxy::Stopped& error) {
    std::cerr << "oneproxy: " << error.what() << "; what was measured is kept (go on with --resume)\n";
    return 130;
  } catch (const std::bad_alloc&) {
    std::cerr << "oneproxy: out of memory\n";
  } catch (const std::length_error&) {  // more than could ever be allocated
    std::cerr << "oneproxy: out of memory\n";
  }
  return 2;
}
