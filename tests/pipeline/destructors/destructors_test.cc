// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// However a program ends: it ends well, and what was logged before the end of telemetry arrives.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "micromegas/tests/support/program.h"

namespace micromegas {
namespace {

using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::Not;
using testing::Program;

constexpr char kProgram[] = "tests/pipeline/destructors/program";

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// What arrives in each case before the program starts to end.
Lines until_the_end() {
  return {"main",
          "thread-local: constructor",
          "thread-local, later: constructor",
          "thread-local: constructor",
          "thread-local, later: constructor",
          "thread: body",
          "thread-local, later: destructor",
          "thread-local: destructor"};
}

Lines run(const std::string& way) {
  Program program(kProgram, {way});
  const int status = program.end();
  EXPECT_TRUE(testing::exited_with(status, 0)) << status << "\n" << program.error();
  EXPECT_EQ(program.error(), "");
  return lines_of(program.out());
}

Lines operator+(Lines lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

TEST(DestructorsTest, TheGuardsDestructorDelivers) {
  EXPECT_THAT(run("return"), ElementsAreArray(until_the_end() + Lines{"sink: shutdown"}));
}

TEST(DestructorsTest, ShutdownDeliversAndWhatFollowsIsSafe) {
  EXPECT_THAT(run("shutdown"), ElementsAreArray(until_the_end() + Lines{"sink: shutdown"}));
}

TEST(DestructorsTest, AMovedGuardEndsTelemetryWhereItGoes) {
  EXPECT_THAT(run("no-telemetry-left"),
              ElementsAreArray(until_the_end() + Lines{"sink: shutdown"}));
}

// exit() runs the main thread's thread-local destructors, then the handlers, the last one first.
TEST(DestructorsTest, ExitWithoutTheGuardsDestructorDelivers) {
  EXPECT_THAT(run("exit"),
              ElementsAreArray(until_the_end() +
                               Lines{"thread-local, later: destructor", "thread-local: destructor",
                                     "exit handler registered after the start", "sink: shutdown"}));
}

TEST(DestructorsTest, ExitFromAnotherThreadDelivers) {
  EXPECT_THAT(run("exit-from-thread"),
              ElementsAreArray(until_the_end() +
                               Lines{"thread-local: constructor",
                                     "thread-local, later: constructor", "thread that exits",
                                     "thread-local, later: destructor", "thread-local: destructor",
                                     "exit handler registered after the start", "sink: shutdown"}));
}

TEST(DestructorsTest, ExitWhileThreadsRecordDelivers) {
  for (int round = 0; round < 10; ++round) {
    const Lines lines = run("exit-under-fire");
    EXPECT_THAT(lines, Contains("exit handler registered after the start"));
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines.back(), "sink: shutdown");
  }
}

TEST(DestructorsTest, ExitInASinkDoesNotHang) {
  EXPECT_THAT(run("exit-in-sink"), Contains("sink: exit"));
}

TEST(DestructorsTest, QuickExitDoesNotWait) {
  EXPECT_THAT(run("quick-exit"), Not(Contains("sink: shutdown")));
}

}  // namespace
}  // namespace micromegas
