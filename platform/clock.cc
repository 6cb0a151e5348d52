// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/clock.h"

#include <errno.h>
#include <time.h>

#include <atomic>
#include <cmath>
#if defined(MICROMEGAS_TICKS_TSC_)
#include <cpuid.h>
#endif

namespace micromegas {
namespace {

std::int64_t read_clock(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

ClockSample sample(clockid_t clock) noexcept {
  constexpr int kTries = 8;
  ClockSample best;
  std::uint64_t best_width = ~std::uint64_t{0};
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t before = read_ticks();
    const std::int64_t wall = read_clock(clock);
    const std::uint64_t width = read_ticks() - before;
    if (width < best_width) {
      best_width = width;
      best = {before + width / 2, wall};
    }
  }
  return best;
}

[[maybe_unused]] std::uint64_t measure_frequency() noexcept {
  constexpr std::int64_t kSpanNs = 2'000'000;
  const ClockSample begin = sample(CLOCK_MONOTONIC);
  timespec left{0, kSpanNs};
  while (nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
  const ClockSample end = sample(CLOCK_MONOTONIC);
  const std::int64_t ns = end.wall_ns - begin.wall_ns;
  if (ns <= 0 || end.ticks <= begin.ticks) return 1'000'000'000;
  const double hertz = static_cast<double>(end.ticks - begin.ticks) * 1e9 / static_cast<double>(ns);
  return hertz < 1 ? 1 : static_cast<std::uint64_t>(std::llround(hertz));
}

std::uint64_t find_frequency() noexcept {
#if defined(MICROMEGAS_TICKS_TSC_)
  unsigned denominator = 0, numerator = 0, crystal = 0, unused = 0;
  if (__get_cpuid_max(0, nullptr) >= 0x15) {
    __cpuid_count(0x15, 0, denominator, numerator, crystal, unused);
    if (denominator != 0 && numerator != 0 && crystal != 0) {
      const std::uint64_t hertz = std::uint64_t{crystal} * numerator / denominator;
      if (hertz != 0) return hertz;
    }
  }
  return measure_frequency();
#elif defined(MICROMEGAS_TICKS_CNTVCT_)
  std::uint64_t hertz = 0;
  asm volatile("mrs %0, cntfrq_el0" : "=r"(hertz));
  return hertz != 0 ? hertz * kTicksPerCount : measure_frequency();
#else
  return 1'000'000'000;
#endif
}

}  // namespace

std::uint64_t tick_frequency_estimate() noexcept {
  // No function-local static: its guard could be held by another thread at fork().
  static constinit std::atomic<std::uint64_t> known{0};
  std::uint64_t frequency = known.load(std::memory_order_relaxed);
  if (frequency == 0) {
    frequency = find_frequency();
    std::uint64_t expected = 0;
    if (!known.compare_exchange_strong(expected, frequency, std::memory_order_relaxed)) {
      frequency = expected;  // one answer for the whole process
    }
  }
  return frequency;
}

bool ticks_are_invariant() noexcept {
#if defined(MICROMEGAS_TICKS_TSC_)
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1U << 8)) != 0;
#else
  return true;
#endif
}

ClockSample sample_clock() noexcept { return sample(CLOCK_REALTIME); }

}  // namespace micromegas
