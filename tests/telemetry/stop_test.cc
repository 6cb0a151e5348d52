// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Every way in which a program ends, against a server that is well, that hangs, that speaks TLS:
// bounded, and what could be delivered is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/tests/support/program.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::Authority;
using testing::exited_with;
using ::testing::HasSubstr;
using testing::killed_by;
using testing::Program;
using testing::ReceivedRequest;
using testing::say_nothing;
using testing::ScriptedServer;
using testing::status;

constexpr char kProgram[] = "tests/telemetry/program";

Program::Environment against(const ScriptedServer& server, const std::string& ca = "") {
  return {{"MICROMEGAS_TELEMETRY_URL", server.url()},
          {"MICROMEGAS_TELEMETRY_CA_FILE", ca},
          {"MICROMEGAS_LOG", ""},
          {"MICROMEGAS_TELEMETRY_PARENT_PROCESS", ""}};
}

int blocks(const ScriptedServer& server) {
  int count = 0;
  for (const auto& request : server.requests()) {
    if (request.path == "/ingestion/insert_block") ++count;
  }
  return count;
}

void hang(ScriptedServer& server) {
  server.decide([](const ReceivedRequest&) { return say_nothing(); });
}

TEST(Stop, ExitDelivers) {
  ScriptedServer server;
  Program program(kProgram, {"exit"}, against(server));
  EXPECT_EQ(program.read_line(), "ready");
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.error();
  EXPECT_EQ(blocks(server), 1);
}

// exit() runs handlers in the opposite order of their registration: OpenSSL's must not have been.
TEST(Stop, ExitDeliversOverTls) {
  const Authority authority("test CA");
  const std::string ca = std::filesystem::path(::testing::TempDir()) / "stop_test_ca.pem";
  std::ofstream(ca) << authority.pem();
  ScriptedServer server({.certificate = authority.issue({.addresses = {"127.0.0.1"}})});
  for (const char* way : {"exit", "return"}) {
    const int before = blocks(server);
    Program program(kProgram, {way}, against(server, ca));
    EXPECT_EQ(program.read_line(), "ready");
    EXPECT_TRUE(exited_with(program.end(), 0)) << program.error();
    EXPECT_EQ(blocks(server), before + 1) << way;
  }
}

TEST(Stop, ExitAgainstAServerThatHangsEndsAtItsDeadlineAndSaysWhatWasLost) {
  ScriptedServer server;
  hang(server);
  const auto before = steady_clock::now();
  Program program(kProgram, {"exit-briefly"}, against(server));
  EXPECT_EQ(program.read_line(), "ready");
  EXPECT_TRUE(exited_with(program.end(), 0));
  EXPECT_LT(steady_clock::now() - before, 20s);
  EXPECT_THAT(program.error(), HasSubstr("lost 1 log events"));
}

// Nothing of ours runs: it ends at once, whatever the server does.
TEST(Stop, QuickExitWaitsForNobody) {
  ScriptedServer server;
  hang(server);
  Program program(kProgram, {"quick-exit"}, against(server));
  EXPECT_EQ(program.read_line(), "ready");
  const auto before = steady_clock::now();
  EXPECT_TRUE(exited_with(program.end(), 0)) << program.error();
  EXPECT_LT(steady_clock::now() - before, 8s) << "the deadline is 10 s";
}

// As a container is stopped: the grace period is the deadline's.
TEST(Stop, SigtermAgainstAServerThatHangsEndsAtItsDeadline) {
  ScriptedServer server;
  hang(server);
  Program program(kProgram, {"signal-briefly"}, against(server));
  ASSERT_EQ(program.read_line(), "ready");
  const auto before = steady_clock::now();
  EXPECT_TRUE(killed_by(program.end_by(SIGTERM), SIGTERM));
  EXPECT_LT(steady_clock::now() - before, 20s) << "the deadline is 1 s";
}

TEST(Stop, SigtermDelivers) {
  ScriptedServer server;
  Program program(kProgram, {"signal"}, against(server));
  ASSERT_EQ(program.read_line(), "ready");
  EXPECT_TRUE(killed_by(program.end_by(SIGTERM), SIGTERM));
  EXPECT_EQ(blocks(server), 1);
}

// Who presses Ctrl-C again does not want to wait.
TEST(Stop, ASecondCtrlCEndsAtOnce) {
  ScriptedServer server;
  hang(server);
  Program program(kProgram, {"signal"}, against(server));
  ASSERT_EQ(program.read_line(), "ready");
  kill(program.pid(), SIGINT);
  ASSERT_TRUE(server.wait_for_requests(1));
  const auto before = steady_clock::now();
  // Two signals within a tenth of a second are one press: so until one counts as another.
  while (!program.has_ended() && steady_clock::now() - before < 8s) {
    kill(program.pid(), SIGINT);
    std::this_thread::yield();
  }
  EXPECT_TRUE(killed_by(program.end(), SIGINT));
  EXPECT_LT(steady_clock::now() - before, 8s) << "the deadline is 10 s";
}

}  // namespace
}  // namespace micromegas
