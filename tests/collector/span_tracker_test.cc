// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/span_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace micromegas::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SpanTrackerTest : public ::testing::Test {
 protected:
  using Marks = std::vector<SpanTracker::Mark>;

  SpanTracker::Mark begin(const char* name, std::int64_t time) {
    return {.name = tracker_.intern(name), .is_begin = true, .time = time};
  }
  SpanTracker::Mark end(const char* name, std::int64_t time) {
    return {.name = tracker_.intern(name), .time = time};
  }
  SpanTracker::Mark async_begin(std::uint64_t id, std::int64_t time) {
    return {.name = tracker_.intern("task"),
            .is_begin = true,
            .is_async = true,
            .time = time,
            .span_id = id};
  }
  SpanTracker::Mark async_end(std::uint64_t id, std::int64_t time) {
    return {.name = tracker_.intern("task"), .is_async = true, .time = time, .span_id = id};
  }

  void add(std::int64_t first_event, Marks marks, const Uuid& stream = kStream) {
    const auto count = static_cast<std::int64_t>(marks.size());
    tracker_.add_block(kProcess, stream, "main-1", first_event, count, std::move(marks), finished_);
  }

  // "name duration" of each span in the order in which they ended, and forgets them.
  std::vector<std::string> finished() {
    std::vector<std::string> texts;
    for (const FinishedSpan& span : finished_) {
      texts.push_back(span.name + " " + std::to_string(span.duration_ns));
    }
    finished_.clear();
    return texts;
  }
  CollectorStats stats() const {
    CollectorStats stats;
    tracker_.fill(stats);
    return stats;
  }

  static inline const Uuid kProcess = Uuid::random();
  static inline const Uuid kStream = Uuid::random();
  SpanTracker tracker_;
  std::vector<FinishedSpan> finished_;
};

TEST_F(SpanTrackerTest, PairsNestedSpans) {
  add(0, {begin("outer", 10), begin("inner", 20), end("inner", 25), end("outer", 100)});
  EXPECT_EQ(finished_.at(0).thread, "main-1");
  EXPECT_EQ(finished_.at(0).begin_time, 20);
  EXPECT_THAT(finished(), ElementsAre("inner 5", "outer 90"));
  EXPECT_EQ(stats().finished_spans, 2U);
  EXPECT_EQ(stats().orphan_span_ends + stats().unclosed_spans + stats().span_gaps, 0U);
}

TEST_F(SpanTrackerTest, PairsAcrossBlocks) {
  add(0, {begin("a", 10), begin("b", 20)});
  add(2, {end("b", 30)});
  add(3, {end("a", 50)});
  EXPECT_THAT(finished(), ElementsAre("b 10", "a 40"));
}

TEST_F(SpanTrackerTest, PairsAcrossBlocksThatCameInAnyOrder) {
  add(3, {end("a", 50)});
  add(2, {end("b", 30)});
  EXPECT_THAT(finished(), IsEmpty());
  add(0, {begin("a", 10), begin("b", 20)});
  EXPECT_THAT(finished(), ElementsAre("b 10", "a 40"));
  EXPECT_EQ(stats().span_gaps, 0U);
}

TEST_F(SpanTrackerTest, KeepsThreadsApart) {
  const Uuid other = Uuid::random();
  add(0, {begin("a", 10)});
  add(0, {begin("a", 11), end("a", 12)}, other);
  add(1, {end("a", 20)});
  EXPECT_THAT(finished(), ElementsAre("a 1", "a 10"));
}

TEST_F(SpanTrackerTest, GivesUpABlockThatNeverComes) {
  add(0, {begin("lost", 1)});
  for (std::size_t i = 0; i <= SpanTracker::kMaxEarlyBlocks; ++i) {
    const auto first = static_cast<std::int64_t>(100 + 10 * i);  // each leaves a gap before it
    add(first, {begin("a", 5), end("a", 6)});
  }
  EXPECT_THAT(finished(), ElementsAre("a 1"));
  EXPECT_EQ(stats().span_gaps, 1U);
  EXPECT_EQ(stats().unclosed_spans, 1U);
}

TEST_F(SpanTrackerTest, ABlockThatCameFarTooLateCountsByItself) {
  add(0, {begin("outer", 0), begin("b", 1), end("b", 3)});
  add(1,
      {begin("d", 1), end("d", 8), end("outer", 9)});  // says that it was before the last one's end
  EXPECT_THAT(finished(), ElementsAre("b 2", "d 7"));
  EXPECT_EQ(stats().span_gaps, 1U);
  EXPECT_EQ(stats().orphan_span_ends, 1U);
  add(3, {end("outer", 10)});
  EXPECT_THAT(finished(), ElementsAre("outer 10"));
}

TEST_F(SpanTrackerTest, CountsEndsAndBeginsThatAreAlone) {
  add(0, {end("never begun", 1), begin("outer", 2), begin("never ended", 3), end("outer", 4),
          begin("open", 5)});
  EXPECT_THAT(finished(), ElementsAre("outer 2"));
  EXPECT_EQ(stats().orphan_span_ends, 1U);
  EXPECT_EQ(stats().unclosed_spans, 1U);
  tracker_.end_all(finished_);
  EXPECT_EQ(stats().unclosed_spans, 2U);
}

