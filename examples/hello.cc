// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The README's program: ten lines, one of each kind.
//
//   MICROMEGAS_TELEMETRY_URL=http://127.0.0.1:8081 bazel run //examples:hello

#include <cstdio>

#include "micromegas/telemetry.h"

int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

int main() {
  auto telemetry = micromegas::init_telemetry({.handle_signals = true});
  if (!telemetry) std::fprintf(stderr, "%s\n", telemetry.error().message().c_str());

  MM_INFO("hello from {}", "micromegas");
  for (int n = 20; n <= 30; n += 5) {
    MM_SPAN("fibonacci");
    MM_IMETRIC("result", "count", fibonacci(n));
  }
}
