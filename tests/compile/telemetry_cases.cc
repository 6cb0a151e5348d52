// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Mistakes with the guard that the compiler can see.

#include "micromegas/telemetry.h"

#include <utility>

inline void cases(micromegas::TelemetryGuard& guard) {
  const auto kept = micromegas::init_telemetry({.url = "", .console = false});
  micromegas::Result<micromegas::TelemetryGuard> other = micromegas::init_telemetry();
  if (!other) return;
  const micromegas::TelemetryGuard moved = std::move(*other);
  const micromegas::TelemetryGuard from = std::move(guard);

#ifdef IGNORED_RESULT
  micromegas::init_telemetry();
#endif
#ifdef COPIED_GUARD
  const micromegas::TelemetryGuard copy = guard;
#endif
#ifdef ASSIGNED_COPY
  guard = moved;
#endif
#ifdef COPIED_RESULT
  const auto copy = kept;
#endif
#ifdef GUARD_FROM_NOTHING
  const micromegas::TelemetryGuard nothing;
#endif
#ifdef RESULT_AS_GUARD
  const micromegas::TelemetryGuard unchecked = micromegas::init_telemetry();
#endif
}
