// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace micromegas {
namespace {

sigset_t current_mask() {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

TEST(Thread, MainThreadsIdIsThatOfTheProcess) {
  EXPECT_EQ(current_thread_id(), static_cast<std::uint64_t>(getpid()));
  std::uint64_t other = 0;
  std::thread([&] { other = current_thread_id(); }).join();
  EXPECT_NE(other, current_thread_id());
  EXPECT_NE(other, 0U);
}

TEST(Thread, NameIsCutToWhatTheSystemHolds) {
  std::thread([] {
    set_current_thread_name("worker-1");
    EXPECT_EQ(current_thread_name(), "worker-1");
    set_current_thread_name("0123456789abcdefgh");
    EXPECT_EQ(current_thread_name(), "0123456789abcde");
    set_current_thread_name("0123456789abcd\u00e9");  // the two bytes of the last do not both fit
    EXPECT_EQ(current_thread_name(), "0123456789abcd");
    set_current_thread_name("");
    EXPECT_EQ(current_thread_name(), "");
  }).join();
}

TEST(Thread, OurThreadsAreNamedAndBlockEverySignalThatCanWait) {
  sigset_t mask;
  std::string name;
  auto thread = start_thread_with_signals_blocked("mm-test", [&] {
    mask = current_mask();
    name = current_thread_name();
  });
  ASSERT_TRUE(thread.has_value());
  thread->join();
  EXPECT_EQ(name, "mm-test");
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1, SIGPROF, SIGRTMIN}) {
    EXPECT_EQ(sigismember(&mask, signal), 1) << signal;
  }
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    EXPECT_EQ(sigismember(&mask, fault), 0) << fault;
  }
}

TEST(Thread, StartingOneLeavesTheCallersMaskAlone) {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &only, nullptr);
  auto thread = start_thread_with_signals_blocked("mm-test", [] {});
  ASSERT_TRUE(thread.has_value());
  thread->join();
  const sigset_t mask = current_mask();
  EXPECT_EQ(sigismember(&mask, SIGUSR2), 1);
  EXPECT_EQ(sigismember(&mask, SIGINT), 0);
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

}  // namespace
}  // namespace micromegas
