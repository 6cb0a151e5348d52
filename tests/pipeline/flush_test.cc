// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// When blocks are cut, what bounds they have, and that no thread's events wait for it to speak
// again.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/live_memory.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using testing_support::Recorded;

class FlushTest : public SessionTest {};

pipeline::SessionOptions with_period(std::chrono::milliseconds period) {
  pipeline::SessionOptions options;
  options.flush.period = period;
  return options;
}

TEST_F(FlushTest, LiveLinesComeWithoutAFlush) {
  start(with_period(1h));
  MM_INFO("live {}", 1);
  EXPECT_TRUE(sink_->wait([](const Recorded& r) { return r.live.size() == 1; }));
  EXPECT_EQ(sink_->recorded().live[0], "live 1");
}

TEST_F(FlushTest, AStreamsFirstBlockLeavesWithinASecondAndLaterOnesByPeriod) {
  start(with_period(1h));
  MM_INFO("first");
  EXPECT_TRUE(sink_->wait([](const Recorded& r) { return r.logs.size() == 1; }, 5s));
  MM_INFO("second");
  // Shown live, so it has been read; yet it is not in a block.
  EXPECT_TRUE(sink_->wait([](const Recorded& r) { return r.live.size() == 2; }));
  EXPECT_EQ(sink_->recorded().logs.size(), 1u);
}

TEST_F(FlushTest, ThePeriodCutsEveryStream) {
  start(with_period(50ms));
  for (int round = 1; round <= 3; ++round) {
    MM_INFO("x");
    MM_IMETRIC("x", "count", 1);
    { MM_SPAN("x"); }
    const auto n = static_cast<std::size_t>(round);
    EXPECT_TRUE(sink_->wait([n](const Recorded& r) {
      return r.logs.size() == n && r.metrics.size() == n && r.span_events() == 2 * n;
    }));
  }
}

