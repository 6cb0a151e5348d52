// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/conformance/stepped_clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace {

std::atomic<std::int64_t> g_offset_ns{0};

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (syscall(SYS_clock_gettime, clock, time) != 0) return -1;
  if (clock == CLOCK_REALTIME) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const std::int64_t ns =
        time->tv_sec * kSecond + time->tv_nsec + g_offset_ns.load(std::memory_order_relaxed);
    time->tv_sec = ns / kSecond;
    time->tv_nsec = ns % kSecond;
  }
  return 0;
}

namespace micromegas::conformance {

void step_system_clock(std::chrono::nanoseconds by) {
  g_offset_ns.fetch_add(by.count(), std::memory_order_relaxed);
}

}  // namespace micromegas::conformance
