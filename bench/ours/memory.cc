// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the library adds to the process's resident memory.

#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/bench/ours/questions.h"
#include "micromegas/bench/ours/server.h"
#include "micromegas/bench/ours/session.h"
#include "micromegas/instrument.h"

namespace bench {
namespace {

using namespace std::chrono_literals;

void record() {
  MM_SPAN("idle");
  MM_INFO("idle");
}

double mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

// The growth by starting telemetry and by `count` threads, their stacks included, that have all
// recorded a log and a span. Idle: they wait since then. Active: they record both every 20 ms. Both
// for `length`, in which the library's threads do their work too.
Measured growth(unsigned count, bool active, std::chrono::milliseconds length) {
  const Server server(ServerKind::kLive);
  const std::uint64_t before = resident_bytes();
  const auto telemetry = start_telemetry(server.url(), 512U << 20);
  std::latch recorded(count);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (unsigned t = 0; t < count; ++t) {
    threads.emplace_back([&] {
      record();
      recorded.arrive_and_wait();
      if (!active) return stop.wait(false);
      while (!stop) {
        std::this_thread::sleep_for(20ms);
        record();
      }
    });
  }
  recorded.wait();
  std::this_thread::sleep_for(length);
  const double grown = mib(resident_bytes() - before);
  stop = true;
  stop.notify_all();
  for (auto& thread : threads) thread.join();
  settle();
  return unless_lost({grown});
}

}  // namespace

void ask_memory(const Asked& asked) {
  for (const unsigned threads : {0U, 1U, 100U, 1000U}) {
    for (const bool active : {false, true}) {
      if (threads == 0 && active) continue;
      Figures values;
      std::string why_not;
      for (int repetition = 0; repetition < asked.repetitions; ++repetition) {
        const Measured got =
            in_child([&] { return growth(threads, active, asked.quick ? 50ms : 2s); });
        if (got) {
          values.push_back(got->front());
        } else {
          why_not = got.error().message();
        }
      }
      Row row = summarize("memory", active ? "active_threads" : "idle_threads", kLibrary, threads,
                          "MiB", values, 0);
      row.not_counted = why_not;
      print(row);
    }
  }
}

}  // namespace bench
