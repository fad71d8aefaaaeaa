// oneproxy-mpi fleet ... - what `oneproxy fleet` is under mpirun or srun. Every rank runs the same command; rank 0
// alone writes and prints.

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli.hpp"
#include "mpi_workers.hpp"
#include "oneproxy/base/error.hpp"

namespace {

int run(int argc, char** argv, oneproxy::cli::MpiWorkers& workers) {
  using namespace oneproxy;
  CLI::App app{"oneproxy fleet on the ranks of MPI."};
  app.name("oneproxy");
  app.require_subcommand(1);
  cli::Common common;
  cli::add_fleet(app, common, &workers);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (!workers.writes()) return error.get_exit_code() == 0 ? 0 : 2;
    if (error.get_exit_code() == 0) return app.exit(error);
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::cerr << "oneproxy: " << message << " (see oneproxy fleet --help)\n";
    return 2;
  }
  return 0;
}

/// Ends all ranks. What went wrong on one rank mostly goes wrong on all; rank 0 speaks for them, the others only where
/// it has not ended them in time.
[[noreturn]] void give_up(const oneproxy::cli::MpiWorkers& workers, const std::string& message, int status) {
  if (workers.writes()) {
    std::cerr << "oneproxy: " + message + "\n";
  } else {
    sleep(2);
    std::cerr << "oneproxy, rank " + std::to_string(workers.rank()) + ": " + message + "\n";
  }
  std::cerr.flush();
  MPI_Abort(MPI_COMM_WORLD, status);
  std::_Exit(status);
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  oneproxy::cli::MpiWorkers workers;
  int status = 2;
  try {
    if (provided < MPI_THREAD_FUNNELED) throw oneproxy::InputError("MPI", "this MPI cannot be used beside threads");
    oneproxy::cli::catch_interrupts();
    status = run(argc, argv, workers);
  } catch (const oneproxy::InputError& error) {
    give_up(workers, error.what(), 2);
  } catch (const oneproxy::Stopped& error) {
    give_up(workers, std::string(error.what()) + "; what was done is kept (go on with --resume)", 130);
  } catch (const std::bad_alloc&) {
    give_up(workers, "out of memory", 2);
  }
  MPI_Finalize();
  return status;
}
