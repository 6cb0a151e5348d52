// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The raw tick counter that every event is stamped with, and its relation to the system clock.
//
//   std::uint64_t ticks = micromegas::read_ticks();  // about 10 ns; unfenced, not serialising
//
// Ticks have no unit and no epoch: pipeline/flush/clock_model.h turns them into nanoseconds.
// Define MICROMEGAS_USE_STEADY_CLOCK for a processor whose counter stops or changes speed.
#ifndef MICROMEGAS_PLATFORM_CLOCK_H_
#define MICROMEGAS_PLATFORM_CLOCK_H_

#include <cstdint>

#if !defined(MICROMEGAS_USE_STEADY_CLOCK) && defined(__x86_64__)
#define MICROMEGAS_TICKS_TSC_ 1
#elif !defined(MICROMEGAS_USE_STEADY_CLOCK) && defined(__aarch64__)
#define MICROMEGAS_TICKS_CNTVCT_ 1
#else
#include <chrono>
#endif

namespace micromegas {

// aarch64's counter may be as slow as 19 MHz, and several events fall between two of its counts:
// the ticks between are for queue::event_ticks(), which keeps them in order.
inline constexpr std::uint64_t kTicksPerCount = 16;

// Any thread, async-signal-safe. Between threads the order of two reads is only as good as the
// processor's reordering window (tens of nanoseconds).
inline std::uint64_t read_ticks() noexcept {
#if defined(MICROMEGAS_TICKS_TSC_)
  return __builtin_ia32_rdtsc();
#elif defined(MICROMEGAS_TICKS_CNTVCT_)
  std::uint64_t counts;
  asm volatile("mrs %0, cntvct_el0" : "=r"(counts));
  return counts * kTicksPerCount;
#else
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
#endif
}

// Ticks per second, exact where the hardware tells, otherwise measured once (about 2 ms, good to
// some 50 ppm) and remembered. Never 0. Any thread.
std::uint64_t tick_frequency_estimate() noexcept;

// False when the counter may stop or change speed (no invariant TSC).
bool ticks_are_invariant() noexcept;

// One instant in both clocks.
struct ClockSample {
  std::uint64_t ticks = 0;
  std::int64_t wall_ns = 0;  // CLOCK_REALTIME, nanoseconds since the Unix epoch
};

// Brackets the wall clock between two reads of the counter and keeps the tightest of a few tries,
// so that a preemption in between does not spoil it. About 1 us. Any thread.
ClockSample sample_clock() noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_CLOCK_H_
