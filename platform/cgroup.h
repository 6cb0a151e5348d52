// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the control groups of this process allow it, version 1 and 2 (cgroups(7)).
#ifndef MICROMEGAS_PLATFORM_CGROUP_H_
#define MICROMEGAS_PLATFORM_CGROUP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace micromegas {

// Where a controller's files of this process are: its own folder first, then those above it, up to
// the mount point. Each may set a limit; the lowest one counts. Empty: there is none.
struct CgroupFolders {
  std::vector<std::string> folders;
  bool version_2 = false;
};

// `controller`: "memory" or "cpu". The texts are those of /proc/self/cgroup and
// /proc/self/mountinfo.
CgroupFolders find_cgroup(std::string_view controller, std::string_view self_cgroup,
                          std::string_view mountinfo);

// memory.max and memory.limit_in_bytes, in bytes. Nothing: no limit, or no such text.
std::optional<std::uint64_t> parse_memory_limit(std::string_view text);
// cpu.max, or cpu.cfs_quota_us and cpu.cfs_period_us, in processors. The same.
std::optional<double> parse_cpu_max(std::string_view text);
std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period);
// cpu.stat, in nanoseconds: how long the processors were withheld.
std::optional<std::uint64_t> parse_throttled_time(std::string_view text);

struct CgroupUsage {
  // Both, or none without a limit; those of the group that sets it.
  std::optional<std::uint64_t> memory_limit = {};
  std::optional<std::uint64_t> memory_used = {};
  // The same.
  std::optional<double> cpu_limit = {};
  std::optional<std::uint64_t> cpu_throttled_ns = {};
};

// Looks for the folders once. One thread at a time.
class CgroupReader {
 public:
  CgroupReader();
  CgroupReader(CgroupFolders memory, CgroupFolders cpu);

  [[nodiscard]] CgroupUsage read() const;

 private:
  CgroupFolders memory_;
  CgroupFolders cpu_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_CGROUP_H_
