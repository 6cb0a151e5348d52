// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Dies by LOG(FATAL), with telemetry to MICROMEGAS_TELEMETRY_URL.

#include "micromegas/glog_sink.h"
#include "micromegas/telemetry.h"

int main() {
  FLAGS_logtostderr = true;
  auto telemetry = micromegas::init_telemetry({.console = false});
  if (!telemetry) return 2;
  static micromegas::GlogSink sink;
  google::AddLogSink(&sink);
  LOG(INFO) << "before";
  LOG(FATAL) << "cannot go on";
}
