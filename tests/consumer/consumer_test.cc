// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a user's repository sees: the same include paths, and its own libraries underneath.

#include <gtest/gtest.h>

#include "matchmaker.h"
#include "micromegas/testing.h"

TEST(Consumer, TestsWhatItsLibraryRecords) {
  micromegas::testing::Recorder recorder;
  EXPECT_EQ(match(7), 3);
  const auto logs = recorder.sink().logs();
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_EQ(logs[0].text, "7 players make 3 pairs");
}

TEST(Consumer, PutsItsOwnLibrariesUnderneath) {
#ifndef CONSUMERS_OWN_FMT
  FAIL() << "the flag for fmt was not heard";
#endif
#ifndef CONSUMERS_OWN_ASIO
  FAIL() << "the flag for asio was not heard";
#endif
#ifndef CONSUMERS_OWN_JSON
  FAIL() << "the repository of the same name was not used";
#endif
}
