// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Starting, ending, starting again; recording before, after and in between.

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/forked_leaks.h"
#include "micromegas/tests/support/threads.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using testing::NewThreads;
using testing::ThreadNames;
using testing_support::Recorded;
using testing_support::RecordingSink;

class LifetimeTest : public SessionTest {};

TEST_F(LifetimeTest, NothingIsRecordedBeforeTheStartOrAfterTheEnd) {
  const auto statement = [] {
    MM_INFO("x");
    MM_IMETRIC("x", "count", 1);
    MM_SPAN("x");
  };
  statement();
  start();
  statement();
  EXPECT_EQ(flushed().logs.size(), 1u);
  EXPECT_TRUE(pipeline::stop_session(0, in(5s)));
  statement();
  const EventStats stats = pipeline::session_stats();
  EXPECT_EQ(of(stats, EventKind::kLog).recorded, 1u);
  EXPECT_EQ(of(stats, EventKind::kSpan).recorded, 2u);
  EXPECT_EQ(sink_->recorded().shutdowns, 1);
}

TEST_F(LifetimeTest, ASecondStartIsAnErrorAndLeavesTheFirstInForce) {
  start();
  pipeline::SessionOptions options;
  options.sink = std::make_shared<RecordingSink>();
  const auto second = pipeline::start_session(std::move(options));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message().find("already running"), std::string::npos);
  MM_INFO("still here");
  EXPECT_EQ(flushed().logs.size(), 1u);
}

TEST_F(LifetimeTest, TheEndLeavesNoThread) {
  const NewThreads threads;
  start();
  const ThreadNames running = {"mm-flush"};
  EXPECT_EQ(threads.once(running), running);
  EXPECT_TRUE(pipeline::stop_session(0, in(5s)));
  EXPECT_EQ(threads.once({}), ThreadNames{});
}

TEST_F(LifetimeTest, AHundredStartsAndEndsUnderFireKeepTheBooks) {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> turns[3] = {};
  std::vector<std::thread> writers;
  for (auto& turn : turns) {
    writers.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        {
          MM_SPAN("w");
          MM_INFO("{}", 1);
          MM_FMETRIC("m", "ms", 0.5);
        }
        ++turn;
        std::this_thread::sleep_for(20us);  // or the actor has more to read than there is time
      }
    });
  }
  // The books are exact when nobody is in the middle of an event that began before the end.
  const auto wait_for_stragglers = [&] {
    for (auto& turn : turns) {
      for (const std::uint64_t seen = turn; turn < seen + 2;) std::this_thread::yield();
    }
  };
  for (int round = 0; round < 100; ++round) {
    auto sink = std::make_shared<RecordingSink>();
    pipeline::SessionOptions options;
    options.sink = sink;
    const auto id = pipeline::start_session(std::move(options));
    ASSERT_TRUE(id) << id.error().message();
    ASSERT_TRUE(sink->wait([](const Recorded& r) { return !r.live.empty(); }));
    ASSERT_TRUE(pipeline::stop_session(*id, in(20s)));
    EXPECT_EQ(testing_support::broken_invariant(sink->recorded()), "") << "round " << round;
    if (round % 2 == 0) continue;  // every other time the next one starts in their midst
    wait_for_stragglers();
    expect_balanced(pipeline::session_stats());
  }
  stop = true;
  for (auto& t : writers) t.join();
  expect_balanced(pipeline::session_stats());
}

TEST_F(LifetimeTest, AStuckSinkBoundsTheStopAndForbidsTheNextStart) {
  class Stuck : public EventSink {
   public:
    void on_shutdown() override {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return open; });
    }
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
  };
  auto stuck = std::make_shared<Stuck>();
  pipeline::SessionOptions options;
  options.sink = stuck;
  start(std::move(options));
  EXPECT_FALSE(pipeline::stop_session(0, in(100ms)));
  pipeline::SessionOptions next;
  next.sink = sink_;
  const auto refused = pipeline::start_session(std::move(next));
  EXPECT_FALSE(refused);
  {
    const std::lock_guard lock(stuck->mutex);
    stuck->open = true;
    stuck->changed.notify_all();
  }
  // Once the sink has returned, telemetry can start again.
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  bool started = false;
  while (!started && std::chrono::steady_clock::now() < deadline) {
    pipeline::SessionOptions again;
    again.sink = sink_;
    started = pipeline::start_session(std::move(again)).has_value();
    if (!started) std::this_thread::yield();
  }
  EXPECT_TRUE(started);
}

