// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Spans that are recorded always and sent by choice: what a window chooses arrives, the rest is
// counted.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/flush/sample_hold.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/sample_windows.h"
#include "micromegas/testing.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;

// --- windows ---

TEST(SampleWindowsTest, BothEndsBelongToAWindow) {
  queue::SampleWindows windows;
  windows.begin(SpanSampling::kWindows);
  EXPECT_FALSE(windows.overlap(0, 1000));
  windows.add(100, 200);
  windows.add(300, 250);  // none
  EXPECT_FALSE(windows.overlap(0, 99));
  EXPECT_TRUE(windows.overlap(0, 100));
  EXPECT_TRUE(windows.overlap(150, 160));
  EXPECT_TRUE(windows.overlap(0, 1000));
  EXPECT_TRUE(windows.overlap(200, 300));
  EXPECT_FALSE(windows.overlap(201, 300));
}

TEST(SampleWindowsTest, ThoseThatTouchAreOneAndOldOnesAreForgotten) {
  queue::SampleWindows windows;
  windows.begin(SpanSampling::kWindows);
  windows.add(500, 600);
  windows.add(100, 200);
  windows.add(150, 550);
  EXPECT_TRUE(windows.overlap(250, 260));
  windows.forget_before(600);
  EXPECT_TRUE(windows.overlap(100, 100));
  windows.forget_before(601);
  EXPECT_FALSE(windows.overlap(0, 1000));
}

