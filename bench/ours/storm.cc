// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Sixteen threads as fast as they can, with a server that keeps up as it can, that is slow, that is
// not there. What must hold: everything is counted, the memory is bounded, nothing stands still.

#include <atomic>
#include <chrono>
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
using std::chrono::steady_clock;

constexpr unsigned kThreads = 16;

enum Figure { kRecorded, kDelivered, kDropped, kUnaccounted, kPeakMiB, kFigures };
constexpr const char* kNames[kFigures] = {"recorded", "delivered", "dropped", "unaccounted",
                                          "peak_memory"};

void work(const std::atomic<bool>& stop) {
  for (std::uint64_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
    MM_SPAN("storm");
    MM_INFO("{} of the storm", i);
    MM_IMETRIC("depth", "count", i);
  }
}

Measured storm(ServerKind kind, std::chrono::milliseconds length) {
  const Server server(kind);
  const auto telemetry = start_telemetry(server.url(), 64U << 20);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) threads.emplace_back([&] { work(stop); });
  std::this_thread::sleep_for(length);
  stop = true;
  for (auto& thread : threads) thread.join();
  micromegas::shutdown(kind == ServerKind::kLive ? 10s : 1s);
  micromegas::KindStats total = micromegas::stats().total();
  const auto unaccounted = [&] { return total.recorded - total.delivered - total.dropped_total(); };
  // The queues may hold more than can be read in that time: the actor goes on to their end.
  for (const auto end = steady_clock::now() + 60s;
       unaccounted() != 0 && steady_clock::now() < end;) {
    std::this_thread::sleep_for(10ms);
    total = micromegas::stats().total();
  }
  const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
  return Figures{number(total.recorded), number(total.delivered), number(total.dropped_total()),
                 number(unaccounted()), number(peak_resident_bytes()) / (1 << 20)};
}

}  // namespace

void ask_storm(const Asked& asked) {
  constexpr struct {
    ServerKind kind;
    const char* name;
  } kServers[] = {
      {ServerKind::kLive, "live"}, {ServerKind::kSlow, "slow"}, {ServerKind::kDead, "dead"}};
  const std::chrono::milliseconds length = asked.quick ? 200ms : 10s;
  for (const auto& server : kServers) {
    Figures values[kFigures];
    std::string why_not;
    for (int repetition = 0; repetition < asked.repetitions; ++repetition) {
      const Measured got = in_child([&] { return storm(server.kind, length); });
      if (!got) {
        why_not = got.error().message();
        continue;
      }
      if ((*got)[kUnaccounted] != 0) why_not = "recorded is not delivered + dropped";
      for (std::size_t f = 0; f < kFigures; ++f) values[f].push_back((*got)[f]);
    }
    for (std::size_t f = 0; f < kFigures; ++f) {
      Row row = summarize("storm", std::string(server.name) + "_server_" + kNames[f], kLibrary,
                          kThreads, f == kPeakMiB ? "MiB" : "events", values[f], 0);
      row.not_counted = why_not;
      print(row);
    }
  }
}

}  // namespace bench