TEST_F(SpanTrackerTest, EndAllRunsWhatWaited) {
  add(7, {begin("a", 5), end("a", 9)});
  EXPECT_THAT(finished(), IsEmpty());
  tracker_.end_all(finished_);
  EXPECT_THAT(finished(), ElementsAre("a 4"));
  EXPECT_EQ(stats().span_gaps, 1U);
}

TEST_F(SpanTrackerTest, PairsAsyncSpansAcrossThreadsInAnyOrder) {
  const Uuid other = Uuid::random();
  add(0, {async_end(7, 30)});
  add(0, {async_begin(7, 10), async_begin(8, 11)}, other);
  add(1, {async_end(8, 12)});
  ASSERT_EQ(finished_.size(), 2U);
  EXPECT_TRUE(finished_[0].is_async);
  EXPECT_THAT(finished(), ElementsAre("task 20", "task 1"));
}

TEST_F(SpanTrackerTest, KeepsTheSlowestAndSumsByName) {
  Marks marks;
  for (int i = 1; i <= 100; ++i) {
    marks.push_back(begin(i % 2 == 0 ? "even" : "odd", 0));
    marks.push_back(end(i % 2 == 0 ? "even" : "odd", i));
  }
  add(0, marks);
  const CollectorStats stats = this->stats();
  ASSERT_EQ(stats.slowest_spans.size(), SpanTracker::kSlowest);
  EXPECT_EQ(stats.slowest_spans.front().duration_ns, 100);
  EXPECT_EQ(stats.slowest_spans.back().duration_ns, 101 - std::int64_t{SpanTracker::kSlowest});
  const std::vector<SpanSummary> rows = tracker_.summaries();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].name, "even");
  EXPECT_EQ(rows[0].count, 50U);
  EXPECT_EQ(rows[0].total_ns, 2'550);
  EXPECT_EQ(rows[0].max_ns, 100);
  EXPECT_EQ(rows[1].max_ns, 99);
}

TEST_F(SpanTrackerTest, WildTimesAndOffsetsDoNotOverflow) {
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  add(0, {begin("a", kMin), end("a", kMax), begin("a", kMax), end("a", kMin)});
  add(kMax, {begin("b", 0), end("b", kMax), begin("b", 0), end("b", kMax)});
  add(kMin, {begin("c", 0), end("c", 1)});
  tracker_.end_all(finished_);
  EXPECT_EQ(finished_.at(0).duration_ns, kMax);
  EXPECT_EQ(finished_.at(1).duration_ns, 0);
  EXPECT_EQ(tracker_.summaries().at(0).total_ns, kMax);
  EXPECT_EQ(stats().finished_spans, 5U);
}

TEST_F(SpanTrackerTest, CutsLongNamesAtACharacter) {
  const std::string name = std::string(SpanTracker::kMaxNameBytes - 1, 'x') + "\xC3\xA9";
  add(0, {begin(name.c_str(), 0), end(name.c_str(), 1)});
  EXPECT_EQ(finished_.at(0).name, std::string(SpanTracker::kMaxNameBytes - 1, 'x'));
}

TEST_F(SpanTrackerTest, BoundsTheNumberOfNames) {
  for (std::size_t i = 0; i < 2 * SpanTracker::kMaxNames; ++i) {
    ASSERT_LT(tracker_.intern(std::to_string(i)), SpanTracker::kMaxNames);
  }
  EXPECT_EQ(tracker_.intern("one more"), tracker_.intern("another"));
}

TEST_F(SpanTrackerTest, SpansThatEndedTakeNoRoom) {
  Marks marks;
  for (std::size_t i = 0; i < SpanTracker::kMaxHeldMarks / 8; ++i) {
    marks.push_back(begin("a", 0));
    marks.push_back(end("a", 1));
  }
  for (std::int64_t i = 0; i < 10; ++i) {
    add(i * static_cast<std::int64_t>(marks.size()), marks);
    finished_.clear();
  }
  EXPECT_EQ(stats().finished_spans, 10 * marks.size() / 2);
  EXPECT_EQ(stats().unclosed_spans, 0U);
}

TEST_F(SpanTrackerTest, BlocksThatWaitedTakeNoRoom) {
  const Marks marks(SpanTracker::kMaxHeldMarks / 2, end("a", 1));
  const auto size = static_cast<std::int64_t>(marks.size());
  for (std::int64_t i = 0; i < 10; ++i) {
    add((2 * i + 1) * size, marks);
    add(2 * i * size, marks);
  }
  EXPECT_EQ(stats().span_gaps, 0U);
}

TEST_F(SpanTrackerTest, BoundsTheOpenSpans) {
  const Marks marks(SpanTracker::kMaxHeldMarks / 4, begin("a", 0));
  for (std::int64_t i = 0; i < 6; ++i) add(i * static_cast<std::int64_t>(marks.size()), marks);
  EXPECT_EQ(stats().unclosed_spans, SpanTracker::kMaxHeldMarks / 2);
}

}  // namespace
}  // namespace micromegas::collector
