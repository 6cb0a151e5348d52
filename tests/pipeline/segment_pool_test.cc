// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/segment_pool.h"

#include <gtest/gtest.h>

#include <vector>

#include "micromegas/platform/page_memory.h"
#include "micromegas/tests/support/pages.h"

namespace micromegas::queue {
namespace {

// Never freed: nor are its segments.
SegmentPool& new_pool(std::size_t budget) {
  auto* pool = new SegmentPool;
  pool->set_budget(budget);
  return *pool;
}

// A thread's first segment comes back, and goes to another one.
Segment* after_a_round(SegmentPool& pool, std::uint32_t filled) {
  bool fresh = false;
  Segment* segment = pool.take(/*first=*/true, fresh);
  EXPECT_FALSE(segment->of_arena);
  SegmentPool::touch(segment, filled);
  pool.give(segment);
  segment = pool.take(/*first=*/false, fresh);
  EXPECT_FALSE(fresh);
  return segment;
}

TEST(SegmentPoolTest, WhatHasBeenFilledIsReplacedByAPieceOfAHugePage) {
  SegmentPool& pool = new_pool(SegmentArena::kPageBytes + kSegmentBytes);
  Segment* const segment = after_a_round(pool, kSegmentBytes);
  EXPECT_EQ(segment->of_arena, has_huge_pages(SegmentArena::kPageBytes));
  EXPECT_TRUE(segment->touched);
  EXPECT_EQ(testing::pages_there(segment, kSegmentBytes), testing::pages_in(kSegmentBytes));
  EXPECT_EQ(pool.bytes(), kSegmentBytes);
}

TEST(SegmentPoolTest, WhatHasHardlyBeenFilledIsNot) {
  SegmentPool& pool = new_pool(2 * SegmentArena::kPageBytes);
  EXPECT_FALSE(after_a_round(pool, kSegmentHeaderBytes)->of_arena);
}

TEST(SegmentPoolTest, AHugePageThatWouldPassTheBudgetIsNotMade) {
  SegmentPool& pool = new_pool(SegmentArena::kPageBytes);
  EXPECT_FALSE(after_a_round(pool, kSegmentBytes)->of_arena);
}

TEST(SegmentPoolTest, WhatIsDiscardedComesAgainWithItsMemory) {
  SegmentPool& pool = new_pool(2 * SegmentArena::kPageBytes);
  Segment* const segment = after_a_round(pool, kSegmentBytes);
  const bool huge = segment->of_arena;
  pool.discard(segment);
  EXPECT_EQ(pool.bytes(), 0u);
  bool fresh = false;
  Segment* const next = pool.take(/*first=*/false, fresh);
  EXPECT_TRUE(fresh);
  EXPECT_EQ(next->of_arena, huge);
  EXPECT_EQ(testing::pages_there(next, kSegmentBytes), testing::pages_in(kSegmentBytes));
  EXPECT_EQ(pool.bytes(), kSegmentBytes);
}

}  // namespace
}  // namespace micromegas::queue
