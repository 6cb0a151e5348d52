// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What an event costs that nothing has prepared.

#include <array>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/bench/ours/questions.h"
#include "micromegas/bench/ours/server.h"
#include "micromegas/bench/ours/session.h"
#include "micromegas/instrument.h"

namespace bench {
namespace {

constexpr std::size_t kSites = 100;

template <class Event>
double timed(Event event) {
  const std::uint64_t begin = micromegas::read_ticks();
  event();
  return static_cast<double>(micromegas::read_ticks() - begin) * ns_per_tick();
}

void log() { MM_INFO("cold"); }
void span() { MM_SPAN("cold"); }

// Each a call site of its own, once in the life of the process.
template <std::size_t>
void site() {
  MM_INFO("cold");
}
template <std::size_t... I>
constexpr std::array<void (*)(), sizeof...(I)> sites(std::index_sequence<I...> /*sequence*/) {
  return {site<I>...};
}

// More than the last level of any cache that is shared by few.
void evict() {
  static std::vector<char> memory(64U << 20);
  for (std::size_t i = 0; i < memory.size(); i += 64) ++memory[i];
}

using Samples = std::vector<double>;

Samples first_of_thread(int count, void (*event)()) {
  Samples samples;
  for (int i = 0; i < count; ++i) {
    std::thread([&] {
      pin_to(1);
      samples.push_back(timed(event));
    }).join();
  }
  return samples;
}

Samples first_of_site() {
  Samples samples;
  for (void (*event)() : sites(std::make_index_sequence<kSites>())) samples.push_back(timed(event));
  return samples;
}

Samples evicted(int count, void (*event)()) {
  Samples samples;
  for (int i = 0; i < count; ++i) {
    evict();
    samples.push_back(timed(event));
  }
  return samples;
}

volatile std::uint64_t g_kept;

enum What { kThreadLog, kThreadSpan, kSite, kEvictedClock, kEvictedLog, kEvictedSpan, kWhats };
constexpr const char* kNames[kWhats] = {
    "first_log_of_thread", "first_span_of_thread", "first_log_of_call_site",
    "evicted_clock_read",  "evicted_log",          "evicted_span_pair"};

Measured measure(What what, int count) {
  const Server server(ServerKind::kLive);
  const auto telemetry = start_telemetry(server.url(), 64U << 20);
  pin_to(1);  // telemetry's threads are there already: they are not
  log();
  span();
  Samples samples;
  switch (what) {
    case kThreadLog:
      samples = first_of_thread(count, log);
      break;
    case kThreadSpan:
      samples = first_of_thread(count, span);
      break;
    case kSite:
      samples = first_of_site();
      break;
    case kEvictedClock:
      samples = evicted(count, [] { g_kept = micromegas::read_ticks(); });
      break;
    case kEvictedLog:
      samples = evicted(count, log);
      break;
    default:
      samples = evicted(count, span);
  }
  settle();
  return unless_lost({percentile(samples, 0.5)});
}

}  // namespace

void ask_cold(const Asked& asked) {
  const Measured clock = in_child([&] { return Figures{clock_read_ns(asked)}; });
  const int count = asked.quick ? 5 : 60;
  for (int what = 0; what < kWhats; ++what) {
    Figures values;
    std::string why_not = clock ? "" : clock.error().message();
    for (int repetition = 0; repetition < asked.repetitions; ++repetition) {
      const Measured got = in_child([&] { return measure(static_cast<What>(what), count); });
      if (got) {
        values.push_back(got->front());
      } else {
        why_not = got.error().message();
      }
    }
    Row row =
        summarize("cold", kNames[what], kLibrary, 1, "ns", values, clock ? clock->front() : 0);
    row.not_counted = why_not;
    print(row);
  }
}

}  // namespace bench
