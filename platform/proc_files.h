// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The texts of /proc (proc(5)) as numbers. Pure functions of any bytes; nothing where the text is
// not what proc(5) says or a number does not fit.
#ifndef MICROMEGAS_PLATFORM_PROC_FILES_H_
#define MICROMEGAS_PLATFORM_PROC_FILES_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace micromegas {

// /proc/PID/stat.
struct ProcessStat {
  std::uint64_t threads = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// /proc/stat: all processors since boot, in clock ticks. Waiting for a disk is idle time.
struct MachineCpu {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
};
std::optional<MachineCpu> parse_machine_cpu(std::string_view text);

// /proc/meminfo, in bytes.
struct MachineMemory {
  std::uint64_t total = 0;
  std::uint64_t free = 0;
  std::uint64_t available = 0;
};
std::optional<MachineMemory> parse_meminfo(std::string_view text);

// /proc/PID/net/dev: all interfaces but the loopback one, since they are up.
struct NetworkBytes {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};
std::optional<NetworkBytes> parse_network_bytes(std::string_view text);

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_PROC_FILES_H_
