// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/clock_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

namespace micromegas {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kEpoch = 1'790'000'000 * kSecond;
constexpr std::uint64_t kFrequency = 2'096'070'123;

// A machine: `now` is true time since the start. Its counter drifts by up to 50 ppm in six hours,
// its system clock is true apart from steps.
struct Machine {
  std::uint64_t first_ticks = 5'844'127'834'154;
  double wander = 50e-6;
  double period_ns = 6.0 * kHour;
  std::int64_t now = 0;
  std::int64_t stepped = 0;

  [[nodiscard]] std::uint64_t ticks_at(std::int64_t t) const {
    __extension__ using Wide = __int128;
    constexpr double kTau = 6.283185307179586;
    const auto steady = static_cast<std::int64_t>(static_cast<Wide>(t) * kFrequency / kSecond);
    const double extra = static_cast<double>(kFrequency) / 1e9 * wander * period_ns / kTau *
                         (1 - std::cos(kTau * static_cast<double>(t) / period_ns));
    return first_ticks + static_cast<std::uint64_t>(steady + std::llround(extra));
  }
  [[nodiscard]] std::uint64_t ticks() const { return ticks_at(now); }
  [[nodiscard]] std::int64_t wall() const { return kEpoch + now + stepped; }
  [[nodiscard]] ClockSample sample() const { return {ticks(), wall()}; }
};

// Drives a model as the flush actor does and watches it.
struct Watch {
  Machine& machine;
  ClockModel model;
  std::int64_t last_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t largest_gap = 0;  // between readings 1 ms or less apart, beyond the true time
  std::int64_t last_true = 0;

  explicit Watch(Machine& m, double frequency_error = 0)
      : machine(m),
        model(m.sample(),
              static_cast<std::uint64_t>(static_cast<double>(kFrequency) * (1 + frequency_error))) {
  }

