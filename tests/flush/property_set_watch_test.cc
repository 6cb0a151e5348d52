// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Property sets that multiply, and what is refused or cut: said once, with the key to blame.

#include "micromegas/pipeline/flush/property_set_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/sink/null_sink.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/telemetry.h"

namespace micromegas::pipeline {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::mutex g_mutex;
std::vector<std::string> g_lines;

// The limiter of diagnose() lets a key through once in ten seconds; so each test has keys of its
// own to wait for.
class PropertySetWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_diagnostic_handler([](std::string_view line) {
      const std::lock_guard lock(g_mutex);
      g_lines.emplace_back(line);
    });
  }
  void TearDown() override { set_diagnostic_handler(nullptr); }

  static std::vector<std::string> lines() {
    const std::lock_guard lock(g_mutex);
    return std::exchange(g_lines, {});
  }
  // Sets with `user` always new and one of three tiers.
  static void intern(int first, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string user = std::to_string(static_cast<std::uint64_t>(first) + i);
      PropertySet::intern({{"user", user}, {"tier", std::to_string(i % 3)}});
    }
  }

  PropertySetWatch::TimePoint now_{};
};

TEST_F(PropertySetWatchTest, AFewNewSetsNowAndThenAreNothingToSay) {
  PropertySetWatch watch(now_);
  for (int minute = 0; minute < 5; ++minute) {
    intern(minute * 1000, 500);
    watch.poll(now_ += PropertySetWatch::kPeriod, 0, 0);
  }
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(PropertySetWatchTest, ManyWithinAMinuteAreSaidOnceWithTheKeyToBlame) {
  PropertySetWatch watch(now_);
  intern(100'000, 1500);
  watch.poll(now_ += std::chrono::seconds(1), 0, 0);
  watch.poll(now_ += std::chrono::seconds(1), 0, 0);
  EXPECT_THAT(lines(), ::testing::ElementsAre(
                           ::testing::AllOf(HasSubstr("1500 new property sets within 60 s"),
                                            HasSubstr("'user' has"), Not(HasSubstr("tier")))));
  watch.poll(now_ += PropertySetWatch::kPeriod, 0, 0);
  intern(200'000, 1500);
  watch.poll(now_ += std::chrono::seconds(1), 0, 0);
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(PropertySetWatchTest, HalfOfAllSetsIsSaidHoweverSlowlyTheyCame) {
  PropertySetWatch watch(now_);
  for (int minute = 0; property_set_stats().interned <= PropertySetWatch::kMaxSets; ++minute) {
    EXPECT_THAT(lines(), IsEmpty());
    intern(1'000'000 + minute * 1000, 900);
    watch.poll(now_ += PropertySetWatch::kPeriod, 0, 0);
  }
  EXPECT_THAT(lines(), ::testing::ElementsAre(HasSubstr("of 65536 at most")));
}

// All of it through a running telemetry, as a program meets it.
TEST_F(PropertySetWatchTest, WhatIsRefusedOrCutIsCountedAndSaid) {
  auto telemetry = init_telemetry({.console = false, .sinks = {{std::make_shared<NullSink>()}}});
  ASSERT_TRUE(telemetry);
  const PropertySetStats before = stats().property_sets;
  std::vector<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.push_back("p" + std::to_string(i));
  std::vector<Property> many;
  for (const std::string& name : names) many.push_back({name, "v"});
  EXPECT_EQ(PropertySet::intern(many).properties().size(), PropertySet::kMaxProperties);
  EXPECT_TRUE(PropertySet::intern({{"", "nameless"}}).properties().empty());
  const std::string megabyte(1U << 20, 'm');
  EXPECT_EQ(PropertySet::intern({{"large", megabyte}}).find("large").size(),
            PropertySet::kMaxValueBytes);
  using namespace micromegas::literals;
  MM_INFO("a pair", "large"_k = megabyte);
  {
    const std::string big(15'000, 'b');
    MM_SPAN_VAR(span, "too much", "a"_k = big);
    span.set("b"_k = big);
    span.set("c"_k = big);
    span.set("d"_k = big);
    span.set("e"_k = big);
  }
  const TelemetryStats after = stats();
  EXPECT_EQ(after.property_sets.cut - before.cut, 10'000u - 64 + 1);
  EXPECT_EQ(after.property_sets.refused_keys - before.refused_keys, 1u);
  EXPECT_EQ(after.cut_texts, 1u);
  EXPECT_TRUE(shutdown(std::chrono::seconds(5)));
  const std::vector<std::string> said = lines();
  EXPECT_THAT(said, Contains(HasSubstr("properties of a set were cut or left out")));
  EXPECT_THAT(said, Contains(HasSubstr("properties of a set were left out: a name is empty")));
  EXPECT_THAT(said, Contains(HasSubstr("texts, values or names of events were cut")));
  EXPECT_THAT(said, Contains(HasSubstr("properties of spans were lost: over 64 KiB a span")));
  EXPECT_EQ(said.size(), 4u);
}

// Last: no set fits behind it.
TEST_F(PropertySetWatchTest, PastTheLastSetEventsLoseTheirsAndThatIsSaid) {
  PropertySetWatch watch(now_);
  intern(10'000'000, PropertySet::kMaxSets);
  EXPECT_GT(property_set_stats().refused_sets, 0u);
  watch.poll(now_, 0, 0);
  EXPECT_THAT(lines(), Contains(HasSubstr("property sets were refused, their events have none")));
}

}  // namespace
}  // namespace micromegas::pipeline
