// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a user's repository sees: the same include paths.

#include "matchmaker.h"

#include <gtest/gtest.h>

#include "micromegas/testing.h"

TEST(Matchmaker, TestsWhatItsLibraryRecords) {
  micromegas::testing::Recorder recorder;
  EXPECT_EQ(match(7), 3);
  const auto logs = recorder.sink().logs();
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_EQ(logs[0].text, "7 players make 3 pairs");
}
