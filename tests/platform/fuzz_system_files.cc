// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes in place of what /proc and the control groups say.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "micromegas/platform/cgroup.h"
#include "micromegas/platform/proc_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace micromegas;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_process_stat(text);
  parse_machine_cpu(text);
  parse_meminfo(text);
  parse_network_bytes(text);
  parse_memory_limit(text);
  parse_cpu_max(text);
  parse_cfs_quota(text.substr(0, size / 2), text.substr(size / 2));
  parse_throttled_time(text);
  for (const char* controller : {"memory", "cpu"}) {
    // A table may stand before or after the other one, or be both.
    for (const std::string& folder : find_cgroup(controller, text, text).folders) {
      if (!folder.starts_with('/')) __builtin_trap();
    }
  }
  return 0;
}
