#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace oneproxy::bench {

/// A workload file: lines that begin with # are comments, the first other line names the arguments, every further one
/// gives a value to each. A benchmark that names a file without such lines is a mistake of ours and ends the program.
inline void apply_workload(const std::string& name, benchmark::internal::Benchmark* benchmark) {
  const std::string file = std::string(ONEPROXY_WORKLOADS) + "/" + name + ".txt";
  const auto fail = [&](const char* what) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), what);
    std::exit(2);
  };
  std::ifstream in(file);
  std::vector<std::string> names;
  bool any = false;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream fields(line);
    if (names.empty()) {
      for (std::string field; fields >> field;) names.push_back(field);
      benchmark->ArgNames(names);
      continue;
    }
    std::vector<std::int64_t> values;
    for (std::int64_t value = 0; fields >> value;) values.push_back(value);
    if (!fields.eof() || values.size() != names.size()) fail("expected a whole number for each argument");
    benchmark->Args(values);
    any = true;
  }
  if (!any) fail("expected the names of the arguments and a line of values");
}

/// The name of a file as a template argument, as BENCHMARK(...)->Apply takes plain functions only.
template <std::size_t size>
struct WorkloadName {
  char text[size];
  consteval WorkloadName(const char (&name)[size]) { std::copy_n(name, size, text); }
};

/// BENCHMARK(BM_Name)->Apply(bench::workload<"name">): workloads/name.txt.
template <WorkloadName name>
void workload(benchmark::internal::Benchmark* benchmark) {
  apply_workload(name.text, benchmark);
}

}  // namespace oneproxy::bench
