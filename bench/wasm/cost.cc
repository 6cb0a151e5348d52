// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a statement costs that records nothing, under Node: nanoseconds, the best of several rounds,
// less the loop's own.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "micromegas/sink.h"
#include "micromegas/telemetry.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 15;
constexpr int kTimes = 10'000'000;

// Keeps the compiler from knowing the value, or from taking the loop apart.
inline void opaque(int& value) { asm volatile("" : "+r"(value)); }

template <class Body>
double best_ns(int times, Body body) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const Clock::time_point begin = Clock::now();
    for (int i = 0; i < times; ++i) {
      int value = i;
      opaque(value);
      body(value);
    }
    const double ns = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    best = std::min(best, ns / times);
  }
  return best;
}

void show(const char* name, double ns) { std::printf("%-32s %8.2f ns\n", name, std::max(ns, 0.0)); }

class Refusing final : public micromegas::EventSink {
 public:
  bool on_log_enabled(const micromegas::LogMetadata& /*metadata*/) override { return false; }
};

class Taking final : public micromegas::EventSink {};

}  // namespace

int main() {
  const double loop = best_ns(kTimes, [](int) {});
  const auto measure = [loop](const char* name, int times, auto body) {
    show(name, best_ns(times, body) - loop);
  };
  show("loop alone", loop);
  measure("log before the start", kTimes, [](int n) { MM_INFO("value {}", n); });
  measure("span", kTimes, [](int) { MM_SPAN("span"); });
  measure("metric", kTimes, [](int n) { MM_IMETRIC("metric", "count", n); });
  {
    const auto telemetry = micromegas::init_telemetry();
    measure("log disabled by its level", kTimes, [](int n) { MM_DEBUG("value {}", n); });
  }
  {
    const auto telemetry =
        micromegas::init_telemetry({.console = false, .sinks = {{std::make_shared<Refusing>()}}});
    measure("log refused by its sink", kTimes / 10, [](int n) { MM_INFO("value {}", n); });
  }
  {
    const auto telemetry =
        micromegas::init_telemetry({.console = false, .sinks = {{std::make_shared<Taking>()}}});
    measure("literal log, to an empty sink", kTimes / 100, [](int) { MM_INFO("literal"); });
    measure("log of an integer, the same", kTimes / 100, [](int n) { MM_INFO("value {}", n); });
    measure("log of a double, the same", kTimes / 100, [](int n) { MM_INFO("value {}", n * 1.1); });
  }
}
