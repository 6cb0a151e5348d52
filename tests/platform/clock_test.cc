// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/clock.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cmath>
#include <cstdint>

namespace micromegas {
namespace {

std::int64_t wall_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

TEST(Clock, TicksAdvance) {
  const std::uint64_t first = read_ticks();
  std::uint64_t last = first;
  for (int i = 0; i < 1000; ++i) last = read_ticks();
  EXPECT_GT(last, first);
}

#if defined(__x86_64__) && !defined(MICROMEGAS_USE_STEADY_CLOCK)
// No other clock's readings lie between two of it.
TEST(Clock, TicksAreTheProcessorsCounter) {
  const auto counter = [] {
    __builtin_ia32_lfence();
    const std::uint64_t ticks = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return ticks;
  };
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t before = counter();
    const std::uint64_t ticks = read_ticks();
    const std::uint64_t after = counter();
    EXPECT_LE(before, ticks);
    EXPECT_LE(ticks, after);
  }
}
#endif

TEST(Clock, SampleIsTakenBetweenTwoReadsOfEachClock) {
  const std::uint64_t ticks_before = read_ticks();
  const std::int64_t wall_before = wall_now();
  const ClockSample sample = sample_clock();
  const std::int64_t wall_after = wall_now();
  const std::uint64_t ticks_after = read_ticks();
  EXPECT_GE(sample.ticks, ticks_before);
  EXPECT_LE(sample.ticks, ticks_after);
  EXPECT_GE(sample.wall_ns, wall_before);
  EXPECT_LE(sample.wall_ns, wall_after);
}

// Half a percent is far more than the estimate's error and far less than any wrong unit.
TEST(Clock, FrequencyEstimateMatchesTheWallClock) {
  const std::uint64_t frequency = tick_frequency_estimate();
  EXPECT_EQ(frequency, tick_frequency_estimate());
  const ClockSample begin = sample_clock();
  ClockSample end = begin;
  while (end.wall_ns - begin.wall_ns < 50'000'000) end = sample_clock();
  const double measured = static_cast<double>(end.ticks - begin.ticks) * 1e9 /
                          static_cast<double>(end.wall_ns - begin.wall_ns);
  EXPECT_NEAR(static_cast<double>(frequency) / measured, 1.0, 0.005);
}

}  // namespace
}  // namespace micromegas
