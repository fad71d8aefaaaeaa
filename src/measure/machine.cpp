#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "engines.hpp"

namespace oneproxy {
namespace {

/// The value of the first line of `file` that starts with `key`; "" where there is none.
std::string value_of(const char* file, std::string_view key, char separator) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const auto at = line.find(separator);
    if (at == std::string::npos) continue;
    const auto first = line.find_first_not_of(" \t\"", at + 1);
    const auto last = line.find_last_not_of(" \t\"");
    return first == std::string::npos ? "" : line.substr(first, last - first + 1);
  }
  return "";
}

std::string first_line(const char* file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// The number at the start of a file's first line, times `factor`; `absent` where there is none.
double number_in(const std::string& file, double factor, double absent) {
  std::ifstream in(file);
  double value = 0;
  return in >> value ? value * factor : absent;
}

}  // namespace

SystemState system_state(int core) {
  const std::string cpu = "/sys/devices/system/cpu/cpu" + std::to_string(std::max(core, 0));
  SystemState state;
  state.load = number_in("/proc/loadavg", 1, -1);
  state.mhz = number_in(cpu + "/cpufreq/scaling_cur_freq", 1e-3, 0);
  if (state.mhz == 0) {
    const std::string mhz = value_of("/proc/cpuinfo", "cpu MHz", ':');
    state.mhz = std::strtod(mhz.c_str(), nullptr);
  }
  state.celsius = number_in("/sys/class/thermal/thermal_zone0/temp", 1e-3, 0);
  return state;
}

std::string widest_isa() {
#if defined(__x86_64__) || defined(__i386__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    return "avx512";
  }
  if (__builtin_cpu_supports("avx2")) return "avx2";
  if (__builtin_cpu_supports("sse4.1")) return "sse41";
#endif
  return "";
}

MachineFacts machine_facts() {
  MachineFacts facts;
  facts.cpu = value_of("/proc/cpuinfo", "model name", ':');
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) facts.cores = CPU_COUNT(&allowed);
  facts.memory_gb = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e9;
  utsname kernel{};
  if (uname(&kernel) == 0) {
    facts.os = std::string(kernel.sysname) + " " + kernel.release + " " + kernel.machine;
    if (facts.cpu.empty()) facts.cpu = kernel.machine;
  }
  if (const std::string name = value_of("/etc/os-release", "PRETTY_NAME=", '='); !name.empty()) {
    facts.os = name + ", " + facts.os;
  }
  facts.isa = widest_isa();
  facts.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  return facts;
}

}  // namespace oneproxy
