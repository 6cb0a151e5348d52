// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/stats.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace micromegas {
namespace {

TEST(Stats, EveryKindAndReasonHasItsName) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    names.emplace(to_string(static_cast<EventKind>(i)));
  }
  EXPECT_EQ(names.size(), kEventKinds);
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    names.emplace(to_string(static_cast<DropReason>(i)));
  }
  EXPECT_EQ(names.size(), kEventKinds + kDropReasons);
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_EQ(to_string(EventKind::kIntegerMetric), "integer_metric");
  EXPECT_EQ(to_string(EventKind::kAsyncSpan), "async_span");
  EXPECT_EQ(to_string(DropReason::kQueueFull), "queue_full");
  EXPECT_EQ(to_string(DropReason::kDeadline), "deadline");
  EXPECT_EQ(to_string(static_cast<EventKind>(99)), "unknown");
  EXPECT_EQ(to_string(static_cast<DropReason>(99)), "unknown");
}

TEST(Stats, DroppedTotalIsTheSumOverReasons) {
  KindStats stats;
  for (std::size_t i = 0; i < kDropReasons; ++i) stats.dropped[i] = std::uint64_t{1} << i;
  EXPECT_EQ(stats.dropped_total(), (std::uint64_t{1} << kDropReasons) - 1);
}

}  // namespace
}  // namespace micromegas