TEST_F(FlushTest, ABlockIsCutWhenItPassesItsSize) {
  pipeline::SessionOptions options = with_period(1h);
  options.flush.log_block_bytes = 100'000;
  start(std::move(options));
  for (int i = 0; i < 10'000; ++i) MM_INFO("{}", i);  // 24 bytes each
  const Recorded recorded = flushed();
  ASSERT_GE(recorded.blocks.size(), 2u);
  for (const auto& block : recorded.blocks) EXPECT_LE(block.header.event_count, 10'000 * 2 / 3);
}

TEST_F(FlushTest, AnIdleThreadsEventsAreFlushed) {
  start(with_period(1h));
  std::latch recorded(1);
  std::latch done(1);
  std::thread idle([&] {
    for (int i = 0; i < 200; ++i) {
      MM_SPAN("idle");
      MM_INFO("idle");
    }
    recorded.count_down();
    done.wait();
  });
  recorded.wait();
  const Recorded seen = flushed();
  EXPECT_EQ(seen.span_events(), 400u);
  EXPECT_EQ(seen.logs.size(), 200u);
  done.count_down();
  idle.join();
}

TEST_F(FlushTest, ASpanOpenAcrossBlocksStaysWhole) {
  start(with_period(1h));
  {
    MM_SPAN("outer");
    { MM_SPAN("inner"); }
    EXPECT_EQ(flushed().span_events(), 3u);
    { MM_SPAN("inner"); }
    EXPECT_EQ(flushed().span_events(), 5u);
  }
  const Recorded recorded = flushed();
  ASSERT_EQ(recorded.spans.size(), 1u);
  EXPECT_EQ(recorded.spans.begin()->second.size(), 6u);
  EXPECT_EQ(recorded.blocks.size(), 3u);
}

TEST_F(FlushTest, AThreadsEndSendsItsStreamAndItsName) {
  start(with_period(1h));
  std::thread([] {
    queue::Runtime::get().set_thread_name("worker-7");
    MM_SPAN("work");
  }).join();
  EXPECT_TRUE(sink_->wait([](const Recorded& r) { return r.span_events() == 2; }));
  const Recorded recorded = sink_->recorded();
  const StreamInfo& stream = recorded.streams.at(recorded.spans.begin()->first);
  EXPECT_EQ(stream.kind, StreamKind::kThread);
  EXPECT_EQ(stream.properties.at("thread-name"), "worker-7");
  EXPECT_FALSE(stream.properties.at("thread-id").empty());
}

TEST_F(FlushTest, AThreadsStreamEndsWithItsThread) {
  start(with_period(1h));
  { MM_SPAN("lives on"); }
  for (int i = 0; i < 10; ++i) {
    std::thread([] { MM_SPAN("short"); }).join();
    std::thread([] { MM_INFO("no span, no stream"); }).join();
  }
  const Recorded recorded = flushed();
  EXPECT_EQ(recorded.spans.size(), 11U);
  EXPECT_EQ(recorded.ended.size(), 10U);
}

// Counts, keeps nothing.
TEST_F(FlushTest, ABurstsMemoryComesBackWhenItsThreadHasEnded) {
  pipeline::SessionOptions options;
  options.flush.tick = 1ms;
  start(std::move(options));
  queue::Runtime::get().retire_current_thread();  // nobody shall hold a segment afterwards
  const std::size_t before = queue::Runtime::get().segment_bytes();
  std::thread([] {
    const std::string text(1000, 'x');
    for (int i = 0; i < 20'000; ++i) MM_INFO("{}", text);
  }).join();
  EXPECT_GT(queue::Runtime::get().segment_bytes(), before);
  const auto deadline = in(60s);
  while (queue::Runtime::get().segment_bytes() > before + (8U << 20) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_LE(queue::Runtime::get().segment_bytes(), before + (8U << 20));
}

class CountingSink : public EventSink {
 public:
  bool on_log_enabled(const LogMetadata&) override { return false; }
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    logs += static_cast<std::uint64_t>(block->event_count());
  }
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override {
    spans += static_cast<std::uint64_t>(block->event_count());
  }
  std::atomic<std::uint64_t> logs{0};
  std::atomic<std::uint64_t> spans{0};
};

TEST_F(FlushTest, ShortLivedThreadsLoseNothingAndLeaveNoMemory) {
#if defined(MICROMEGAS_SANITIZER)
  constexpr int kThreads = 2'000;  // the sanitizers keep something of every thread themselves
#else
  constexpr int kThreads = 100'000;
#endif
  auto sink = std::make_shared<CountingSink>();
  pipeline::SessionOptions options = with_period(1h);
  options.sink = sink;
  start(std::move(options));
  const auto churn = [](int threads) {
    for (int i = 0; i < threads; ++i) {
      std::thread([] {
        MM_SPAN("short");
        MM_INFO("life");
      }).join();
      // Few wait for the actor at a time, so there is little to keep for reuse.
      if (i % 10 != 9) continue;
      ASSERT_TRUE(pipeline::flush_session(in(20s)));
    }
  };
  churn(kThreads / 10);
  const std::size_t before = testing::live_heap_bytes();
  const std::size_t segments = queue::Runtime::get().segment_bytes();
  churn(kThreads - kThreads / 10);
  const std::size_t after = testing::live_heap_bytes();
  EXPECT_EQ(sink->logs, std::uint64_t{kThreads});
  EXPECT_EQ(sink->spans, std::uint64_t{2 * kThreads});
  EXPECT_GT(testing::live_heap_bytes(), 1000U) << "the measure works";
  EXPECT_LT(after, before + (256U << 10)) << "grew from " << before;
  // As many as there were threads between two looks of the actor; they stay in stock.
  EXPECT_LT(queue::Runtime::get().segment_bytes(), segments + 64 * queue::kSegmentBytes);
}

TEST_F(FlushTest, ThreadsThatEndTogetherLoseNothing) {
  start(with_period(1h));
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 50; ++i) {
          MM_SPAN("x");
          MM_INFO("{}", i);
        }
      });
    }
    for (auto& t : threads) t.join();
  }
  const Recorded recorded = flushed();
  EXPECT_EQ(recorded.logs.size(), 20u * 16 * 50);
  EXPECT_EQ(recorded.span_events(), 2u * 20 * 16 * 50);
  EXPECT_EQ(recorded.spans.size(), 20u * 16);
}

struct RecordsWhenDestroyed {
  ~RecordsWhenDestroyed() {
    MM_SPAN("thread-local destructor");
    MM_INFO("from a thread-local destructor");
  }
  int touched = 0;
};

TEST_F(FlushTest, EventsFromThreadLocalDestructorsArrive) {
  start(with_period(1h));
  std::thread([] {
    static thread_local RecordsWhenDestroyed before;  // destroyed after what comes later
    before.touched = 1;
    MM_INFO("body");
  }).join();
  const Recorded recorded = flushed();
  EXPECT_EQ(recorded.logs.size(), 2u);
  EXPECT_EQ(recorded.span_events(), 2u);
}

