#include <benchmark/benchmark.h>

#include <string>

#include "measure/engines.hpp"
#include "peak.hpp"

// What Google Benchmark does not say of the machine goes into the "context" of its JSON.
int main(int argc, char** argv) {
  const oneproxy::MachineFacts facts = oneproxy::machine_facts();
  benchmark::AddCustomContext("cpu", facts.cpu);
  benchmark::AddCustomContext("cores", std::to_string(facts.cores));
  benchmark::AddCustomContext("memory_gb", std::to_string(facts.memory_gb));
  benchmark::AddCustomContext("os", facts.os);
  benchmark::AddCustomContext("isa", facts.isa);
  benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
  benchmark::AddCustomContext("build", ONEPROXY_BUILD_TYPE);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
