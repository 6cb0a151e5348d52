// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Who is speaking: sent once per process (insert_process).
#ifndef MICROMEGAS_PIPELINE_SINK_PROCESS_INFO_H_
#define MICROMEGAS_PIPELINE_SINK_PROCESS_INFO_H_

#include <cstdint>
#include <optional>
#include <string>

#include "micromegas/pipeline/instrument/property_map.h"
#include "micromegas/platform/uuid.h"

namespace micromegas {

struct ProcessInfo {
  Uuid process_id;
  std::optional<Uuid> parent_process_id;
  std::string exe;
  std::string username;
  std::string realname;
  std::string computer;
  std::string distro;
  std::string cpu_brand;
  std::int64_t tsc_frequency = 1'000'000'000;  // ticks per second of every time below
  std::int64_t start_time = 0;                 // nanoseconds since the Unix epoch
  std::int64_t start_ticks = 0;                // the same instant in ticks
  PropertyMap properties;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_PROCESS_INFO_H_
