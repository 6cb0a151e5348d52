// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A build with threads: nothing is lost, mixed up, given to two sinks or to one that has been
// ended.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
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

// Notes what must not be: a line before the start, at the end or behind it.
class StrictSink : public EventSink {
 public:
  void on_startup(std::shared_ptr<const ProcessInfo> /*process*/) override { open = true; }
  void on_shutdown() override {
    wrong += inside != 0;
    open = false;
    ++shutdowns;
  }
  bool on_log_enabled(const LogMetadata& /*metadata*/) override {
    wrong += !open;
    return true;
  }
  void on_log(const LogMetadata& /*metadata*/, std::span<const Property> /*properties*/,
              std::int64_t /*time*/, std::string_view /*text*/) override {
    ++inside;
    wrong += !open;
    ++lines;
    in_line();
    wrong += !open;
    --inside;
  }

  std::atomic<bool> open{false};
  std::atomic<int> inside{0};
  std::atomic<int> lines{0};
  std::atomic<int> wrong{0};
  std::atomic<int> shutdowns{0};

 private:
  virtual void in_line() {}
};

// Whether it came true in time.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

Result<TelemetryGuard> start(const std::shared_ptr<StrictSink>& sink) {
  return init_telemetry({.console = false, .sinks = {{sink}}});
}

TEST(WasmThreads, StartAndEndUnderFire) {
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&done] {
      for (int i = 0; !done; ++i) MM_INFO("{}", i);
    });
  }
  for (int i = 0; i < 200; ++i) {
    auto sink = std::make_shared<StrictSink>();
    auto telemetry = start(sink);
    ASSERT_TRUE(telemetry);
    EXPECT_TRUE(eventually([&] { return sink->lines > 0; }));
    { const TelemetryGuard ends = std::move(*telemetry); }
    EXPECT_EQ(sink->shutdowns, 1);
    EXPECT_EQ(sink->wrong, 0);
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(WasmThreads, TheEndWaitsForALineOfAnotherThread) {
  class Slow : public StrictSink {
    void in_line() override {
      EXPECT_TRUE(eventually([] { return !process_id(); }));  // somebody is ending it
      EXPECT_FALSE(eventually([this] { return !open; }, std::chrono::milliseconds(200)));
    }
  };
  auto sink = std::make_shared<Slow>();
  auto telemetry = start(sink);
  ASSERT_TRUE(telemetry);
  std::thread thread([] { MM_INFO("a long line"); });
  EXPECT_TRUE(eventually([&] { return sink->inside == 1; }));
  EXPECT_TRUE(shutdown(std::chrono::seconds(20)));
  EXPECT_EQ(sink->shutdowns, 1);
  EXPECT_EQ(sink->wrong, 0);
  thread.join();
}

TEST(WasmThreads, ALineThatStaysBeyondTheDeadlineGivesTheEndItself) {
  class Stuck : public StrictSink {
   public:
    std::atomic<bool> go{false};

   private:
    void in_line() override {
      EXPECT_TRUE(eventually([this] { return go.load(); }));
    }
  };
  auto sink = std::make_shared<Stuck>();
  auto telemetry = start(sink);
  ASSERT_TRUE(telemetry);
  std::thread thread([] { MM_INFO("a stuck line"); });
  EXPECT_TRUE(eventually([&] { return sink->inside == 1; }));
  EXPECT_FALSE(shutdown(std::chrono::milliseconds(1)));
  EXPECT_EQ(sink->shutdowns, 0);
  sink->go = true;
  thread.join();
  EXPECT_EQ(sink->shutdowns, 1);
  EXPECT_EQ(sink->wrong, 0);
}

// The sink's own lock is held while it ends telemetry, and another line waits for it.
TEST(WasmThreads, ASinkMayEndTelemetryWhileAnotherThreadIsInIt) {
  class Quitter : public StrictSink {
   public:
    std::atomic<int> quits{0};

   private:
    void in_line() override {
      const std::lock_guard lock(mutex_);
      if (!first_.exchange(false)) return;
      EXPECT_TRUE(eventually([this] { return inside == 2; }));
      quits += shutdown(std::chrono::seconds(20));
      EXPECT_EQ(shutdowns, 0);
    }
    std::mutex mutex_;
    std::atomic<bool> first_{true};
  };
  auto sink = std::make_shared<Quitter>();
  auto telemetry = start(sink);
  ASSERT_TRUE(telemetry);
  std::thread one([] { MM_INFO("one"); });
  std::thread two([] { MM_INFO("two"); });
  one.join();
  two.join();
  EXPECT_EQ(sink->quits, 1);
  EXPECT_EQ(sink->shutdowns, 1);
  EXPECT_EQ(sink->wrong, 0);
}

}  // namespace
}  // namespace micromegas
