// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Dies by LOG(FATAL), with telemetry to MICROMEGAS_TELEMETRY_URL.

#include <absl/log/log.h>
#include <absl/log/log_sink_registry.h>

#include "micromegas/absl_sink.h"
#include "micromegas/telemetry.h"

int main() {
  auto telemetry = micromegas::init_telemetry({.console = false});
  if (!telemetry) return 2;
  static micromegas::AbslSink sink;
  absl::AddLogSink(&sink);
  LOG(INFO) << "before";
  LOG(FATAL) << "cannot go on";
}
