// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which frames are chosen, with a clock of the test's.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "micromegas/sampling.h"
#include "micromegas/telemetry.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;

class FrameSamplerTest : public ::testing::Test {
 protected:
  static std::int64_t ticks(std::chrono::milliseconds time) {
    return time.count() * (frequency() / 1000);
  }
  // Whether a frame of so long was chosen; if so, all of it and nothing else.
  bool frame(FrameSampler& sampler, std::chrono::milliseconds took) {
    const std::int64_t begin = now_;
    now_ += ticks(took);
    const std::optional<SpanWindow> window = sampler.frame_at(now_);
    if (!window) return false;
    EXPECT_EQ(window->begin, begin);
    EXPECT_EQ(window->end, now_);
    return true;
  }
  int frames(FrameSampler& sampler, int count, std::chrono::milliseconds took) {
    int chosen = 0;
    for (int i = 0; i < count; ++i) chosen += frame(sampler, took) ? 1 : 0;
    return chosen;
  }

  std::int64_t now_ = ticks(1'000'000ms);
};

TEST_F(FrameSamplerTest, ASlowFrameIsChosen) {
  FrameSampler sampler({.heartbeat_interval = 0ms});
  EXPECT_EQ(frames(sampler, 100, 16ms), 0);
  EXPECT_TRUE(frame(sampler, 40ms));
  EXPECT_EQ(frames(sampler, 100, 16ms), 0);
  EXPECT_FALSE(frame(sampler, 20ms)) << "16 x 1.3 is 20.8";
  EXPECT_TRUE(frame(sampler, 22ms));
}

TEST_F(FrameSamplerTest, NoneIsSlowBeforeTheAverageIsKnown) {
  FrameSampler sampler({.heartbeat_interval = 0ms});
  sampler.frame_at(now_);
  EXPECT_EQ(frames(sampler, 16, 1ms), 0);
  EXPECT_EQ(frames(sampler, 16, 100ms), 0);
  EXPECT_TRUE(frame(sampler, 100ms));
}

TEST_F(FrameSamplerTest, WhatIsSlowForLongIsTheNewAverage) {
  FrameSampler sampler({.heartbeat_interval = 0ms});
  frames(sampler, 40, 10ms);
  const int chosen = frames(sampler, 1000, 20ms);
  EXPECT_GT(chosen, 5);
  EXPECT_LT(chosen, 32);
}

TEST_F(FrameSamplerTest, TheFactorGrowsWithEachSlowFrame) {
  FrameSampler sampler(
      {.average_of = 1, .factor = 1.5, .factor_growth = 2, .heartbeat_interval = 0ms});
  frames(sampler, 3, 10ms);
  EXPECT_TRUE(frame(sampler, 15ms));
  frames(sampler, 2, 10ms);
  EXPECT_FALSE(frame(sampler, 29ms));
  frames(sampler, 2, 10ms);
  EXPECT_TRUE(frame(sampler, 30ms));
}

TEST_F(FrameSamplerTest, ASlowHourIsForgotten) {
  FrameSampler sampler({.heartbeat_interval = 0ms});
  for (int i = 0; i < 500; ++i) {
    frames(sampler, 9, 10ms);
    frame(sampler, 1000ms);
  }
  frames(sampler, 40, 10ms);
  EXPECT_FALSE(frame(sampler, 14ms));
  frames(sampler, 10'000, 10ms);
  EXPECT_TRUE(frame(sampler, 14ms));
}

TEST_F(FrameSamplerTest, EndlessTimesAreEndless) {
  constexpr auto kMax = std::chrono::milliseconds::max();
  FrameSampler sampler({.interaction_timeout = kMax, .heartbeat_interval = kMax});
  sampler.user_active_at(now_);
  EXPECT_EQ(frames(sampler, 100, 10ms), 0);
  EXPECT_TRUE(frame(sampler, 100ms));
}

TEST_F(FrameSamplerTest, WhoDoesNothingIsNotDisturbed) {
  FrameSampler sampler({.interaction_timeout = 2000ms, .heartbeat_interval = 0ms});
  frames(sampler, 40, 10ms);
  EXPECT_FALSE(frame(sampler, 100ms)) << "no input yet";
  frames(sampler, 40, 10ms);
  sampler.user_active_at(now_);
  EXPECT_TRUE(frame(sampler, 100ms));
  frames(sampler, 300, 10ms);
  EXPECT_FALSE(frame(sampler, 100ms)) << "the last input was 3 s ago";
}

TEST_F(FrameSamplerTest, AHeartbeatChoosesAFrameOfEachInterval) {
  FrameSampler sampler({.heartbeat_interval = 1000ms});
  EXPECT_EQ(frames(sampler, 1000, 10ms), 9) << "the first call only begins a frame";
  FrameSampler idle({.interaction_timeout = 50ms, .heartbeat_interval = 1000ms});
  EXPECT_EQ(frames(idle, 1000, 10ms), 0);
}

TEST_F(FrameSamplerTest, AClockThatGoesBackIsNoFrame) {
  FrameSampler sampler({.heartbeat_interval = 1ms});
  sampler.frame_at(now_);
  EXPECT_FALSE(sampler.frame_at(now_ - 1));
  EXPECT_TRUE(sampler.frame_at(now_ + ticks(10ms)));
}

}  // namespace
}  // namespace micromegas
