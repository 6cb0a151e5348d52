// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a program without options shows on its console.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "micromegas/telemetry.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using ::testing::MatchesRegex;

TEST(ConsoleByDefault, IsStandardErrorFromInfoOn) {
  testing::Pipe out;
  testing::Pipe error;
  const int status = testing::run_child([&] {
    dup2(out.write_end(), STDOUT_FILENO);
    dup2(error.write_end(), STDERR_FILENO);
    const auto telemetry = init_telemetry();
    if (!telemetry) _exit(1);
    MM_INFO_T("here", "shown {}", 1);
    MM_DEBUG_T("here", "not shown");
  });
  EXPECT_TRUE(testing::exited_with(status, 0)) << status;
  EXPECT_THAT(error.read_all(), MatchesRegex("[0-9T:.-]+Z INFO  \\[here\\] shown 1\n"));
  EXPECT_EQ(out.read_all(), "");
}

TEST(ConsoleByDefault, IsSilentWhenItIsSwitchedOff) {
  testing::Pipe error;
  const int status = testing::run_child([&] {
    dup2(error.write_end(), STDERR_FILENO);
    const auto telemetry = init_telemetry({.console = false});
    if (!telemetry) _exit(1);
    MM_FATAL("not shown");
  });
  EXPECT_TRUE(testing::exited_with(status, 0)) << status;
  EXPECT_EQ(error.read_all(), "");
}

}  // namespace
}  // namespace micromegas
