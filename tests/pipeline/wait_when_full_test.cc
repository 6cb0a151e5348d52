// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Threads that wait for room instead of dropping: of which kinds, for how long, and who never does.

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/instrument/span_carrier.h"
#include "micromegas/pipeline/queue/room_wait.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/null_sink.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using queue::Runtime;
using std::chrono::steady_clock;

// As MM_ASYNC_SPAN has it before it is awaited.
AsyncSpan later_span() {
  static constinit SpanMetadata site{.name = "late"};
  AsyncSpan span;
  span.open(AsyncSpan::Later(), site);
  return span;
}

// Holds the actor at the first block of logs until it is opened; does `in_the_way` first.
class HoldingSink : public testing_support::RecordingSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    entered_ = true;
    entered_.notify_all();
    if (auto once = std::exchange(in_the_way, nullptr)) once();
    open_.wait(false);
    RecordingSink::on_process_log_block(std::move(block));
  }
  bool on_log_enabled(const LogMetadata&) override { return false; }  // no live lines
  void wait_until_entered() { entered_.wait(false); }
  void open() {
    open_ = true;
    open_.notify_all();
  }

  std::function<void()> in_the_way;

 private:
  std::atomic<bool> entered_{false};
  std::atomic<bool> open_{false};
};

class WaitWhenFullTest : public SessionTest {
 protected:
  static constexpr int kTooMany = 50'000;  // for the queues

  WaitWhenFullTest() { sink_ = holder_; }

  // The actor is held, the queues are small.
  void hold(queue::Kinds kinds, std::chrono::milliseconds limit = 1h) {
    pipeline::SessionOptions options;
    options.queue_bytes = 8 * queue::kSegmentBytes;
    options.wait = kinds;
    options.wait_limit = limit;
    options.flush.period = 1ms;
    start(std::move(options));
    MM_INFO("into the sink");
    holder_->wait_until_entered();
  }
  static void wait_until_somebody_waits() {
    while (Runtime::get().room_waits().count == 0) std::this_thread::yield();
  }
  static void log(int n) {
    for (int i = 0; i < n; ++i) MM_INFO("number {}", i);
  }
  static std::uint64_t dropped(EventKind kind) {
    return of(pipeline::session_stats(), kind).dropped_total();
  }
  void TearDown() override {
    holder_->open();
    SessionTest::TearDown();
  }

  std::shared_ptr<HoldingSink> holder_ = std::make_shared<HoldingSink>();
};

TEST_F(WaitWhenFullTest, AThreadWaitsUntilThereIsRoom) {
  hold(queue::kLogKinds);
  std::thread writer([] { log(kTooMany); });
  wait_until_somebody_waits();
  holder_->open();
  writer.join();
  EXPECT_EQ(flushed().logs.size(), kTooMany + 1U);
  EXPECT_EQ(dropped(EventKind::kLog), 0U);
  const queue::RoomWaits waits = Runtime::get().room_waits();
  EXPECT_EQ(waits.in_vain, 0U);
  EXPECT_GT(waits.time, 0ns);
}

// As little memory as there can be: every segment is somebody's.
TEST_F(WaitWhenFullTest, AThreadThatHoldsAllMemoryGetsItBack) {
  pipeline::SessionOptions options;
  options.sink = std::make_shared<NullSink>();
  options.queue_bytes = 4 * queue::kSegmentBytes;
  options.wait = queue::kLogKinds | queue::kMetricKinds | queue::kSpanKinds;
  options.wait_limit = 1h;
  start(std::move(options));
  const auto write = [] {
    for (int i = 0; i < kTooMany; ++i) {
      MM_SPAN("span");
      MM_INFO("number {}", i);
    }
  };
  std::thread other(write);
  write();
  other.join();
  EXPECT_GT(Runtime::get().room_waits().count, 0U);
  EXPECT_EQ(Runtime::get().room_waits().in_vain, 0U);
  EXPECT_EQ(dropped(EventKind::kLog) + dropped(EventKind::kSpan), 0U);
}

