// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/diagnostics.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using ::testing::EndsWith;
using testing::exited_with;
using ::testing::Not;
using testing::Pipe;
using testing::run_child;

std::vector<std::string>* g_lines = nullptr;

// What `body` makes the library print, in a child so that the rate limits start afresh.
template <class Body>
std::string printed_by(Body body) {
  Pipe pipe;
  const int status = run_child([&] {
    dup2(pipe.write_end(), STDERR_FILENO);
    body();
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
  return pipe.read_all();
}

TEST(Diagnostics, PrintsOneLine) {
  EXPECT_EQ(printed_by([] { diagnose("test.one", "hello"); }), "micromegas: hello\n");
}

TEST(Diagnostics, KeepsTheMessageToOneHarmlessLine) {
  EXPECT_EQ(printed_by([] { diagnose("test.control", "a\nb\x1b[31mc\rd\x7f"); }),
            "micromegas: a b [31mc d \n");
}

TEST(Diagnostics, CutsALongMessage) {
  const std::string text = printed_by([] { diagnose("test.long", std::string(100'000, 'x')); });
  EXPECT_LE(text.size(), 2048U);
  EXPECT_GT(text.size(), 1900U);
  EXPECT_THAT(text, EndsWith("x...\n"));
}

TEST(Diagnostics, SaysTheSameThingOnceInAWhileAndOtherThingsAtOnce) {
  EXPECT_EQ(printed_by([] {
              for (int i = 0; i < 1000; ++i) diagnose("test.often", "often");
              diagnose("test.other", "other");
            }),
            "micromegas: often\nmicromegas: other\n");
}

TEST(Diagnostics, ManyKeysNeverOverflowTheTable) {
  const std::string text = printed_by([] {
    for (int i = 0; i < 1000; ++i) diagnose("test.key" + std::to_string(i), "m");
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 64);
}

TEST(Diagnostics, HandlerReplacesStderr) {
  EXPECT_EQ(printed_by([] {
              static std::vector<std::string> lines;
              g_lines = &lines;
              set_diagnostic_handler([](std::string_view line) { g_lines->emplace_back(line); });
              diagnose("test.handler", "to the handler");
              set_diagnostic_handler(nullptr);
              diagnose("test.stderr", "to stderr");
              if (lines != std::vector<std::string>{"micromegas: to the handler"}) _exit(1);
            }),
            "micromegas: to stderr\n");
}

TEST(Diagnostics, ClosedPipeDoesNotKillTheHost) {
  Pipe pipe;
  const int status = run_child([&] {
    signal(SIGPIPE, SIG_DFL);
    dup2(pipe.write_end(), STDERR_FILENO);
    pipe.close_read();
    pipe.close_write();
    errno = 42;
    diagnose("test.closed", "nobody reads");
    if (errno != 42) _exit(2);
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE) != 0) _exit(3);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    if (sigismember(&mask, SIGPIPE) != 0) _exit(4);
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
}

TEST(Diagnostics, AHostsOwnPendingSigpipeIsLeftToIt) {
  Pipe pipe;
  const int status = run_child([&] {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &only, nullptr);
    raise(SIGPIPE);
    dup2(pipe.write_end(), STDERR_FILENO);
    pipe.close_read();
    pipe.close_write();
    diagnose("test.pending", "nobody reads");
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE) != 1) _exit(3);
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
}

TEST(Diagnostics, FullNonBlockingPipeDoesNotBlock) {
  Pipe pipe;
  fcntl(pipe.write_end(), F_SETFL, O_NONBLOCK);
  const std::string fill(4096, 'x');
  while (write(pipe.write_end(), fill.data(), fill.size()) > 0) {
  }
  EXPECT_TRUE(exited_with(run_child([&] {
                            dup2(pipe.write_end(), STDERR_FILENO);
                            diagnose("test.full", "no room");
                          }),
                          0));
}

TEST(Diagnostics, ChildForkedWhileOthersTalkDoesNotHang) {
  std::atomic<bool> stop{false};
  set_diagnostic_handler([](std::string_view) {});
  std::vector<std::thread> talkers;
  for (int t = 0; t < 2; ++t) {
    talkers.emplace_back([&, t] {
      for (int i = 0; !stop; ++i) diagnose("test.fork" + std::to_string((i + t) % 50), "talk");
    });
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(exited_with(run_child([] { diagnose("test.fork.child", "child"); }), 0));
  }
  stop = true;
  for (auto& talker : talkers) talker.join();
  set_diagnostic_handler(nullptr);
}

}  // namespace
}  // namespace micromegas