TEST_F(LifetimeTest, WhoeverAsksForTheEndWaitsForIt) {
  class Held : public EventSink {
   public:
    void on_shutdown() override {
      inside = true;
      inside.notify_all();
      open.wait(false);
      // From a sink: it is what the end waits for.
      EXPECT_FALSE(pipeline::stop_session(0, in(20s)));
      EXPECT_FALSE(pipeline::flush_session(in(20s)));
    }
    std::atomic<bool> inside{false};
    std::atomic<bool> open{false};
  };
  auto held = std::make_shared<Held>();
  pipeline::SessionOptions options;
  options.sink = held;
  start(std::move(options));
  std::thread first([] { EXPECT_TRUE(pipeline::stop_session(0, in(20s)).mine); });
  held->inside.wait(false);
  EXPECT_FALSE(pipeline::stop_session(0, in(1ms)));
  EXPECT_FALSE(pipeline::flush_session(in(1ms)));
  std::thread second([] {
    const pipeline::Stopped stopped = pipeline::stop_session(0, in(20s));
    EXPECT_TRUE(stopped.complete);
    EXPECT_FALSE(stopped.mine);
  });
  held->open = true;
  held->open.notify_all();
  first.join();
  second.join();
}

int child_exit_code(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST_F(LifetimeTest, AForkedChildIsSilentUntilItStartsItsOwn) {
  start();
  MM_INFO("parent");
  const std::optional<Uuid> parent_id = pipeline::session_process_id();
  std::atomic<bool> stop{false};
  std::thread busy([&] {  // the fork happens in the middle of somebody's recording
    while (!stop.load(std::memory_order_relaxed)) {
      MM_SPAN("busy");
      MM_INFO("{}", "busy");
    }
  });
  for (int round = 0; round < 20; ++round) {
    MM_SPAN("open over the fork");
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      // No gtest here: only exit codes.
      alarm(60);  // a sanitizer's allocator may have been locked when it was forked
      MM_INFO("lost on purpose");
      { MM_SPAN("lost on purpose"); }
      if (pipeline::session_running(0)) _exit(10);
      if (pipeline::session_process_id()) _exit(11);
      EventStats nothing = pipeline::session_stats();
      if (of(nothing, EventKind::kLog).recorded != 0) _exit(12);
      auto own = std::make_shared<RecordingSink>();
      pipeline::SessionOptions options;
      options.sink = own;
      options.process.process_id = Uuid::random();
      if (!pipeline::start_session(std::move(options))) _exit(13);
      if (pipeline::session_process_id() == parent_id) _exit(14);
      MM_INFO("child");
      { MM_SPAN("child"); }
      if (!pipeline::flush_session(in(10s))) _exit(15);
      const Recorded seen = own->recorded();
      if (seen.logs.size() != 1 || seen.logs[0].text != "child") _exit(16);
      if (seen.span_events() != 2) _exit(17);
      if (!pipeline::stop_session(0, in(10s))) _exit(18);
      _exit(0);
    }
    EXPECT_EQ(child_exit_code(child), 0);
  }
  stop = true;
  busy.join();
  std::size_t parents = 0;
  for (const auto& log : flushed().logs) parents += log.text == "parent" ? 1 : 0;
  EXPECT_EQ(parents, 1u);
}

TEST_F(LifetimeTest, ExitInAChildOfARunningProcessDoesNotHang) {
  start();
  MM_INFO("parent");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) exit(0);  // runs the exit handlers, ours among them
  EXPECT_EQ(child_exit_code(child), 0);
}

// A stream that begins when the actor looks would refuse, or move, what was recorded before.
TEST_F(LifetimeTest, PropertiesOfAnEndedTelemetrysSpanAreCountedAndHarmNoOther) {
  using namespace literals;
  start();
  {
    MM_SPAN_VAR(old, "of the first");
    EXPECT_TRUE(pipeline::stop_session(0, in(20s)));
    sink_ = std::make_shared<testing_support::RecordingSink>();
    start();
    old.set("late"_k = 1);
    for (int i = 0; i < 3; ++i) {
      MM_SPAN("of the second");
    }
    EXPECT_EQ(flushed().span_events(), 6u);
  }
}

}  // namespace
}  // namespace micromegas