// The same without waiting: what is dropped is what finds no room, not all that comes after it.
TEST_F(WaitWhenFullTest, WhoDroppedRecordsAgainOnceTheActorWasThere) {
  pipeline::SessionOptions options;
  options.sink = std::make_shared<NullSink>();
  options.queue_bytes = 4 * queue::kSegmentBytes;
  options.flush.tick = 1h;
  Runtime::get().retire_current_thread();  // it may hold some of an earlier test
  start(std::move(options));
  std::latch full(4);
  std::latch flushed(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      log(kTooMany);
      full.arrive_and_wait();
      flushed.wait();
      log(1);
    });
  }
  full.wait();
  EXPECT_TRUE(pipeline::flush_session(in(20s)));
  const std::uint64_t before = dropped(EventKind::kLog);
  flushed.count_down();
  for (auto& thread : threads) thread.join();
  EXPECT_GT(before, 0U);
  EXPECT_EQ(dropped(EventKind::kLog), before);
}

TEST_F(WaitWhenFullTest, SpansWaitWithTheirEnds) {
  hold(queue::kSpanKinds);
  std::thread writer([] {
    for (int i = 0; i < kTooMany; ++i) {
      MM_SPAN("outer");
      MM_SPAN("inner");
    }
  });
  wait_until_somebody_waits();
  holder_->open();
  writer.join();
  EXPECT_EQ(flushed().span_events(), 4U * kTooMany);
  EXPECT_EQ(dropped(EventKind::kSpan), 0U);
}

// Its lock is not held meanwhile.
TEST_F(WaitWhenFullTest, WhoSetsAPropertyDoesNotWaitForTheEndOfTheSpan) {
  hold(queue::kSpanKinds, 60s);
  const detail::SpanCarrierRef carrier(detail::SpanCarrier::make(later_span()));
  std::thread filler([] {
    for (int i = 0; i < kTooMany; ++i) {
      MM_SPAN("span");
    }
  });
  wait_until_somebody_waits();
  std::thread ends([&] { carrier->finish({}); });  // has no queue
  const auto until = steady_clock::now() + 20s;
  while (Runtime::get().room_waits().count < 2 && steady_clock::now() < until) {
    std::this_thread::yield();
  }
  EXPECT_GE(Runtime::get().room_waits().count, 2U);
  carrier->set(kv<"late">(1));
  EXPECT_EQ(Runtime::get().room_waits().in_vain, 0U) << "the wait was over";
  EXPECT_EQ(Runtime::get().lost_properties(), 1U);
  holder_->open();
  ends.join();
  filler.join();
}

