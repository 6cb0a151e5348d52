// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The machine and the process as metrics, with the official client's names and units where it has
// them. A part of //:telemetry; not part of the surface. docs/reference.md lists the metrics.
#ifndef MICROMEGAS_SYSTEM_MONITOR_H_
#define MICROMEGAS_SYSTEM_MONITOR_H_

#include <chrono>
#include <optional>

#include "micromegas/platform/system_usage.h"

namespace micromegas {

// What one period says; a rate needs the usage at its begin.
void record_system_metrics(const SystemUsage& before, const SystemUsage& now,
                           std::chrono::nanoseconds period);

// One thread, except where said.
class SystemMonitor {
 public:
  // Of all monitors: how far two looks are apart. 0: they rest. Any thread, at any time.
  static void set_period(std::chrono::milliseconds period) noexcept;

  // Records what is due; the first metrics come when a period has passed. Cheap if nothing is.
  void poll(std::chrono::steady_clock::time_point now);

 private:
  struct Look {
    std::chrono::steady_clock::time_point at;
    SystemUsage usage;
  };
  std::optional<SystemUsageReader> reader_;
  std::optional<Look> last_;
  std::chrono::nanoseconds pause_{};  // at least this long after the last look
};

}  // namespace micromegas

#endif  // MICROMEGAS_SYSTEM_MONITOR_H_
