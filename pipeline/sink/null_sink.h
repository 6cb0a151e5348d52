// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Takes everything and keeps nothing: for benchmarks, and where telemetry is switched off.
#ifndef MICROMEGAS_PIPELINE_SINK_NULL_SINK_H_
#define MICROMEGAS_PIPELINE_SINK_NULL_SINK_H_

#include "micromegas/pipeline/sink/event_sink.h"

namespace micromegas {

// Wants no live lines, so the actor formats none for it. Any thread.
class NullSink final : public EventSink {
 public:
  bool on_log_enabled(const LogMetadata& /*metadata*/) override { return false; }
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_NULL_SINK_H_
