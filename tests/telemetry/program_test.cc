// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Whole programs against a collector: signals, forks, children.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/platform/uuid.h"
#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/tests/support/program.h"
#include "micromegas/transport/collector/collector.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using collector::Collector;
using collector::CollectorStats;
using testing::exited_with;
using ::testing::HasSubstr;
using testing::killed_by;
using testing::Program;
using ::testing::StartsWith;

constexpr char kProgram[] = "tests/telemetry/program";

// Keeps the processes that the collector is told of.
class Processes : public collector::CollectorObserver {
 public:
  void on_process(const wire::DecodedProcess& process) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back(process.info);
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    seen_.clear();
  }
  std::vector<ProcessInfo> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<ProcessInfo> seen_;
};

class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    processes_.clear();
    auto started = Collector::start({.observer = &processes_});
    ASSERT_TRUE(started) << started.error().message();
    collector_ = std::move(*started);
  }
  Program::Environment environment(const std::string& log = "") const {
    return {{"MICROMEGAS_TELEMETRY_URL", collector_->url()},
            {"MICROMEGAS_LOG", log},
            {"MICROMEGAS_TELEMETRY_PARENT_PROCESS", ""}};
  }
  void expect_that_a_child_arrives(const std::string& way);
  CollectorStats stopped() {
    collector_->stop();
    return collector_->stats();
  }

  Processes processes_;
  std::unique_ptr<Collector> collector_;
};

TEST_F(ProgramTest, HelloWorldArrives) {
  Program program(kProgram, {""}, environment());
  EXPECT_EQ(program.read_line(), "ready");
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.error();
  EXPECT_EQ(program.out(), "1 1 0 0\n");
  EXPECT_EQ(stopped().events.logs, 1u);
}

TEST_F(ProgramTest, TheLogArrivesAndTheSignalEndsTheProgram) {
  std::uint64_t programs = 0;
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Program program(kProgram, {"signal"}, environment());
    ASSERT_EQ(program.read_line(), "ready");
    EXPECT_TRUE(killed_by(program.end_by(signal), signal)) << program.error();
    EXPECT_EQ(collector_->stats().events.logs, ++programs) << signal;
  }
}

TEST(SignalTest, ASignalDuringTheEndWaitsForIt) {
  std::atomic<pid_t> pid{0};
  std::atomic<int> refused{0};
  std::atomic<int> taken{0};
  testing::ScriptedServer server;
  server.decide([&](const testing::ReceivedRequest& request) {
    if (request.path.find("block") == std::string::npos) return testing::status(200);
    // Its only block leaves when it ends. Then comes the signal, and the block must be sent anew.
    while (pid == 0) std::this_thread::yield();
    if (refused.fetch_add(1) < 3) {
      kill(pid, SIGTERM);
      return testing::status(503);
    }
    ++taken;
    return testing::status(200);
  });
  Program program(kProgram, {"end-at-once"}, {{"MICROMEGAS_TELEMETRY_URL", server.url()}});
  pid = program.pid();
  EXPECT_TRUE(killed_by(program.end(), SIGTERM)) << program.error();
  EXPECT_EQ(taken, 1);
}

TEST_F(ProgramTest, ASignalDoesNotWaitForAnAbsentServerForEver) {
  const Program::Environment nobody = environment();
  collector_.reset();
  Program program(kProgram, {"signal-briefly"}, nobody);
  ASSERT_EQ(program.read_line(), "ready");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(killed_by(program.end_by(SIGTERM), SIGTERM));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);  // its deadline is 1 s
}

TEST_F(ProgramTest, AForkedChildIsSilent) {
  Program program(kProgram, {"fork"}, environment());
  EXPECT_EQ(program.read_line(), "ready");
  EXPECT_EQ(program.read_line(), "0") << "the child's exit code";
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.error();
  EXPECT_EQ(program.out(), "801 801 0 0\n");
  const CollectorStats stats = stopped();
  EXPECT_EQ(stats.processes, 1u);
  EXPECT_EQ(stats.events.logs, 201u);
  EXPECT_EQ(stats.events.total(), 801u);
  EXPECT_EQ(stats.duplicate_blocks, 0u);
}

TEST_F(ProgramTest, AForkedChildMayHaveTelemetryOfItsOwn) {
  for (const char* way : {"fork-own", "fork-own-beside-a-thread"}) {
    SCOPED_TRACE(way);
    SetUp();
    expect_that_a_child_arrives(way);
  }
}

void ProgramTest::expect_that_a_child_arrives(const std::string& way) {
  Program program(kProgram, {way}, environment());
  EXPECT_EQ(program.read_line(), "ready");
  EXPECT_EQ(program.read_line(), "0") << "the child's exit code";
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.error();
  const CollectorStats stats = stopped();
  EXPECT_EQ(stats.events.logs, 202u);
  const std::vector<ProcessInfo> seen = processes_.seen();
  ASSERT_EQ(seen.size(), 2u);
  // Whichever came first, one is the other's parent.
  const bool first_is_parent = seen[1].parent_process_id == seen[0].process_id;
  const bool second_is_parent = seen[0].parent_process_id == seen[1].process_id;
  EXPECT_NE(first_is_parent, second_is_parent);
}

TEST_F(ProgramTest, AProgramTellsItsChildrenWhoItIs) {
  Program program(kProgram, {"parent-process"}, environment());
  EXPECT_EQ(program.read_line(), "ready");
  const std::string exported = program.read_line();
  EXPECT_EQ(exported, program.read_line());
  EXPECT_TRUE(Uuid::parse(exported)) << exported;
  EXPECT_TRUE(exited_with(program.end(), 0));

  Program::Environment given = environment();
  given["MICROMEGAS_TELEMETRY_PARENT_PROCESS"] = exported;
  Program child(kProgram, {""}, given);
  EXPECT_TRUE(exited_with(child.end(), 0));
  const std::vector<ProcessInfo> seen = processes_.seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].parent_process_id, std::nullopt);
  EXPECT_EQ(seen[1].parent_process_id, std::optional(seen[0].process_id));
}

TEST_F(ProgramTest, BesideOtherThreadsTheEnvironmentIsLeftAlone) {
  Program program(kProgram, {"parent-process-beside-a-thread"}, environment());
  EXPECT_EQ(program.read_line(), "ready");
  EXPECT_EQ(program.read_line(), "") << "as it was given";
  EXPECT_TRUE(Uuid::parse(program.read_line()));
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.error();
}

TEST_F(ProgramTest, AProcessIsNotItsOwnParent) {
  Program program(kProgram, {"again-and-again"}, environment());
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.error();
  const std::vector<ProcessInfo> seen = processes_.seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].parent_process_id, std::nullopt);
  EXPECT_EQ(seen[1].parent_process_id, std::nullopt);
}

TEST_F(ProgramTest, ABadVariableIsAnErrorThatNamesIt) {
  Program program(kProgram, {""}, environment("loud"));
  EXPECT_THAT(program.read_line(), StartsWith("MICROMEGAS_LOG"));
  EXPECT_TRUE(exited_with(program.end(), 2));
  EXPECT_EQ(stopped().processes, 0u);
}

}  // namespace
}  // namespace micromegas
