// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Every way in which a program ends, against a server that is well, that hangs, that speaks TLS:
// bounded, and what could be delivered is. An oracle is asked after each: nothing comes twice or
// invented, and nothing is missing that the program's books do not name, if it lives to tell them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/tests/delivery/oracle.h"
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
using testing::Oracle;
using testing::Program;
using testing::ReceivedRequest;
using testing::say_nothing;
using testing::ScriptedServer;
using testing::status;

constexpr Oracle::Plan kPlan{.threads = 2, .numbers = 200};

class Stop : public ::testing::Test {
 protected:
  Stop() { well(server_); }
  void TearDown() override { EXPECT_TRUE(asked_) << "nobody has asked the oracle"; }

  void well(ScriptedServer& server) {
    server.decide([this](const ReceivedRequest& request) {
      oracle_.take(request);
      return status(200);
    });
  }
  static void hang(ScriptedServer& server) {
    server.decide([](const ReceivedRequest&) { return say_nothing(); });
  }
  std::unique_ptr<Program> run(const char* way, const ScriptedServer& server,
                               const std::string& ca = "") {
    oracle_.expect(kPlan);
    auto program = std::make_unique<Program>(
        "tests/telemetry/stop_program",
        std::vector<std::string>{way, std::to_string(kPlan.threads), std::to_string(kPlan.numbers)},
        Program::Environment{{"MICROMEGAS_TELEMETRY_URL", server.url()},
                             {"MICROMEGAS_TELEMETRY_CA_FILE", ca},
                             {"MICROMEGAS_LOG", ""},
                             {"MICROMEGAS_TELEMETRY_PARENT_PROCESS", ""}});
    EXPECT_EQ(program->read_line(), "ready");
    return program;
  }
  // After the end of one that says its books.
  void ask(const Program& program) {
    asked_ = true;
    TelemetryStats books;
    std::istringstream lines(program.out());
    for (const EventKind kind : {EventKind::kLog, EventKind::kIntegerMetric, EventKind::kSpan}) {
      KindStats& of = books.events[static_cast<std::size_t>(kind)];
      lines >> of.recorded >> of.delivered >> of.dropped[0] >> of.held;
    }
    ASSERT_TRUE(lines) << program.out();
    oracle_.check(books);
  }
  void expect_all() {
    asked_ = true;
    oracle_.expect_all();
  }
  // Killed before it could tell: what has come is once and recorded, or the oracle has complained.
  void expect_nothing() {
    asked_ = true;
    oracle_.expect_none();
  }

  Oracle oracle_;
  ScriptedServer server_;

 private:
  bool asked_ = false;
};

TEST_F(Stop, ExitDelivers) {
  const auto program = run("exit", server_);
  EXPECT_TRUE(exited_with(program->end(), 0)) << program->error();
  ask(*program);
  expect_all();
}

// exit() runs handlers in the opposite order of their registration: OpenSSL's must not have been.
TEST_F(Stop, ExitDeliversOverTls) {
  const Authority authority("test CA");
  const std::string ca = std::filesystem::path(::testing::TempDir()) / "stop_test_ca.pem";
  std::ofstream(ca) << authority.pem();
  ScriptedServer server({.certificate = authority.issue({.addresses = {"127.0.0.1"}})});
  well(server);
  for (const char* way : {"exit", "return"}) {
    const auto program = run(way, server, ca);
    EXPECT_TRUE(exited_with(program->end(), 0)) << program->error();
    ask(*program);
    expect_all();
  }
}

TEST_F(Stop, ExitAgainstAServerThatHangsEndsAtItsDeadlineAndSaysWhatWasLost) {
  hang(server_);
  const auto before = steady_clock::now();
  const auto program = run("exit-briefly", server_);
  EXPECT_TRUE(exited_with(program->end(), 0));
  EXPECT_LT(steady_clock::now() - before, 20s);
  EXPECT_THAT(program->error(), HasSubstr("lost 400 log, 400 integer_metric, 800 span events"));
  ask(*program);
  expect_nothing();
}

// Nothing of ours runs: it ends at once, whatever the server does.
TEST_F(Stop, QuickExitWaitsForNobody) {
  hang(server_);
  const auto program = run("quick-exit", server_);
  const auto before = steady_clock::now();
  EXPECT_TRUE(exited_with(program->end(), 0)) << program->error();
  EXPECT_LT(steady_clock::now() - before, 8s) << "the deadline is 10 s";
  expect_nothing();
}

// As a container is stopped: the grace period is the deadline's.
TEST_F(Stop, SigtermAgainstAServerThatHangsEndsAtItsDeadline) {
  hang(server_);
  const auto program = run("signal-briefly", server_);
  const auto before = steady_clock::now();
  EXPECT_TRUE(killed_by(program->end_by(SIGTERM), SIGTERM));
  EXPECT_LT(steady_clock::now() - before, 20s) << "the deadline is 1 s";
  expect_nothing();
}

TEST_F(Stop, SigtermDelivers) {
  const auto program = run("signal", server_);
  EXPECT_TRUE(killed_by(program->end_by(SIGTERM), SIGTERM));
  expect_all();
}

// Who presses Ctrl-C again does not want to wait.
TEST_F(Stop, ASecondCtrlCEndsAtOnce) {
  hang(server_);
  const auto program = run("signal", server_);
  kill(program->pid(), SIGINT);
  ASSERT_TRUE(server_.wait_for_requests(1));
  const auto before = steady_clock::now();
  // Two signals within a tenth of a second are one press: so until one counts as another.
  while (!program->has_ended() && steady_clock::now() - before < 8s) {
    kill(program->pid(), SIGINT);
    std::this_thread::yield();
  }
  EXPECT_TRUE(killed_by(program->end(), SIGINT));
  EXPECT_LT(steady_clock::now() - before, 8s) << "the deadline is 10 s";
  expect_nothing();
}

}  // namespace
}  // namespace micromegas
