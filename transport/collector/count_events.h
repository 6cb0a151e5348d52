// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Reads all events of a block as its stream's view does, and counts them by kind.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_COUNT_EVENTS_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_COUNT_EVENTS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/platform/result.h"
#include "micromegas/transport/collector/span_tracker.h"
#include "micromegas/transport/collector/stats.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::collector {

struct BlockEvents {
  EventCounts counts;
  std::int64_t number = 0;         // of events; counts.total() is the same
  bool has_thread_stream = false;  // tag "cpu"
  std::vector<SpanTracker::Mark> marks;
};

// `intern` gives the number of a span's name.
Result<BlockEvents> count_events(const wire::DecodedProcess& process,
                                 const wire::DecodedStream& stream, const wire::DecodedBlock& block,
                                 const wire::DecodeLimits& limits,
                                 FunctionRef<std::uint32_t(std::string_view)> intern);

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_COUNT_EVENTS_H_
