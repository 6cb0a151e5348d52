// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What this process, its machine and its control group use at this moment.
#ifndef MICROMEGAS_PLATFORM_SYSTEM_USAGE_H_
#define MICROMEGAS_PLATFORM_SYSTEM_USAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/platform/cgroup.h"
#include "micromegas/platform/proc_files.h"

namespace micromegas {

// Of all threads, those that have ended too, since the process began.
struct ProcessTotals {
  std::uint64_t cpu_ns = 0;  // user and system
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t read_bytes = 0;  // from and to storage
  std::uint64_t written_bytes = 0;
};

// What the system does not tell is missing.
struct SystemUsage {
  ProcessTotals totals;
  std::optional<ProcessStat> process;
  std::optional<std::uint64_t> descriptors;
  std::optional<MachineCpu> cpu;
  std::optional<MachineMemory> memory;
  std::optional<NetworkBytes> network;
  CgroupUsage cgroup;
};

// The entries of /proc/PID/fd, where Linux before 6.2 does not say how many there are; without the
// one that lists them. Nothing, and errno, if it cannot be read or there are too many (EOVERFLOW).
std::optional<std::uint64_t> list_descriptors(const std::string& folder);

// One thread at a time. Reads half a dozen small files, some 100 us. A file that cannot be read, or
// not understood, is said once on the diagnostics channel.
class SystemUsageReader {
 public:
  // `proc`: where proc(5) is mounted.
  explicit SystemUsageReader(std::string proc = "/proc") : proc_(std::move(proc)) {}

  SystemUsage read();

 private:
  template <class T>
  std::optional<T> parsed(const char* file, std::optional<T> (*parse)(std::string_view));
  std::optional<std::uint64_t> count_descriptors();
  void note_failure(const char* file, const char* why);
  void say_failures();

  std::string proc_;
  CgroupReader cgroup_;
  std::vector<const char*> failed_;  // files that have been noted
  std::string unsaid_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_SYSTEM_USAGE_H_
