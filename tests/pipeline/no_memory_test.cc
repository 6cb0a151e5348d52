// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The flush actor without memory: the host lives, what is lost is counted, and all goes on when
// memory is there again.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/short_memory.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;

class PoorSink : public testing_support::RecordingSink {
 public:
  void on_startup(std::shared_ptr<const ProcessInfo> process) override {
    RecordingSink::on_startup(std::move(process));
    testing_support::set_poor(true);
  }
  bool on_log_enabled(const LogMetadata&) override { return true; }
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    entered_ = true;
    entered_.notify_all();
    held_.wait(true);
    RecordingSink::on_process_log_block(std::move(block));
  }
  // Keeps the actor with the next block of logs.
  void hold() {
    entered_ = false;
    held_ = true;
  }
  void wait_until_entered() { entered_.wait(false); }
  void let_go() {
    held_ = false;
    held_.notify_all();
  }

 private:
  std::atomic<bool> entered_{false};
  std::atomic<bool> held_{false};
};

using NoMemoryTest = SessionTest;

class ShortageTest : public SessionTest, public ::testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(LogOrigin, ShortageTest, ::testing::Bool());

TEST_P(ShortageTest, TheHostLivesAndTheBooksBalance) {
  sink_ = std::make_shared<PoorSink>();
  pipeline::SessionOptions options;
  options.flush.log_origin = GetParam();
  options.flush.tick = GetParam() ? 1h : 1ms;  // many logs, or few, at once
  options.flush.log_block_bytes = 1U << 20;
  options.queue_bytes = 4U << 20;
  start(std::move(options));
  const auto work = [](int times) {
    for (int i = 0; i < times; ++i) {
      MM_SPAN("outer");
      MM_SPAN_DYN("a name that is too long for a small string");
      MM_INFO("{} {}", i, "text");
      MM_IMETRIC("m", "count", i);
      MM_COUNTER("counter", "count", 1);
      MM_HISTOGRAM("histogram", "x", i);
    }
  };
  work(200);
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  testing_support::set_memory_short(true);
  const auto deadline = in(60s);
  // First on a thread that is known, so that its events are read; then with threads for which there
  // is no memory either, so that nothing is.
  for (const bool new_threads : {false, true}) {
    for (const std::uint64_t enough = testing_support::refused_memory() + 1000;
         testing_support::refused_memory() < enough &&
         std::chrono::steady_clock::now() < deadline;) {
      work(500);  // more than there is memory for from before
      if (new_threads) std::thread(work, 200).join();
      pipeline::flush_session(in(1s));
    }
  }
  EXPECT_GE(testing_support::refused_memory(), 2000u);
  testing_support::set_memory_short(false);
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  const auto no_memory = [](EventKind kind) {
    return of(pipeline::session_stats(), kind)
        .dropped[static_cast<std::size_t>(DropReason::kQueueFull)];
  };
  EXPECT_GT(no_memory(EventKind::kLog), 0u);
  EXPECT_GT(no_memory(EventKind::kIntegerMetric), 0u);
  const std::uint64_t before = of(pipeline::session_stats(), EventKind::kLog).delivered;
  work(200);
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kLog).delivered, before + 200);
}

TEST_F(NoMemoryTest, AFlushThatFailedSaysSo) {
  sink_ = std::make_shared<PoorSink>();
  start();
  MM_INFO("of a thread that is known");
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  testing_support::set_memory_short(true);
  std::atomic<bool> recorded{false};
  std::atomic<bool> end{false};
  std::thread unknown([&] {
    MM_INFO("of a thread that there is no memory for");
    recorded = true;
    recorded.notify_all();
    end.wait(false);
  });
  recorded.wait(false);
  EXPECT_FALSE(pipeline::flush_session(in(20s)));
  testing_support::set_memory_short(false);
  EXPECT_TRUE(pipeline::flush_session(in(20s)));
  EXPECT_EQ(sink_->recorded().logs.size(), 2u);
  end = true;
  end.notify_all();
  unknown.join();
}

// An end without room is kept beside the queues, and the actor has no memory to read it.
TEST_F(NoMemoryTest, AKeptEndWaits) {
  for (const bool poor : {false, true}) {  // first all that the ends need but their stream
    auto sink = std::make_shared<PoorSink>();
    sink_ = sink;
    pipeline::SessionOptions options;
    options.queue_bytes = 8 * queue::kSegmentBytes;
    options.flush.period = 1ms;
    start(std::move(options));
    { MM_SPAN("of a thread that is known"); }
    EXPECT_TRUE(pipeline::flush_session(in(20s)));
    sink->hold();
    MM_INFO("into the sink");
    sink->wait_until_entered();
    std::vector<AsyncSpan> spans;
    for (int i = 0; i < 100; ++i) spans.push_back(MM_BEGIN_ASYNC_SPAN("kept"));
    for (int i = 0; i < 50'000; ++i) {
      MM_SPAN("filler");
    }
    spans.clear();
    testing_support::set_memory_short(poor);
    sink->let_go();
    if (poor) {
      EXPECT_FALSE(pipeline::flush_session(in(20s)));
    }
    testing_support::set_memory_short(false);
    EXPECT_TRUE(pipeline::flush_session(in(20s)));
    const KindStats books = of(pipeline::session_stats(), EventKind::kAsyncSpan);
    EXPECT_EQ(books.recorded, 200u);
    EXPECT_EQ(books.delivered + books.dropped_total(), 200u);
    EXPECT_TRUE(pipeline::stop_session(0, in(20s)));
  }
  start();
}

TEST_F(NoMemoryTest, ImagesAreCountedAndTheirBudgetComesBack) {
  sink_ = std::make_shared<PoorSink>();
  pipeline::SessionOptions options;
  options.flush.tick = 1ms;
  options.image_bytes = 1U << 20;
  start(std::move(options));
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  testing_support::set_memory_short(true);
  const auto deadline = in(60s);
  for (const std::uint64_t enough = testing_support::refused_memory() + 200;
       testing_support::refused_memory() < enough && std::chrono::steady_clock::now() < deadline;) {
    send_image("image", "raw", std::vector<std::byte>(100'000));
    pipeline::flush_session(in(1s));
  }
  testing_support::set_memory_short(false);
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  const KindStats lost = of(pipeline::session_stats(), EventKind::kImage);
  EXPECT_GT(lost.dropped[static_cast<std::size_t>(DropReason::kQueueFull)], 0u);
  EXPECT_EQ(lost.recorded, lost.delivered + lost.dropped_total());
  send_image("image", "raw", std::vector<std::byte>(1'000'000));
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kImage).delivered, lost.delivered + 1);
}

}  // namespace
}  // namespace micromegas
