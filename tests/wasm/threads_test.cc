// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A build with threads: nothing is lost, mixed up or given to two sinks.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/dispatch.h"
#include "micromegas/pipeline/sink/memory_sink.h"
#include "micromegas/telemetry.h"

namespace micromegas {
namespace {

constinit SpanMetadata g_span{.name = "s"};

TEST(WasmThreads, LoseNothing) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kLogs = 500;
  auto sink = std::make_shared<MemorySink>();
  const auto telemetry = init_telemetry({.console = false, .sinks = {{sink}}});
  ASSERT_TRUE(telemetry);
  std::vector<std::vector<std::uint64_t>> ids(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, &ids] {
      for (std::size_t i = 0; i < kLogs; ++i) {
        MM_INFO("{} {}", t, i);
        ids[t].push_back(dispatch::on_begin_async_scope(g_span, 0, 0));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> texts;
  for (const auto& log : sink->logs()) texts.insert(log.text);
  EXPECT_EQ(sink->logs().size(), kThreads * kLogs);
  EXPECT_EQ(texts.size(), kThreads * kLogs);
  std::set<std::uint64_t> all_ids;
  for (const auto& some : ids) all_ids.insert(some.begin(), some.end());
  EXPECT_EQ(all_ids.size(), kThreads * kLogs);
  EXPECT_EQ(stats().total().delivered, kThreads * kLogs);
}

TEST(WasmThreads, StartsAndEndsUnderFire) {
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&done] {
      for (int i = 0; !done; ++i) MM_INFO("{}", i);
    });
  }
  for (int i = 0; i < 100; ++i) {
    auto sink = std::make_shared<MemorySink>();
    const auto telemetry = init_telemetry({.console = false, .sinks = {{sink}}});
    ASSERT_TRUE(telemetry);
    EXPECT_TRUE(sink->wait_for([&] { return !sink->logs().empty(); }, std::chrono::seconds(20)));
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace micromegas
