// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How the benchmarks measure: batches of one statement in a loop, timed by two clock reads, in
// rounds with a pause that lets the flush actor keep up. Nothing is subtracted.
#ifndef MICROMEGAS_BENCH_MEASURE_H_
#define MICROMEGAS_BENCH_MEASURE_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/platform/clock.h"

namespace bench {

// Nanoseconds of one tick.
double ns_per_tick();

// Pins the calling thread; without effect where there is no such processor.
void pin_to(unsigned cpu);

struct Summary {
  double median = 0;
  double p999 = 0;
  double min = 0;
  double max = 0;
};
Summary summarize(std::vector<double>& ns_per_event);

struct Shape {
  int batch = 100;       // events between two clock reads
  int round = 20;        // batches without a pause
  int rounds = 250;      // rounds that are counted
  int warm_rounds = 50;  // rounds before
  std::chrono::microseconds pause{500};
};

// Runs `event(i)` in the shape given; returns the nanoseconds per event of each counted batch.
template <class Event>
std::vector<double> run_batches(const Shape& shape, double events_per_call, Event event) {
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(shape.round) * static_cast<std::size_t>(shape.rounds));
  const double scale = ns_per_tick() / (shape.batch * events_per_call);
  for (int round = -shape.warm_rounds; round < shape.rounds; ++round) {
    for (int b = 0; b < shape.round; ++b) {
      const std::uint64_t begin = micromegas::read_ticks();
      for (int i = 0; i < shape.batch; ++i) event(i);
      const std::uint64_t end = micromegas::read_ticks();
      if (round >= 0) out.push_back(static_cast<double>(end - begin) * scale);
    }
    std::this_thread::sleep_for(shape.pause);
  }
  return out;
}

}  // namespace bench

#endif  // MICROMEGAS_BENCH_MEASURE_H_
