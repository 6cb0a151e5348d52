// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The rate helpers leave out what they should, say how much, and lose nothing of the count. On
// every platform.

#include "micromegas/pipeline/instrument/rate.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "micromegas/testing.h"

namespace micromegas {
namespace {

using Texts = std::vector<std::string>;

// With their properties: "text left_out=3".
Texts texts(testing::Recorder& recorder) {
  Texts all;
  for (const auto& log : recorder.sink().logs()) {
    all.push_back(log.text);
    for (const auto& [name, value] : log.properties) all.back() += " " + name + "=" + value;
  }
  return all;
}

TEST(RateTest, EveryNLetsTheFirstOfEachNThroughAndSaysHowManyItLeftOut) {
  testing::Recorder recorder;
  int evaluated = 0;
  for (int i = 0; i < 8; ++i) MM_LOG_EVERY_N(kWarn, 3, "turn {1} {0}", ++evaluated, i);
  EXPECT_EQ(texts(recorder),
            (Texts{"turn 0 1 left_out=0", "turn 3 2 left_out=2", "turn 6 3 left_out=2"}));
  EXPECT_EQ(evaluated, 3);
}

TEST(RateTest, FirstNSaysHowManyWillFollow) {
  testing::Recorder recorder;
  int evaluated = 0;
  for (int i = 0; i < 5; ++i) {
    MM_LOG_FIRST_N(kWarn, 2, "turn {}", ++evaluated);
    MM_LOG_FIRST_N_T(kError, "disk", 1, "{{full}}");
    MM_LOG_FIRST_N(kError, 0, "never {}", ++evaluated);
  }
  EXPECT_EQ(texts(recorder),
            (Texts{"turn 1 remaining=1", "{full} remaining=0", "turn 2 remaining=0"}));
  EXPECT_EQ(recorder.sink().logs()[1].source.target, "disk");
  EXPECT_EQ(evaluated, 2);
}

TEST(RateTest, EveryMsLetsOneThroughAndThenWaits) {
  testing::Recorder recorder;
  for (int i = 0; i < 3; ++i) {
    MM_LOG_EVERY_MS(kInfo, 3'600'000, "an hour {}", i);
    MM_LOG_EVERY_MS_T(kInfo, "target", 0, "always {}", i);
  }
  EXPECT_EQ(texts(recorder), (Texts{"an hour 0 left_out=0", "always 0 left_out=0",
                                    "always 1 left_out=0", "always 2 left_out=0"}));
}

TEST(RateTest, EveryMsCountsFromTheLogThatItLetThrough) {
  detail::EveryMs limiter;
  const auto at = [&](std::int64_t ms, std::int64_t wait) {
    std::uint64_t told = 0;
    return limiter.pass_at(ms * 1'000'000, wait, told) ? static_cast<std::int64_t>(told) : -1;
  };
  EXPECT_EQ(at(0, 100), 0);
  EXPECT_EQ(at(99, 100), -1);
  EXPECT_EQ(at(99, 100), -1);
  EXPECT_EQ(at(150, 100), 2);
  EXPECT_EQ(at(249, 100), -1);
  EXPECT_EQ(at(250, std::numeric_limits<std::int64_t>::max()), 1);
  EXPECT_EQ(at(1'000'000, 1), -1);
}

TEST(RateTest, TakeWhatALogTakes) {
  testing::Recorder recorder;
  using namespace micromegas::literals;
  const PropertySet& set = PropertySet::intern({{"tier", "gold"}});
  MM_LOG_EVERY_N(kInfo, 2, "{user} came", "user"_k = "ann", "ms"_k = 5, set);
  const std::string log = texts(recorder).at(0);
  for (const char* part : {"ann came", "left_out=0", "ms=5", "tier=gold", "user=ann"}) {
    EXPECT_NE(log.find(part), std::string::npos) << log;
  }
}

TEST(RateTest, ADisabledLogIsNotCounted) {
  const auto statement = [] { MM_LOG_EVERY_N(kInfo, 2, "x"); };
  statement();  // telemetry is not running
  testing::Recorder recorder;
  statement();
  statement();
  statement();
  EXPECT_EQ(texts(recorder), (Texts{"x left_out=0", "x left_out=1"}));
}

TEST(RateTest, NsBelowOneLetEverythingThrough) {
  testing::Recorder recorder;
  for (int n : {0, -1, 1}) {
    for (int i = 0; i < 2; ++i) MM_LOG_EVERY_N(kInfo, n, "x");
  }
  EXPECT_EQ(texts(recorder), (Texts(6, "x left_out=0")));
}

// What does not fit is the greatest value, not a negative one.
TEST(RateTest, LimitsAreOfAnyTypeOfInteger) {
  testing::Recorder recorder;
  enum { kTwo = 2 };
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < 3; ++i) {
    MM_LOG_EVERY_N(kInfo, kMost, "every");
    MM_LOG_EVERY_MS(kInfo, kMost, "ms");
    MM_LOG_FIRST_N(kInfo, kTwo, "first");
    MM_LOG_FIRST_N(kInfo, static_cast<unsigned char>(1), "one");
    MM_LOG_FIRST_N(kInfo, std::numeric_limits<std::int64_t>::min(), "none");
  }
  EXPECT_EQ(texts(recorder), (Texts{"every left_out=0", "ms left_out=0", "first remaining=1",
                                    "one remaining=0", "first remaining=0"}));
}

TEST(RateTest, AWaitBelowZeroIsNone) {
  detail::EveryMs limiter;
  for (int i = 0; i < 3; ++i) {
    std::uint64_t told = 0;
    EXPECT_TRUE(limiter.pass_at(5, std::numeric_limits<std::int64_t>::min() + 1, told));
    EXPECT_EQ(told, 0u);
  }
}

TEST(RateTest, FirstNOfTheGreatestNumberLetsThrough) {
  testing::Recorder recorder;
  MM_LOG_FIRST_N(kInfo, std::numeric_limits<std::uint64_t>::max(), "x");
  EXPECT_EQ(texts(recorder), Texts{"x remaining=9223372036854775806"});
}

TEST(RateTest, StandWhereStatementsStand) {
  testing::Recorder recorder;
  if (recorder.sink().logs().empty())
    MM_LOG_FIRST_N(kInfo, 2, "then");
  else
    MM_LOG_FIRST_N(kInfo, 2, "else");
  EXPECT_EQ(texts(recorder), Texts{"then remaining=1"});
}

}  // namespace
}  // namespace micromegas
