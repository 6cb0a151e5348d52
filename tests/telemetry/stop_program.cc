// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program that ends as it is told: stop_program WAY THREADS NUMBERS. The server is in the
// environment. It records what an oracle expects, says "ready", and at an end that runs exit
// handlers what its books say: recorded, delivered, dropped and held of logs, metrics and spans.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "micromegas/telemetry.h"
#include "micromegas/tests/delivery/oracle.h"

namespace {

using namespace std::chrono_literals;

void say_books() {
  const micromegas::TelemetryStats stats = micromegas::stats();
  for (const auto kind : {micromegas::EventKind::kLog, micromegas::EventKind::kIntegerMetric,
                          micromegas::EventKind::kSpan}) {
    const micromegas::KindStats& books = stats.events[static_cast<std::size_t>(kind)];
    std::printf("%llu %llu %llu %llu\n", static_cast<unsigned long long>(books.recorded),
                static_cast<unsigned long long>(books.delivered),
                static_cast<unsigned long long>(books.dropped_total()),
                static_cast<unsigned long long>(books.held));
  }
  std::fflush(stdout);
}

int run(std::string_view way, int threads, int numbers) {
  std::atexit(&say_books);  // before telemetry's own, so it runs after that
  auto telemetry = micromegas::init_telemetry({
      .console = false,
      .flush_period = 1h,
      .system_metrics_period = 0s,
      .shutdown_deadline = way.ends_with("-briefly") ? 1s : 10s,
      .handle_signals = way.starts_with("signal"),
      .report_end = false,
  });
  if (!telemetry) return 2;
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([=] {
      for (int n = 0; n < numbers; ++n) micromegas::testing::Oracle::record(t, n);
    });
  }
  for (auto& writer : writers) writer.join();
  std::printf("ready\n");
  std::fflush(stdout);
  if (way.starts_with("signal")) {
    while (true) pause();
  }
  if (way.starts_with("exit")) std::exit(0);  // not returning: the guard is not destroyed
  if (way == "quick-exit") std::quick_exit(0);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return argc == 4 ? run(argv[1], std::atoi(argv[2]), std::atoi(argv[3])) : 2;
}