  std::int64_t read() {
    const std::int64_t ns = model.to_ns(machine.ticks());
    EXPECT_GE(ns, last_ns) << "backwards at " << machine.now;
    if (last_ns != std::numeric_limits<std::int64_t>::min() && machine.now - last_true <= kMs) {
      largest_gap = std::max(largest_gap, ns - last_ns - (machine.now - last_true));
    }
    last_ns = ns;
    last_true = machine.now;
    return ns;
  }
  // To the next sync, looking closely around the places where pieces meet.
  void second(std::int64_t interval = kSecond) {
    const std::int64_t begin = machine.now;
    model.sync(machine.sample());
    read();
    for (std::int64_t after :
         {kMs / 2, 49 * kMs + kMs / 2, 50 * kMs - 2, 50 * kMs, 50 * kMs + kMs / 2, 51 * kMs}) {
      machine.now = begin + after;
      read();
    }
    machine.now = begin + interval - kMs / 2;
    read();
    machine.now = begin + interval;
    read();
  }
  void run(std::int64_t duration, std::int64_t interval = kSecond) {
    for (const std::int64_t end = machine.now + duration; machine.now < end;) second(interval);
  }
  [[nodiscard]] std::int64_t error() const { return model.to_ns(machine.ticks()) - machine.wall(); }
  // How far a duration of the model is from the true one, as a ratio.
  [[nodiscard]] double duration_error(std::int64_t duration) const {
    const std::int64_t before = model.to_ns(machine.ticks_at(machine.now - duration));
    const std::int64_t after = model.to_ns(machine.ticks());
    return static_cast<double>(after - before) / static_cast<double>(duration) - 1;
  }
};

TEST(ClockModel, FollowsTheSystemClockForNinetyDaysOfDrift) {
  Machine machine;
  Watch watch(machine, 30e-6);
  watch.run(10 * 60 * kSecond);
  std::int64_t worst_error = 0;
  double worst_duration = 0;
  std::int64_t seconds = 0;
  while (machine.now < 90 * kDay) {
    // Close looks, with the sync of every second, and sparse stretches in between.
    watch.second(seconds++ % 3600 < 600 ? kSecond : 5 * kSecond);
    worst_error = std::max(worst_error, std::abs(watch.error()));
    worst_duration = std::max(worst_duration, std::abs(watch.duration_error(kSecond / 2)));
    worst_duration = std::max(worst_duration, std::abs(watch.duration_error(20 * kSecond)));
  }
  EXPECT_LT(worst_error, 50'000);
  EXPECT_LT(worst_duration, 20e-6);
  EXPECT_LT(watch.largest_gap, 100);  // no jump at all: 100 ns in a millisecond are 100 ppm
}

TEST(ClockModel, DriftIsReallyThere) {
  Machine machine;
  machine.now = machine.now + 6 * kHour / 4;
  const double rate =
      static_cast<double>(machine.ticks_at(machine.now + kSecond) - machine.ticks()) /
      static_cast<double>(kFrequency);
  EXPECT_NEAR(rate, 1 + 50e-6, 1e-6);
}

TEST(ClockModel, NoisySamplesDoNotShakeDurations) {
  Machine machine;
  Watch watch(machine);
  std::uint32_t noise = 1;
  double worst = 0;
  for (int i = 0; i < 20'000; ++i) {
    noise = noise * 1664525 + 1013904223;
    ClockSample sample = machine.sample();
    sample.wall_ns += static_cast<std::int64_t>(noise >> 16) - 32768;  // a busy machine
    watch.model.sync(sample);
    machine.now += kSecond;
    watch.read();
    if (i > 60) worst = std::max(worst, std::abs(watch.duration_error(kSecond / 2)));
  }
  EXPECT_LT(worst, 20e-6);
}

TEST(ClockModel, SmallErrorsAreSlewedGentlyBothWays) {
  for (const std::int64_t step : {90 * kMs, -90 * kMs}) {
    Machine machine;
    Watch watch(machine);
    watch.run(300 * kSecond);
    machine.stepped += step;
    double fastest = 0;
    for (int i = 0; i < 200; ++i) {
      watch.second();
      if (i > 1) fastest = std::max(fastest, std::abs(watch.duration_error(kSecond / 2)));
    }
    EXPECT_LT(watch.largest_gap, 1000);
    EXPECT_LT(fastest, 520e-6);
    EXPECT_GT(fastest, 480e-6);  // it does hurry
    watch.run(100 * kSecond);
    EXPECT_LT(std::abs(watch.error()), 100'000);
  }
}

class ForwardStep : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(ForwardStep, IsTakenAtOnce) {
  Machine machine;
  Watch watch(machine);
  watch.run(300 * kSecond);
  machine.stepped += GetParam();
  watch.second();  // one sync and its 50 ms later
  EXPECT_LT(std::abs(watch.error()), 100'000);
  EXPECT_NEAR(static_cast<double>(watch.largest_gap), static_cast<double>(GetParam()), 1e6);
  watch.run(60 * kSecond);
  EXPECT_LT(std::abs(watch.duration_error(20 * kSecond)), 20e-6);  // no step in the frequency
}

INSTANTIATE_TEST_SUITE_P(Each, ForwardStep, ::testing::Values(kSecond, kHour, kDay));

class BackwardStep : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(BackwardStep, IsWorkedOffSlowlyAndNeverShows) {
  Machine machine;
  Watch watch(machine);
  watch.run(300 * kSecond);
  machine.stepped -= GetParam();
  const std::int64_t begin = machine.now;
  double slowest = 0;
  std::optional<std::int64_t> even;
  while (!even && machine.now < begin + 25 * kDay) {
    // The chain continues by itself between rare syncs.
    watch.second(GetParam() == kSecond ? kSecond : 20 * kSecond);
    slowest = std::min(slowest, watch.duration_error(kSecond / 2));
    if (watch.error() < kMs) even = machine.now - begin;
  }
  ASSERT_TRUE(even.has_value());
  EXPECT_LT(slowest, -0.045);
  EXPECT_GT(slowest, -0.055);
  EXPECT_GE(*even, GetParam() * 19);                  // 5 %: twenty times the step ...
  EXPECT_LE(*even, GetParam() * 20 + 300 * kSecond);  // ... and the gentle end
  watch.run(300 * kSecond);
  EXPECT_LT(std::abs(watch.error()), 100'000);
  EXPECT_GT(watch.error(), -100'000);  // not overshot
  EXPECT_LT(std::abs(watch.duration_error(20 * kSecond)), 20e-6);
  EXPECT_LT(watch.largest_gap, 1000);
}

INSTANTIATE_TEST_SUITE_P(Each, BackwardStep, ::testing::Values(kSecond, kHour, kDay));

TEST(ClockModel, ASlewEndsWithItsErrorAlsoWithoutASync) {
  Machine machine;
  machine.wander = 0;
  Watch watch(machine);
  watch.run(300 * kSecond);
  machine.stepped -= 10 * kSecond;
  watch.second();
  machine.now += 10 * kHour;  // the actor is stopped; 5 % of ten hours would be half an hour
  EXPECT_LT(std::abs(watch.error()), kMs);
  watch.read();
}

TEST(ClockModel, SurvivesGapsInSampling) {
  Machine machine;
  Watch watch(machine);
  watch.run(300 * kSecond);
  for (const std::int64_t gap : {60 * kSecond, kHour, 3 * kDay}) {
    machine.now += gap;
    watch.read();
    watch.run(300 * kSecond);
    EXPECT_LT(std::abs(watch.error()), 10 * kMs) << gap;
    watch.run(400 * kSecond);
    EXPECT_LT(std::abs(watch.error()), 100'000) << gap;
    EXPECT_LT(std::abs(watch.duration_error(20 * kSecond)), 20e-6) << gap;
  }
}

// A laptop sleeps: the counter stands, the system clock goes on.
TEST(ClockModel, CounterThatStoodStillIsAForwardStep) {
  Machine machine;
  Watch watch(machine);
  watch.run(300 * kSecond);
  machine.stepped += 8 * kHour;
  watch.second();
  EXPECT_LT(std::abs(watch.error()), 100'000);
}

TEST(ClockModel, WorksForAnyPartOfTheCounter) {
  const std::uint64_t half = std::uint64_t{1} << 63;
  const std::uint64_t hour = kFrequency * 3600;
  for (const std::uint64_t first :
       {std::uint64_t{0}, std::uint64_t{1}, half - hour / 2, half, ~std::uint64_t{0} - 2 * hour}) {
    Machine machine;
    machine.first_ticks = first;
    Watch watch(machine);
    watch.run(kHour);
    EXPECT_LT(std::abs(watch.error()), 50'000) << first;
    EXPECT_LT(std::abs(watch.duration_error(20 * kSecond)), 20e-6) << first;
  }
}

TEST(ClockModel, LearnsAFrequencyThatWasEstimatedBadly) {
  for (const double error : {0.02, -0.02, 300e-6}) {
    Machine machine;
    Watch watch(machine, error);
    watch.run(10 * kSecond);
    EXPECT_NEAR(watch.model.frequency() / static_cast<double>(kFrequency), 1, 20e-6) << error;
    watch.run(600 * kSecond);
    EXPECT_LT(std::abs(watch.error()), kMs) << error;
    EXPECT_LT(std::abs(watch.duration_error(20 * kSecond)), 20e-6) << error;
  }
}

TEST(ClockModel, EventsFromBeforeASyncKeepTheTimeTheyHadThen) {
  Machine machine;
  Watch watch(machine);
  watch.run(300 * kSecond);
  const std::uint64_t before = machine.ticks();
  const std::int64_t time = watch.model.to_ns(before);
  machine.now += kSecond / 2;
  machine.stepped += kHour;
  for (int i = 0; i < 30; ++i) {
    watch.second();
    EXPECT_EQ(watch.model.to_ns(before), time) << i;
  }
}

TEST(ClockModel, TicksOlderThanTheHistoryAreContinuedBackwards) {
  Machine machine;
  Watch watch(machine);
  watch.run(600 * kSecond);
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (std::int64_t t = 0; t <= machine.now; t += kSecond / 2) {
    const std::int64_t ns = watch.model.to_ns(machine.ticks_at(t));
    EXPECT_GE(ns, last);
    EXPECT_LT(std::abs(ns - kEpoch - t), 20 * kMs);
    last = ns;
  }
}

TEST(ClockModel, SyncsInQuickSuccessionAreIgnored) {
  Machine machine;
  machine.wander = 0;
  Watch watch(machine);
  watch.second();
  machine.now += 100 * kMs;
  watch.model.sync(machine.sample());
  const std::uint64_t later = machine.ticks_at(machine.now + 80 * kMs);
  const std::int64_t promised = watch.model.to_ns(later);
  machine.now += 20 * kMs;
  machine.stepped += kHour;
  watch.model.sync(machine.sample());
  EXPECT_EQ(watch.model.to_ns(later), promised);
}

TEST(ClockModel, ACounterThatStartsAgainNeverTakesTimeBack) {
  Machine machine;
  Watch watch(machine);
  watch.run(300 * kSecond);
  machine.now += kSecond / 2;
  const std::int64_t before = watch.read();
  Machine other = machine;
  other.first_ticks = 0;
  other.stepped -= kHour;
  watch.model.sync(other.sample());
  EXPECT_GE(watch.model.to_ns(other.ticks()), before);
  EXPECT_LT(watch.model.to_ns(other.ticks()), before + 3 * kSecond);
}

TEST(ClockModel, AbsurdSamplesAndTicksAreSurvived) {
  ClockModel model({1000, kEpoch}, 0);
  model.sync({2'000'000'000, std::numeric_limits<std::int64_t>::max()});
  model.sync({4'000'000'000'000, std::numeric_limits<std::int64_t>::min()});
  model.sync({~std::uint64_t{0}, 0});
  model.sync({0, std::numeric_limits<std::int64_t>::max()});
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::int64_t ns = model.to_ns(std::uint64_t{1} << bit);
    EXPECT_GE(ns, last);
    last = ns;
  }
}

TEST(ClockModel, RealClockIsMatchedWithinAMillisecond) {
  const ClockModel model(sample_clock(), tick_frequency_estimate());
  const ClockSample sample = sample_clock();
  EXPECT_LT(std::abs(model.to_ns(sample.ticks) - sample.wall_ns), kMs);
}

}  // namespace
}  // namespace micromegas
