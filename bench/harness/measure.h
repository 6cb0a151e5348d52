// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How everything is timed: batches of one statement in a loop between two clock reads, in rounds
// with a rest that lets the library's own threads keep up. Nothing is subtracted.
#ifndef MICROMEGAS_BENCH_HARNESS_MEASURE_H_
#define MICROMEGAS_BENCH_HARNESS_MEASURE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/bench/harness/machine.h"
#include "micromegas/platform/clock.h"

namespace bench {

// The p-th part (0 to 1) of the values, which it sorts; 0 of none.
double percentile(std::vector<double>& values, double p);

// The median of the slowest of several producers: of all samples together it would hide one of
// them.
double slowest_median(std::vector<std::vector<double>>& producers);

struct Shape {
  int batch = 100;      // statements between two clock reads
  int round = 20;       // batches without a rest
  int rounds = 60;      // rounds that are counted
  int warm_rounds = 6;  // rounds before

  [[nodiscard]] std::uint64_t statements() const {
    return static_cast<std::uint64_t>(batch) * static_cast<std::uint64_t>(round) *
           static_cast<std::uint64_t>(rounds + warm_rounds);
  }
};

// Runs `statement(i)` in the shape given, `rest()` after each round; returns the nanoseconds per
// part of a statement of each counted batch.
template <class Statement>
std::vector<double> run_batches(const Shape& shape, int parts_per_statement,
                                const std::function<void()>& rest, Statement statement) {
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(shape.round) * static_cast<std::size_t>(shape.rounds));
  const double scale = ns_per_tick() / (shape.batch * parts_per_statement);
  for (int round = -shape.warm_rounds; round < shape.rounds; ++round) {
    for (int b = 0; b < shape.round; ++b) {
      const std::uint64_t begin = micromegas::read_ticks();
      for (int i = 0; i < shape.batch; ++i) statement(i);
      const std::uint64_t end = micromegas::read_ticks();
      if (round >= 0) out.push_back(static_cast<double>(end - begin) * scale);
    }
    rest();
  }
  return out;
}

// One statement to be timed. Its row is per event, or per statement if that is what its name says.
struct Case {
  using Rest = std::function<void()>;

  std::string name;
  int events = 1;  // that a statement records; 0: nothing arrives anywhere
  std::function<std::vector<double>(const Shape&, const Rest&)> run;
  int events_around = 0;  // that a run records beside its statements'
};

// A row per event.
template <class Statement>
Case make_case(std::string name, int events, Statement statement) {
  return {std::move(name), events, [=](const Shape& shape, const Case::Rest& rest) {
            return run_batches(shape, events, rest, statement);
          }};
}

// A row per statement, which records a pair of events.
template <class Statement>
Case make_pair_case(std::string name, Statement statement) {
  return {std::move(name), 2, [=](const Shape& shape, const Case::Rest& rest) {
            return run_batches(shape, 1, rest, statement);
          }};
}

template <class Statement>
Case make_silent_case(std::string name, Statement statement) {
  return {std::move(name), 0, [=](const Shape& shape, const Case::Rest& rest) {
            return run_batches(shape, 1, rest, statement);
          }};
}

// What every ratio is to: one inlined unfenced read of the counter, the result kept.
Case clock_read();
// The same, and 32 bytes stored into warm memory: the least that an event can be.
Case bare_stores();

}  // namespace bench

#endif  // MICROMEGAS_BENCH_HARNESS_MEASURE_H_
