// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The times of a thread's events, where the clock may stand still between two of them: this file is
// compiled without the TSC.

#include <gtest/gtest.h>

#include <cstdint>

#include "micromegas/pipeline/queue/hot.h"

namespace micromegas::queue {
namespace {

TEST(EventTicksTest, RiseWhileTheClockStandsStill) {
  ThreadState state;
  std::uint64_t last = read_ticks() + 100'000;
  state.last_ticks = last;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t ticks = event_ticks(state);
    ASSERT_GT(ticks, last);
    last = ticks;
  }
}

TEST(EventTicksTest, FollowAClockThatWasSetBack) {
  ThreadState state;
  const std::uint64_t ahead = read_ticks() + (std::uint64_t{1} << 50);
  state.last_ticks = ahead;
  EXPECT_LT(event_ticks(state), ahead);
}

}  // namespace
}  // namespace micromegas::queue
