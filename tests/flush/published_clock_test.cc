// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/published_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "micromegas/pipeline/flush/clock_model.h"

namespace micromegas {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(PublishedClock, SaysZeroBeforeTheFirstPublication) { EXPECT_EQ(PublishedClock().now(), 0); }

TEST(PublishedClock, SaysWhatTheModelSays) {
  ClockModel model({0, kSecond}, 1'000'000'000);
  PublishedClock clock;
  for (std::uint64_t t = 0; t < 300; ++t) {
    // An error of 1 ms, at one time forward, at another backward.
    model.sync(
        {t * kSecond, static_cast<std::int64_t>((t + 1) * kSecond + (t / 50 % 2) * 1'000'000)});
    clock.publish(model);
    for (const std::uint64_t after : {0, 49'000'000, 50'000'000, 51'000'000, 900'000'000}) {
      EXPECT_EQ(clock.to_ns(t * kSecond + after), model.to_ns(t * kSecond + after));
    }
  }
}

// Time shared by a publisher and its readers. Each publication slews the other way, so that a torn
// or mixed slot gives a time out of order.
TEST(PublishedClock, NeverGoesBackwardsForAnyReaderWhileItIsReplaced) {
  constexpr std::uint64_t kPublications = 20'000;
  constexpr std::uint64_t kConversions = 20'000;
  std::atomic<std::uint64_t> ticks{0};
  PublishedClock clock;
  ClockModel model({0, kSecond}, 1'000'000'000);
  clock.publish(model);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> backwards{0};
  std::atomic<std::uint64_t> conversions{0};
  std::atomic<int> started{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      ++started;
      std::int64_t last = 0;
      while (!stop) {
        const std::uint64_t now = ticks;
        const std::int64_t ns = clock.to_ns(now);
        // Time races here: after a preemption the tick may be minutes old, which no real one is.
        if (ticks - now > kSecond) continue;
        if (ns < last) ++backwards;
        last = ns;
        ++conversions;
      }
    });
  }
  while (started < 2) std::this_thread::yield();
  for (std::uint64_t t = 1; t < kPublications || conversions < kConversions; ++t) {
    ticks = t * kSecond;
    const auto wall = static_cast<std::int64_t>((t + 1) * kSecond);
    model.sync({t * kSecond, wall + (t % 2 == 0 ? 99'000'000 : -99'000'000)});
    ticks = t * kSecond + 49'000'000;  // time passes between the sample and its publication
    clock.publish(model);
    ticks = t * kSecond + 50'000'000;
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(backwards, 0U);
}

TEST(PublishedClock, RealNowIsBetweenTwoSamples) {
  PublishedClock clock;
  const ClockSample before = sample_clock();
  clock.publish(ClockModel(before, tick_frequency_estimate()));
  const std::int64_t now = clock.now();
  const ClockSample after = sample_clock();
  EXPECT_GE(now, before.wall_ns);
  EXPECT_LE(now, after.wall_ns + 1'000'000);
}

}  // namespace
}  // namespace micromegas
