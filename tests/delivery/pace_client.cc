// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program that records at a steady rate: pace_client URL EVENTS_PER_SECOND SECONDS. Half are
// logs, half metrics, of two threads. At the end it prints what pace_test.cc reads: seconds, the
// most bytes of queues, of upload and that it grew by, and of logs and metrics each what the books
// say.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "micromegas/telemetry.h"
#include "micromegas/tests/delivery/oracle.h"
#include "micromegas/tests/delivery/pace.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::Oracle;

std::size_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}

// In batches, each when it is due.
void write(int thread, int numbers, double events_per_second) {
  constexpr int kBatch = 2'500;
  const auto begin = steady_clock::now();
  for (int n = 0; n < numbers; ++n) {
    if (n % kBatch == 0) {
      const std::chrono::duration<double> due(n * 2.0 * pace::kThreads / events_per_second);
      std::this_thread::sleep_until(begin +
                                    std::chrono::duration_cast<steady_clock::duration>(due));
    }
    Oracle::record_log(thread, n);
    Oracle::record_metric(thread, n);
  }
}

void say(const KindStats& books) {
  std::printf(" %llu %llu %llu %llu", static_cast<unsigned long long>(books.recorded),
              static_cast<unsigned long long>(books.delivered),
              static_cast<unsigned long long>(books.dropped_total()),
              static_cast<unsigned long long>(books.held));
}

int run(const char* url, int events_per_second, int seconds) {
  const std::size_t resident_before = resident_bytes();
  auto telemetry = init_telemetry({.url = url,
                                   .console = false,
                                   .flush_period = 500ms,
                                   .system_metrics_period = 0s,
                                   .report_end = false});
  if (!telemetry) return 2;
  const int numbers = pace::numbers(events_per_second, seconds);
  const auto before = steady_clock::now();
  auto writers = std::async(std::launch::async, [&] {
    std::thread other(write, 1, numbers, events_per_second);
    write(0, numbers, events_per_second);
    other.join();
  });
  std::size_t queues = 0;
  std::size_t upload = 0;
  std::size_t resident = 0;
  while (writers.wait_for(20ms) != std::future_status::ready) {
    const TelemetryStats now = stats();
    queues = std::max(queues, now.queue_memory);
    upload = std::max(upload, now.upload_memory);
    resident = std::max(resident, resident_bytes());
  }
  const std::chrono::duration<double> took = steady_clock::now() - before;
  flush(60s);
  shutdown(20s);
  std::printf("%.3f %zu %zu %zu", took.count(), queues, upload,
              resident - std::min(resident, resident_before));
  const TelemetryStats end = stats();
  say(end.events[static_cast<std::size_t>(EventKind::kLog)]);
  say(end.events[static_cast<std::size_t>(EventKind::kIntegerMetric)]);
  std::printf("\n");
  return 0;
}

}  // namespace
}  // namespace micromegas

int main(int argc, char** argv) {
  return argc == 4 ? micromegas::run(argv[1], std::atoi(argv[2]), std::atoi(argv[3])) : 2;
}
