// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program of the consumer's. Succeeds when the books balance: every event went to the sinks.

#include <chrono>
#include <cstdint>
#include <cstdio>

#include "matchmaker.h"
#include "micromegas/telemetry.h"

int main() {
  auto telemetry = micromegas::init_telemetry({.properties = {{"service", "consumer"}}});
  if (!telemetry) {
    std::fprintf(stderr, "%s\n", telemetry.error().message().c_str());
    return 1;
  }
  if (match(7) != 3) return 1;
  if (!micromegas::shutdown(std::chrono::seconds(10))) {
    std::fprintf(stderr, "something was left behind\n");
    return 1;
  }

  std::uint64_t recorded = 0;
  std::uint64_t delivered = 0;
  for (const auto& kind : micromegas::stats().events) {
    recorded += kind.recorded;
    delivered += kind.delivered;
  }
  // A log, a metric, a span's begin and end.
  std::printf("recorded %llu, delivered %llu\n", static_cast<unsigned long long>(recorded),
              static_cast<unsigned long long>(delivered));
  return recorded == 4 && delivered == 4 ? 0 : 1;
}