TEST(SampleWindowsTest, AnyNumberOfThemTakesBoundedMemoryAndStaysChosen) {
  queue::SampleWindows windows;
  windows.begin(SpanSampling::kWindows);
  for (int i = 0; i < 100'000; ++i) windows.add(10 * i, 10 * i + 1);
  for (int i = 0; i < 100'000; i += 997) EXPECT_TRUE(windows.overlap(10 * i, 10 * i)) << i;
  EXPECT_FALSE(windows.overlap(999'995, 999'995));
}

// --- holding back, with blocks made up and a clock of the test's ---

class SampleHoldTest : public ::testing::Test {
 protected:
  void add(std::int64_t begin, std::int64_t end, std::size_t bytes = 0) {
    BlockRecords records;
    if (bytes != 0) records.bytes.extend(bytes);
    pipeline::SampleHold::Block block;
    block.stream = stream_;
    block.block = std::make_shared<const ThreadBlock>(BlockHeader{}, std::move(records), 0);
    block.kinds[static_cast<std::size_t>(EventKind::kSpan)] = 1;
    block.begin = begin;
    block.end = block.held_since = end;
    hold_.add(std::move(block));
  }
  // "begin+" for one that was chosen, "begin-" for one that is out.
  std::string decide(std::int64_t too_late, std::set<std::int64_t> chosen,
                     std::size_t max_bytes = 1U << 30) {
    std::string out;
    hold_.decide(
        too_late, max_bytes, [&](const auto& block) { return chosen.contains(block.begin); },
        [&](const auto& block, bool wanted) {
          out += std::to_string(block.begin) + (wanted ? "+" : "-");
        });
    return out;
  }
  std::uint64_t held() const {
    EventStats stats{};
    hold_.add_held(stats);
    return of(stats, EventKind::kSpan).held;
  }

  pipeline::SampleHold hold_;
  std::shared_ptr<pipeline::SampledStream> stream_ = std::make_shared<pipeline::SampledStream>();
};

TEST_F(SampleHoldTest, WaitsUntilItIsTooLate) {
  add(100, 200);
  add(200, 300);
  EXPECT_EQ(decide(200, {}), "");
  EXPECT_EQ(held(), 2u);
  EXPECT_EQ(stream_->held, 2u);
  EXPECT_EQ(decide(201, {}), "100-");
  EXPECT_EQ(decide(300, {200}), "200+");
  EXPECT_EQ(held(), 0u);
  EXPECT_EQ(stream_->held, 0u);
  EXPECT_TRUE(hold_.empty());
}

TEST_F(SampleHoldTest, KeepsTheOrder) {
  add(100, 200);
  add(200, 300);
  add(300, 400);
  EXPECT_EQ(decide(0, {200}), "") << "stands behind an undecided one";
  EXPECT_EQ(decide(0, {100, 200}), "100+200+");
  EXPECT_EQ(decide(1000, {}), "300-");
}

TEST_F(SampleHoldTest, IsBoundedInBytes) {
  for (int i = 0; i < 10; ++i) add(i, i + 1, 10'000);
  EXPECT_EQ(decide(0, {}, 60'000), "0-1-2-3-4-");
  EXPECT_EQ(held(), 5u);
}

// --- a session ---

class SamplingTest : public SessionTest {
 protected:
  static pipeline::SessionOptions windows(std::chrono::milliseconds hold = 3600s) {
    pipeline::SessionOptions options;
    options.span_sampling = SpanSampling::kWindows;
    options.flush.sample_hold = hold;
    return options;
  }
  // On a thread of its own, whose end cuts its block. Returns the time around it.
  static std::pair<std::int64_t, std::int64_t> span_on_a_thread(const std::string& name) {
    const std::int64_t begin = pipeline::now();
    std::thread([&] { MM_SPAN_DYN(name); }).join();
    return {begin, pipeline::now()};
  }
  static void sample(std::pair<std::int64_t, std::int64_t> window) {
    queue::Runtime::get().sample_windows().add(window.first, window.second);
  }
  static KindStats spans() { return of(pipeline::session_stats(), EventKind::kSpan); }
  static bool wait_for(bool (*done)()) {
    const auto deadline = in(20s);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  static std::set<std::string> names(const testing_support::Recorded& recorded) {
    std::set<std::string> out;
    for (const auto& [stream, events] : recorded.spans) {
      for (const auto& event : events) out.insert(event.name);
    }
    return out;
  }
};

TEST_F(SamplingTest, WithoutAWindowNoSpanIsSentAndNothingElseIsTouched) {
  start(windows());
  {
    MM_SPAN("span");
    MM_INFO("log");
    MM_IMETRIC("metric", "count", 1);
    send_image("image", "raw", std::vector<std::byte>(1));
    MM_ASYNC_SPAN_VAR(async, "async");
  }
  const auto recorded = flushed();
  EXPECT_EQ(recorded.logs.size(), 1u);
  EXPECT_EQ(recorded.metrics.size(), 1u);
  EXPECT_EQ(recorded.images.size(), 1u);
  EXPECT_EQ(recorded.span_events(), 0u);
  EXPECT_EQ(spans().recorded, 2u);
  EXPECT_EQ(spans().sampled_out, 2u);
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kAsyncSpan).sampled_out, 2u);
  for (const auto& [id, stream] : recorded.streams) EXPECT_NE(stream.kind, StreamKind::kThread);
}

TEST_F(SamplingTest, AWindowChoosesWhatOverlapsIt) {
  start(windows());
  span_on_a_thread("before");
  const auto slow = span_on_a_thread("slow");
  span_on_a_thread("after");
  sample(slow);
  const auto recorded = flushed();
  EXPECT_EQ(names(recorded), std::set<std::string>{"slow"});
  EXPECT_EQ(recorded.ended.size(), 1u);
  EXPECT_EQ(spans().delivered, 2u);
  EXPECT_EQ(spans().sampled_out, 4u);
}

TEST_F(SamplingTest, AWindowMayBeToCome) {
  start(windows());
  span_on_a_thread("before");
  sample({pipeline::now(), pipeline::now() + 3'600'000'000'000});
  span_on_a_thread("inside");
  EXPECT_EQ(names(flushed()), std::set<std::string>{"inside"});
}

TEST_F(SamplingTest, WhatNobodyChoosesIsHeldUntilItIsTooLate) {
  start(windows());
  span_on_a_thread("first");
  EXPECT_TRUE(wait_for([] { return spans().held == 2; }));
  EXPECT_EQ(spans().sampled_out, 0u);
  const auto slow = span_on_a_thread("second");
  sample(slow);
  // Without a flush(): by the actor's ticks, once the one before is chosen too.
  sample({slow.first - 3'600'000'000'000, slow.first});
  EXPECT_TRUE(sink_->wait([](const auto& r) { return r.span_events() == 4; }));
  EXPECT_EQ(spans().sampled_out, 0u);
}

TEST_F(SamplingTest, TimePassesJudgement) {
  start(windows(100ms));
  span_on_a_thread("nobody's");
  EXPECT_TRUE(wait_for([] { return spans().sampled_out == 2; }));
  EXPECT_EQ(spans().held, 0u);
}

TEST_F(SamplingTest, MemoryPassesJudgementToo) {
  pipeline::SessionOptions options = windows();
  options.flush.sample_hold_bytes = 100'000;
  options.flush.thread_block_bytes = 10'000;
  start(std::move(options));
  for (int i = 0; i < 20'000; ++i) {
    MM_SPAN("many");
  }
  EXPECT_TRUE(wait_for([] { return spans().sampled_out > 0; }));
  EXPECT_TRUE(wait_for([] {
    const KindStats s = spans();
    return s.held + s.sampled_out == 40'000 && s.held < 20'000;
  }));
}

TEST_F(SamplingTest, TheEndDecides) {
  start(windows());
  const auto slow = span_on_a_thread("slow");
  span_on_a_thread("not slow");
  sample(slow);
  EXPECT_TRUE(pipeline::stop_session(0, in(20s)));
  EXPECT_EQ(names(sink_->recorded()), std::set<std::string>{"slow"});
  EXPECT_EQ(spans().sampled_out, 2u);
  EXPECT_EQ(spans().held, 0u);
}

// A logger that flushes each second must not shorten what is held.
TEST_F(SamplingTest, AHandOverAndARecorderDecideNothing) {
  start(windows());
  const auto slow = span_on_a_thread("slow");
  dispatch::flush_log_buffer();
  { testing::Recorder recorder; }
  EXPECT_EQ(spans().held, 2u);
  EXPECT_EQ(spans().sampled_out, 0u);
  sample(slow);
  EXPECT_EQ(names(flushed()), std::set<std::string>{"slow"});
}

TEST_F(SamplingTest, AWindowIsKnownWhileABlockThatItChoseWaits) {
  start(windows());
  span_on_a_thread("front");
  dispatch::flush_log_buffer();
  const std::int64_t old = pipeline::now() - 1'800'000'000'000;
  Track track("track");
  track.begin_at(old, "long");
  track.end();
  dispatch::flush_log_buffer();
  EXPECT_EQ(spans().held, 4u);
  sample({old, old + 1000});
  dispatch::flush_log_buffer();  // it waits behind "front"
  EXPECT_EQ(spans().held, 4u);
  EXPECT_EQ(names(flushed()), std::set<std::string>{"long"});
}

TEST_F(SamplingTest, ATimeThatIsAheadHoldsNobodyUp) {
  start(windows(100ms));
  Track track("track");
  track.span("ahead", pipeline::now(), pipeline::now() + 50'000'000'000);
  EXPECT_TRUE(wait_for([] { return spans().sampled_out == 2; }));
}

TEST_F(SamplingTest, ASwitchToAllGivesAwayWhatIsHeld) {
  start(windows());
  span_on_a_thread("held");
  EXPECT_TRUE(wait_for([] { return spans().held == 2; }));
  queue::Runtime::get().sample_windows().set_mode(SpanSampling::kAll);
  EXPECT_TRUE(sink_->wait([](const auto& r) { return r.span_events() == 2; }));
  MM_SPAN("later");
  queue::Runtime::get().sample_windows().set_mode(SpanSampling::kWindows);
}

// The server reads what is missing between two blocks from their stamps and offsets.
TEST_F(SamplingTest, AGapInAStreamShows) {
  const auto other = std::make_shared<testing_support::RecordingSink>();
  pipeline::SessionOptions options = windows();
  options.sink = other;
  start(std::move(options));
  for (const char* name : {"a", "b", "c"}) {
    const std::int64_t begin = pipeline::now();
    { MM_SPAN_DYN(name); }
    if (*name != 'b') sample({begin, pipeline::now()});
    EXPECT_TRUE(pipeline::flush_session(in(20s)));
  }
  const auto blocks = other->recorded().blocks;
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].header.object_offset, 0);
  EXPECT_EQ(blocks[1].header.object_offset, 4);
  EXPECT_GT(blocks[1].header.begin_time, blocks[0].header.end_time);
}

TEST_F(SamplingTest, ATestSeesAllSpansWhateverIsSent) {
  start(windows());
  testing::Recorder recorder;
  { MM_SPAN("seen"); }
  EXPECT_TRUE(recorder.expect_spans(1, {.name = "seen"}));
}

TEST_F(SamplingTest, ManyThreadsBalanceWhateverIsChosen) {
  pipeline::SessionOptions options = windows(20ms);
  options.flush.thread_block_bytes = 1000;
  const auto other = std::make_shared<testing_support::RecordingSink>();
  options.sink = other;  // has gaps
  start(std::move(options));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 20'000; ++i) {
        MM_SPAN("turn");
        if (i % 1000 == 0) sample({pipeline::now() - 1'000'000, pipeline::now()});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(pipeline::stop_session(0, in(20s)));
  EXPECT_EQ(spans().recorded, 160'000u);
  EXPECT_EQ(spans().delivered, other->recorded().span_events());
  EXPECT_EQ(spans().delivered + spans().sampled_out, 160'000u);
}

}  // namespace
}  // namespace micromegas
