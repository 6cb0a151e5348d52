// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What was recorded is what the server's own functions show as rows.

#include <gtest/gtest.h>

#include "micromegas/tests/conformance/official.h"
#include "micromegas/tests/conformance/own_blocks.h"

namespace micromegas::conformance {
namespace {

TEST(Scenario, OfficialRowsAreWhatWasRecorded) {
  const std::string red = verdict(scenario_folder(), expected_rows(), Depth::kRows);
  EXPECT_TRUE(red.empty()) << red;
}

TEST(OwnBlocks, OfficialRowsAreWhatTheyWereMadeOf) {
  const std::string red = verdict(own_folder(), own_rows(), Depth::kRows);
  EXPECT_TRUE(red.empty()) << red;
}

}  // namespace
}  // namespace micromegas::conformance
