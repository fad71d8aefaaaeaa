#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "command_tree.hpp"
#include "commands.hpp"
#include "number_checks.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy::cli {

void add_task_options(CLI::App& command, Task& task) {
  command.add_option("--space", task.space, "Search space (default: that of the models that come with oneproxy)");
  command.add_option("--data", task.data, "Folder of IDX files, plain or .gz")->capture_default_str();
  command.add_option("--held-out", task.held_out, "Images at the end of the training file to keep out of training")
      ->capture_default_str();
  command.add_option("--threads", task.threads, "Threads (0: all processors)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

TaskData load_task(const Task& task) {
  TaskData data;
  data.space = space_or_default(task.space);
  const int classes = data.space->network(Architecture(data.space->decisions().size())).layers.back().out.channels;
  ImageData images = read_idx_folder(task.data, classes);
  if (images.train.size() <= task.held_out) {
    throw InputError("--held-out", "expected fewer than the " + std::to_string(images.train.size()) +
                                       " training images of " + task.data.string() + "; got " +
                                       std::to_string(task.held_out));
  }
  const std::size_t kept = images.train.size() - task.held_out;
  data.train = images.train.slice(0, kept);
  data.held_out = images.train.slice(kept, task.held_out);
  data.test = std::move(images.test);
  return data;
}

int thread_count(const Task& task) {
  return task.threads > 0 ? task.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace oneproxy::cli

namespace {

/// OpenMP's threads wait by spinning unless told otherwise before the program starts. On a machine that does anything
/// else that makes a training step up to ten times slower, so the program starts itself again with the setting.
void let_threads_sleep(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  execv("/proc/self/exe", argv);  // where this fails, the program goes on as it is
}

/// Activations come and go by the megabyte. Memory given back to the system each time and zeroed by it again took 12%
/// of a training step.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, -1);  // never
  mallopt(M_TOP_PAD, 1 << 28);
}

int run(int argc, char** argv) {
  using namespace oneproxy;
  CLI::App app{"Trains one supernet for all networks of a space, and the predictor of their accuracy."};
  app.name("oneproxy train");
  app.require_subcommand(1);
  app.footer(
      "Example:\n  oneproxy train supernet --out supernet.pt\n"
      "  oneproxy train accuracy --checkpoint supernet.pt --out accuracy\n"
      "  oneproxy run --accuracy accuracy/accuracy.onnx --checkpoint supernet.pt");
  cli::Common common;
  cli::add_harden(app, common);
  cli::add_supernet(app, common);
  cli::add_accuracy(app, common);
  cli::add_fit(app, common);
  cli::add_export(app, common);
  cli::add_gcn(app, common);
  cli::catch_interrupts();
  cli::add_reference(app);
  refuse_odd_numbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::cerr << "oneproxy: " << message << " (see oneproxy train --help)\n";
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  let_threads_sleep(argv);
  keep_freed_memory();
  try {
    return run(argc, argv);
  } catch (const oneproxy::InputError& error) {
    std::cerr << "oneproxy: " << error.what() << '\n';
    return 2;
  } catch (const oneproxy::Stopped& error) {
    std::cerr << "oneproxy: " << error.what() << "; what was done is kept (the same command with --resume goes on)\n";
    return 130;
  } catch (const std::bad_alloc&) {
    std::cerr << "oneproxy: out of memory\n";
    return 2;
  }
}