// Holds every block until it is told to go on.
class LatchSink : public EventSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock>) override {
    std::unique_lock lock(mutex_);
    entered_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_until_entered() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return entered_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool entered_ = false;
  bool open_ = false;
};

TEST_F(FlushTest, WritersFinishWhileASinkIsHeld) {
  auto latch = std::make_shared<LatchSink>();
  pipeline::SessionOptions options = with_period(1ms);
  options.sink = latch;
  options.queue_bytes = 8U << 20;
  start(std::move(options));
  MM_INFO("into the sink");
  latch->wait_until_entered();
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([] {
      for (int i = 0; i < 500'000; ++i) {
        MM_SPAN("w");
        MM_INFO("{}", i);
      }
    });
  }
  for (auto& t : writers) t.join();  // would hang here if a writer waited for the sink
  latch->open();
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  const EventStats stats = pipeline::session_stats();
  EXPECT_EQ(of(stats, EventKind::kLog).recorded, 2'000'001u);
  EXPECT_EQ(of(stats, EventKind::kSpan).recorded, 4'000'000u);
  EXPECT_GT(of(stats, EventKind::kLog).dropped[static_cast<std::size_t>(DropReason::kQueueFull)],
            0u);
  EXPECT_LE(queue::Runtime::get().segment_bytes(), 8U << 20);
}

TEST_F(FlushTest, WhenMemoryIsSpentSpansAreDroppedWholeAndCounted) {
  auto latch = std::make_shared<LatchSink>();
  pipeline::SessionOptions options = with_period(1ms);
  options.sink = latch;
  options.queue_bytes = 256U << 10;
  start(std::move(options));
  MM_INFO("into the sink");
  latch->wait_until_entered();
  for (int i = 0; i < 100'000; ++i) {
    MM_SPAN("outer");
    MM_SPAN("inner");
  }
  latch->open();
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  const EventStats stats = pipeline::session_stats();
  const KindStats& k = of(stats, EventKind::kSpan);
  EXPECT_EQ(k.recorded, 400'000u);
  EXPECT_GT(k.dropped_total(), 0u);
  EXPECT_EQ(k.dropped_total() % 2, 0u);
}

TEST_F(FlushTest, DeepSpansKeepTheirEnds) {
  start(with_period(1h));
  struct Deep {
    static void go(int depth) {
      if (depth == 0) return;
      MM_SPAN("deep");
      go(depth - 1);
    }
  };
  Deep::go(3000);  // more than queue::kMaxOpenSpans
  const Recorded recorded = flushed();
  EXPECT_EQ(recorded.span_events(), 2u * queue::kMaxOpenSpans);
  const EventStats stats = pipeline::session_stats();
  EXPECT_EQ(of(stats, EventKind::kSpan).recorded, 6000u);
}

TEST_F(FlushTest, SpansThatEndOutOfOrderAreRepaired) {
  start(with_period(1h));
  static constinit SpanMetadata a{.name = "a"};
  static constinit SpanMetadata b{.name = "b"};
  auto first = std::make_unique<SpanGuard>(a);
  auto second = std::make_unique<SpanGuard>(b);
  first.reset();  // b is still open: its end is invented, its own end is thrown away
  second.reset();
  { MM_SPAN("after"); }
  const Recorded recorded = flushed();
  std::vector<std::string> names;
  for (const auto& span : recorded.spans.begin()->second) {
    names.push_back((span.kind == SpanEvent::Kind::kBegin ? "+" : "-") + span.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"+a", "+b", "-b", "-a", "+after", "-after"}));
}

// A drop during the hand-over is not told to another flush only.
TEST_F(FlushTest, AsksWhatWasToldBeforeItHandsOver) {
  pipeline::SessionOptions options = with_period(1h);
  options.told_drops = [this] { return sink_->recorded().blocks.size(); };
  std::uint64_t told = 0;
  options.wait_delivered = [&](pipeline::Deadline, std::uint64_t before) {
    told = before;
    return true;
  };
  start(std::move(options));
  MM_INFO("the stream's first block comes by itself");
  flushed();
  MM_INFO("the second one does not");
  EXPECT_EQ(flushed().blocks.size(), 2U);
  EXPECT_EQ(told, 1U);
}