// While one that has the track waits.
TEST_F(WaitWhenFullTest, WhoWaitsForATrackSleeps) {
  hold(queue::kSpanKinds);
  Track track("track");
  std::thread filler([&] {
    for (int i = 0; i < kTooMany; ++i) {
      track.begin("span");
      track.end();
    }
  });
  wait_until_somebody_waits();
  std::atomic<pid_t> id{0};
  std::thread waiter([&] {
    id = gettid();
    track.end();
  });
  while (id == 0) std::this_thread::yield();
  // As the system shows it: S is asleep.
  const auto state = [&] {
    std::ifstream file("/proc/self/task/" + std::to_string(id) + "/stat");
    std::string line;
    std::getline(file, line);
    return line.at(line.rfind(')') + 2);
  };
  const auto deadline = steady_clock::now() + 20s;
  while (state() != 'S' && steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(state(), 'S');
  holder_->open();
  waiter.join();
  filler.join();
}

TEST_F(WaitWhenFullTest, OtherKindsAreDroppedAtOnce) {
  hold(queue::kLogKinds);
  for (int i = 0; i < kTooMany; ++i) {  // would hang here
    MM_SPAN("span");
    MM_IMETRIC("metric", "count", i);
    MM_FMETRIC("metric", "count", i);
  }
  EXPECT_EQ(Runtime::get().room_waits().count, 0U);
  holder_->open();
  flushed();
  EXPECT_GT(dropped(EventKind::kSpan), 0U);
  EXPECT_GT(dropped(EventKind::kIntegerMetric), 0U);
}

// A stall costs the limit once, not at each event.
TEST_F(WaitWhenFullTest, AWaitEndsAtItsLimitAndIsTheLastOneUntilThereWasRoom) {
  hold(queue::kLogKinds, 50ms);
  const auto before = steady_clock::now();
  log(kTooMany);
  EXPECT_GE(steady_clock::now() - before, 50ms);
  queue::RoomWaits waits = Runtime::get().room_waits();
  EXPECT_EQ(waits.count, 1U);
  EXPECT_EQ(waits.in_vain, 1U);
  EXPECT_GE(waits.time, 50ms);
  holder_->open();
  flushed();
  EXPECT_GT(dropped(EventKind::kLog), 1000U);

  const std::uint64_t lost = dropped(EventKind::kLog);
  pipeline::stop_session(0, in(20s));
  holder_ = std::make_shared<HoldingSink>();
  sink_ = holder_;
  hold(queue::kLogKinds);
  EXPECT_GT(lost, 0U);
  std::thread writer([] { log(kTooMany); });
  wait_until_somebody_waits();
  EXPECT_EQ(Runtime::get().room_waits().count, 1U) << "counts begin anew";
  holder_->open();
  writer.join();
}

TEST_F(WaitWhenFullTest, TheEndWakesWhoWaits) {
  hold(queue::kLogKinds);
  std::thread writer([] { log(kTooMany); });
  wait_until_somebody_waits();
  std::thread end([] { pipeline::stop_session(0, in(20s)); });
  writer.join();  // while the actor is still held
  holder_->open();
  end.join();
  EXPECT_EQ(Runtime::get().room_waits().in_vain, 0U);
}

// It is what makes the room.
TEST_F(WaitWhenFullTest, TheActorNeverWaits) {
  holder_->in_the_way = [] { log(kTooMany); };  // would hang here
  hold(queue::kLogKinds);
  holder_->open();
  flushed();
  EXPECT_GT(dropped(EventKind::kLog), 0U);
  EXPECT_EQ(Runtime::get().room_waits().count, 0U);
}

TEST_F(WaitWhenFullTest, AForkedChildNeverWaits) {
  hold(queue::kLogKinds);
  std::thread writer([] { log(kTooMany); });
  wait_until_somebody_waits();
  const int result = testing::run_child([] {
    log(kTooMany);
    // With a telemetry of its own, whose server is nobody.
    pipeline::SessionOptions options;
    options.sink = std::make_shared<testing_support::RecordingSink>();
    options.process = dispatch::make_process_info(Uuid::random(), std::nullopt, {});
    options.queue_bytes = 8 * queue::kSegmentBytes;
    if (!pipeline::start_session(std::move(options))) _exit(2);
    log(kTooMany);
    if (Runtime::get().room_waits().count != 0) _exit(3);
    pipeline::stop_session(0, in(20s));
    _exit(0);
  });
  EXPECT_TRUE(testing::exited_with(result, 0)) << result;
  holder_->open();
  writer.join();
}

// What takes the blocks has no more room than for what is on its way: writers wait, and go on.
TEST_F(WaitWhenFullTest, AThreadWaitsForWhatTakesTheBlocks) {
  std::atomic<bool> full{true};
  pipeline::SessionOptions options;
  options.wait = queue::kLogKinds;
  options.wait_limit = 1h;
  options.sink = std::make_shared<NullSink>();
  options.flush.log_block_bytes = 64U << 10;
  options.flush.full = [&] { return full ? queue::kLogKinds : queue::Kinds{0}; };
  start(std::move(options));
  std::atomic<bool> stop{false};
  std::atomic<bool> done{false};
  std::thread writer([&] {
    while (!stop) log(1000);
    done = true;
  });
  wait_until_somebody_waits();
  stop = true;
  for (int i = 0; i < kTooMany; ++i) MM_IMETRIC("metric", "count", i);  // of no kind that waits
  EXPECT_FALSE(done);
  full = false;
  writer.join();
  flushed();
  EXPECT_EQ(dropped(EventKind::kLog), 0U);
  pipeline::stop_session(0, in(20s));  // `full` goes
}

TEST_F(WaitWhenFullTest, WhatWaitedInVainForWhatTakesTheBlocksIsNotDroppedHere) {
  pipeline::SessionOptions options;
  options.wait = queue::kLogKinds;
  options.wait_limit = 20ms;
  options.sink = std::make_shared<NullSink>();
  options.flush.log_block_bytes = 64U << 10;
  options.flush.full = [] { return queue::kLogKinds; };
  start(std::move(options));
  // From the actor's first tick on, which the queues must last until.
  const auto until = steady_clock::now() + 20s;
  while (Runtime::get().room_waits().count == 0 && steady_clock::now() < until) {
    log(10);
    std::this_thread::yield();
  }
  log(kTooMany);
  EXPECT_EQ(Runtime::get().room_waits().in_vain, 1U);
  flushed();
  EXPECT_EQ(dropped(EventKind::kLog), 0U);
}

// The end of one telemetry and the beginning of the next, before who waits has woken up.
TEST(RoomWait, WhoWaitedForAnEarlierLifeWaitsNoMore) {
  queue::RoomWait room;
  room.begin(queue::kLogKinds, 1h);
  std::thread waiter(
      [&] { EXPECT_FALSE(room.wait_for_memory(EventKind::kLog, [] { return false; })); });
  while (room.counts().count == 0) std::this_thread::yield();
  room.end();
  room.begin(queue::kLogKinds, 1h);
  waiter.join();  // would hang here
  EXPECT_EQ(room.counts().count, 0U);
  EXPECT_EQ(room.counts().time, 0ns);
}

TEST(RoomWait, WhatDoesNotWaitTakesNothingFromWhoWaits) {
  queue::RoomWait room;
  room.begin(queue::kLogKinds, 1h);
  EXPECT_TRUE(room.may_take(EventKind::kIntegerMetric));
  std::atomic<bool> there{false};
  std::thread waiter(
      [&] { EXPECT_TRUE(room.wait_for_memory(EventKind::kLog, [&] { return there.load(); })); });
  while (room.counts().count == 0) std::this_thread::yield();
  EXPECT_FALSE(room.may_take(EventKind::kIntegerMetric));
  EXPECT_TRUE(room.may_take(EventKind::kLog));
  there = true;
  room.room_made();
  waiter.join();
  EXPECT_TRUE(room.may_take(EventKind::kIntegerMetric));
}

TEST(RoomWait, AStallIsWaitedForOnceNotOnceForEachKind) {
  queue::RoomWait room;
  room.begin(queue::kLogKinds | queue::kMetricKinds | queue::kSpanKinds, 1ms);
  const auto never = [] { return false; };
  EXPECT_FALSE(room.wait_for_memory(EventKind::kLog, never));
  EXPECT_FALSE(room.wait_for_memory(EventKind::kFloatMetric, never));
  EXPECT_FALSE(room.wait_for_memory(EventKind::kSpan, never));
  EXPECT_EQ(room.counts().count, 1U);
  room.set_full(queue::kSpanKinds);
  room.wait_while_full(EventKind::kAsyncSpan);
  room.wait_while_full(EventKind::kSpan);
  EXPECT_EQ(room.counts().count, 2U);
  room.set_full(queue::kSpanKinds | queue::kLogKinds | queue::kMetricKinds);  // worse
  room.wait_while_full(EventKind::kIntegerMetric);
  room.wait_while_full(EventKind::kLog);
  room.wait_while_full(EventKind::kSpan);
  EXPECT_EQ(room.counts().count, 3U);
  EXPECT_EQ(room.counts().in_vain, 3U);
}

// Cancelled while it waits: it goes on until it comes to a point of the program's own.
TEST_F(WaitWhenFullTest, AThreadIsNotCancelledInAWait) {
  hold(queue::kLogKinds);
  std::atomic<bool> recorded{false};
  std::thread writer([&] {
    log(kTooMany);
    recorded = true;
    pthread_testcancel();
    ADD_FAILURE() << "it has not been cancelled";
  });
  wait_until_somebody_waits();
  ASSERT_EQ(pthread_cancel(writer.native_handle()), 0);
  holder_->open();
  writer.join();
  EXPECT_TRUE(recorded);
  EXPECT_EQ(dropped(EventKind::kLog), 0U);
}

}  // namespace
}  // namespace micromegas
