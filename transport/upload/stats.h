// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the upload side has done and holds; part of the books (pipeline/sink/stats.h).
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_STATS_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_STATS_H_

#include <cstdint>
#include <string>

#include "micromegas/pipeline/sink/stats.h"

namespace micromegas {

// One moment: recorded = delivered + dropped + held holds for each kind in every copy.
struct UploadStats {
  EventStats events;                   // recorded: handed over to the sink
  std::uint64_t blocks_sent = 0;       // acknowledged
  std::uint64_t bytes_sent = 0;        // of their bodies
  std::uint64_t requests = 0;          // tries, of processes and streams too
  std::uint64_t retries = 0;           // those that were not a request's first
  std::uint64_t metadata_refused = 0;  // processes and streams, with all their blocks
  std::uint64_t blocks_held = 0;       // waiting or under way
  std::uint64_t bytes_held = 0;        // blocks, bodies, metadata
  std::string last_error;              // of the last try that failed; no secret in it
};

}  // namespace micromegas

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_STATS_H_
