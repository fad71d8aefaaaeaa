#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace oneproxy {
namespace {

/// A whole process of the command line: start, answer, end. Wall-clock time.
void BM_Startup(benchmark::State& state, const char* argument) {
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const char* const arguments[] = {ONEPROXY_PROGRAM, argument, nullptr};
  for (auto _ : state) {
    pid_t child = 0;
    int status = 0;
    if (posix_spawn(&child, ONEPROXY_PROGRAM, &quiet, nullptr, const_cast<char**>(arguments), environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0) {
      state.SkipWithError("the program is missing or did not end as it should; the target is oneproxy");
      break;
    }
  }
  posix_spawn_file_actions_destroy(&quiet);
}
BENCHMARK_CAPTURE(BM_Startup, help, "--help")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(BM_Startup, version, "--version")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace oneproxy
