// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/harness/machine.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

#include "micromegas/platform/clock.h"
#include "micromegas/platform/process.h"

namespace bench {

double ns_per_tick() {
  static const double value = 1e9 / static_cast<double>(micromegas::tick_frequency_estimate());
  return value;
}

void pin_to(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % std::max(1U, std::thread::hardware_concurrency()), &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

std::string machine() {
  const micromegas::SystemInfo system = micromegas::gather_system_info();
  std::string compiler =
#if defined(__clang__)
      "clang++ " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#else
      "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#endif
  return system.cpu_brand + ", " + std::to_string(system.logical_cores) + " processors, " +
         system.distro + ", " + compiler;
}

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

micromegas::Result<std::uint64_t> thread_cpu_ns(std::string_view name, const std::string& tasks) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator task(tasks, error), end; !error && task != end;
       task.increment(error)) {
    std::string comm;
    std::getline(std::ifstream(task->path() / "comm"), comm);
    if (comm != name) continue;
    const std::string file = task->path() / "schedstat";
    std::uint64_t ns = 0;
    if (!(std::ifstream(file) >> ns) || ns == 0) {
      return micromegas::Error(file +
                               ": says no processor time (a kernel without CONFIG_SCHED_INFO?)");
    }
    sum += ns;
  }
  if (sum == 0) return micromegas::Error("no thread " + std::string(name) + " in " + tasks);
  return sum;
}

}  // namespace bench
