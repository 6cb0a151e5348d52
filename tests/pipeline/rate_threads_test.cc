// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Many threads at one rate-limited statement: let through + left out = calls, by each of the
// counts.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

class RateThreadsTest : public SessionTest {
 protected:
  static constexpr int kThreads = 4;
#ifdef MICROMEGAS_SANITIZER
  static constexpr int kTurns = 20'000;
#else
  static constexpr int kTurns = 500'000;
#endif
  static constexpr std::uint64_t kCalls = std::uint64_t{kThreads} * kTurns;

  template <class Statement>
  static void in_threads(Statement statement) {
    std::vector<std::thread> threads;
    std::atomic<int> ready{0};
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        ready.fetch_add(1);
        while (ready.load() < kThreads) std::this_thread::yield();
        for (int i = 0; i < kTurns; ++i) statement();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  // What the logs say.
  std::uint64_t told() {
    std::uint64_t sum = 0;
    for (const auto& log : flushed().logs) {
      sum += std::stoull(log.properties.at("left_out"));
    }
    return sum;
  }
  static std::uint64_t counted() { return queue::Runtime::get().left_out(); }
};

TEST_F(RateThreadsTest, EveryN) {
  start();
  in_threads([] { MM_LOG_EVERY_N(kInfo, 100, "x"); });
  EXPECT_EQ(flushed().logs.size(), kCalls / 100);
  EXPECT_EQ(counted(), kCalls - kCalls / 100);
  EXPECT_EQ(told(), counted() - 99);  // those after the last one have not been told yet
}

TEST_F(RateThreadsTest, FirstN) {
  constexpr int kFirst = kTurns / 10;
  start();
  in_threads([] { MM_LOG_FIRST_N(kInfo, kFirst, "x"); });
  const auto logs = flushed().logs;
  EXPECT_EQ(logs.size(), std::size_t{kFirst});
  EXPECT_EQ(std::count_if(logs.begin(), logs.end(),
                          [](const auto& log) { return log.properties.at("remaining") == "0"; }),
            1);
  EXPECT_EQ(counted(), kCalls - kFirst);
}

TEST_F(RateThreadsTest, EveryMs) {
  start();
  in_threads([] { MM_LOG_EVERY_MS(kInfo, 1, "x"); });
  const std::uint64_t passed = flushed().logs.size();
  EXPECT_GE(passed, 1u);
  EXPECT_EQ(counted(), kCalls - passed);
  EXPECT_LE(told(), counted());
}

// Also of threads that never recorded and of those that have ended; a new session begins anew.
TEST_F(RateThreadsTest, TheCountIsTheSessions) {
  start();
  const auto statement = [] { MM_LOG_FIRST_N(kInfo, 1, "x"); };
  statement();
  in_threads(statement);
  EXPECT_EQ(counted(), kCalls);
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  EXPECT_EQ(counted(), kCalls);
  statement();  // nothing runs
  sink_ = std::make_shared<testing_support::RecordingSink>();
  start();
  EXPECT_EQ(counted(), 0u);
  statement();
  EXPECT_EQ(counted(), 1u);
}

}  // namespace
}  // namespace micromegas