// Each call, in its order.
class NotingSink : public EventSink {
 public:
  void on_startup(std::shared_ptr<const ProcessInfo>) override { note("startup"); }
  void on_shutdown() override { note("shutdown"); }
  void on_init_log_stream(const LogStream& stream) override { open(stream); }
  void on_init_metrics_stream(const MetricsStream& stream) override { open(stream); }
  void on_init_thread_stream(const ThreadStream& stream) override { open(stream); }
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override { take(*block); }
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override {
    take(*block);
  }
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override { take(*block); }
  std::vector<std::string> calls;  // of the actor; read when it has ended

 private:
  void note(std::string call) { calls.push_back(std::move(call)); }
  void open(const StreamInfo& stream) {
    EXPECT_TRUE(open_.insert(stream.stream_id).second) << "announced twice";
  }
  template <class Block>
  void take(const Block& block) {
    EXPECT_EQ(open_.count(block.header().stream_id), 1u);
    note("block");
  }
  std::set<Uuid> open_;
};

TEST_F(FlushTest, ASinkHearsOfTheProcessThenOfEachStreamThenItsBlocks) {
  auto sink = std::make_shared<NotingSink>();
  pipeline::SessionOptions options = with_period(1h);
  options.sink = sink;
  start(std::move(options));
  for (int round = 0; round < 2; ++round) {
    MM_INFO("log");
    MM_IMETRIC("metric", "count", 1);
    std::thread([] { MM_SPAN("span"); }).join();
    { MM_SPAN("span"); }
    ASSERT_TRUE(pipeline::flush_session(in(20s)));
  }
  ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
  ASSERT_GE(sink->calls.size(), 2u + 8);
  EXPECT_EQ(sink->calls.front(), "startup");
  EXPECT_EQ(sink->calls.back(), "shutdown");
  EXPECT_EQ(std::count(sink->calls.begin(), sink->calls.end(), "block") + 2,
            static_cast<std::ptrdiff_t>(sink->calls.size()));
}

class ThrowingSink : public testing_support::RecordingSink {
 public:
  void on_startup(std::shared_ptr<const ProcessInfo>) override { throw 1; }
  void on_log(const LogMetadata&, std::span<const Property>, std::int64_t,
              std::string_view) override {
    throw std::runtime_error("live");
  }
  void on_process_log_block(std::shared_ptr<const LogBlock>) override {
    throw std::runtime_error("block");
  }
  void on_shutdown() override { throw std::runtime_error("shutdown"); }
};

TEST_F(FlushTest, ASinkThatThrowsLosesItsBlocksInTheBooksOnly) {
  pipeline::SessionOptions options = with_period(1h);
  options.sink = std::make_shared<ThrowingSink>();
  start(std::move(options));
  MM_INFO("a");
  MM_IMETRIC("m", "count", 1);
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  const EventStats stats = pipeline::session_stats();
  EXPECT_EQ(of(stats, EventKind::kLog).dropped[static_cast<std::size_t>(DropReason::kSinkFailed)],
            1u);
  EXPECT_EQ(of(stats, EventKind::kIntegerMetric).delivered, 1u);
}

class LoggingSink : public testing_support::RecordingSink {
 public:
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override {
    MM_INFO("a sink logs {}", block->event_count());
    MM_SPAN("in the sink");
    RecordingSink::on_process_metrics_block(block);
  }
};

TEST_F(FlushTest, ASinkMayLog) {
  auto sink = std::make_shared<LoggingSink>();
  sink_ = sink;
  start(with_period(1h));
  MM_IMETRIC("m", "count", 1);
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  const Recorded recorded = flushed();
  ASSERT_EQ(recorded.logs.size(), 1u);
  EXPECT_EQ(recorded.logs[0].text, "a sink logs 1");
}

TEST_F(FlushTest, FatalWaitsForTheLiveSinks) {
  for (int tries = 1;; ++tries) {
    start(with_period(1h));
    const auto before = std::chrono::steady_clock::now();
    MM_FATAL("the end is near");
    // It waits no longer than that: without a processor it may have gone on alone.
    if (std::chrono::steady_clock::now() - before < 250ms || tries == 5) break;
    ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
    sink_ = std::make_shared<testing_support::RecordingSink>();
  }
  EXPECT_EQ(sink_->recorded().live.size(), 1u);
}

}  // namespace
}  // namespace micromegas
