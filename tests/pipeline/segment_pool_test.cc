// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/segment_pool.h"

#include <gtest/gtest.h>

#include <vector>

#include "micromegas/tests/support/pages.h"

namespace micromegas::queue {
namespace {

// Lives as long as the process, as the process's own does.
SegmentPool& new_pool(std::size_t budget, bool huge_pages = true) {
  static auto& pools = *new std::vector<SegmentPool*>;
  pools.push_back(new SegmentPool(huge_pages));
  pools.back()->set_budget(budget);
  return *pools.back();
}

constexpr std::size_t kHuge = SegmentArena::kHugePageBytes;

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
  SegmentPool& pool = new_pool(kHuge + kSegmentBytes);
  Segment* const segment = after_a_round(pool, kSegmentBytes);
  EXPECT_TRUE(segment->of_arena);
  EXPECT_TRUE(segment->touched);
  EXPECT_EQ(testing::pages_there(segment, kSegmentBytes), testing::pages_in(kSegmentBytes));
  EXPECT_EQ(pool.bytes(), kHuge);
}

TEST(SegmentPoolTest, WithoutHugePagesItIsNot) {
  SegmentPool& pool = new_pool(2 * kHuge, /*huge_pages=*/false);
  EXPECT_FALSE(after_a_round(pool, kSegmentBytes)->of_arena);
  EXPECT_EQ(pool.bytes(), kSegmentBytes);
}

TEST(SegmentPoolTest, WhatHasHardlyBeenFilledIsNot) {
  SegmentPool& pool = new_pool(2 * kHuge);
  EXPECT_FALSE(after_a_round(pool, kSegmentHeaderBytes)->of_arena);
}

TEST(SegmentPoolTest, AHugePageThatWouldPassTheBudgetIsNotMade) {
  SegmentPool& pool = new_pool(kHuge);
  EXPECT_FALSE(after_a_round(pool, kSegmentBytes)->of_arena);
  EXPECT_EQ(pool.bytes(), kSegmentBytes);
}

// What is free in a huge page counts as well, and must not lie there while threads find nothing.
TEST(SegmentPoolTest, WholeBudgetCanBeTaken) {
  SegmentPool& pool = new_pool(kHuge + 5 * kSegmentBytes);
  after_a_round(pool, kSegmentBytes);
  std::size_t taken = 1;
  bool fresh = false;
  for (int tick = 0; tick < 2; ++tick) {
    while (pool.take(/*first=*/true, fresh) != nullptr) ++taken;
    pool.tend();
  }
  while (pool.take(/*first=*/true, fresh) != nullptr) ++taken;
  EXPECT_EQ(taken, SegmentArena::kPieces + 5);
  EXPECT_EQ(pool.bytes(), kHuge + 5 * kSegmentBytes);
}

TEST(SegmentPoolTest, OnePageATickIsMadeAtMost) {
  SegmentPool& pool = new_pool(8 * kHuge);
  std::vector<Segment*> small;
  bool fresh = false;
  for (std::uint32_t i = 0; i < 2 * SegmentArena::kPieces; ++i) {
    small.push_back(pool.take(/*first=*/true, fresh));
    SegmentPool::touch(small.back(), kSegmentBytes);
  }
  const auto taken_of_arena = [&] {
    std::uint32_t n = 0;
    while (Segment* segment = pool.take_ready()) n += segment->of_arena ? 1 : 0;
    return n;
  };
  for (std::uint32_t i = 0; i < SegmentArena::kPieces + 1; ++i) pool.give(small[i]);
  EXPECT_EQ(taken_of_arena(), SegmentArena::kPieces);
  pool.tend();
  taken_of_arena();
  pool.give(small.back());
  EXPECT_EQ(taken_of_arena(), 1u);
}

TEST(SegmentPoolTest, ASmallerBudgetTakesThePagesBack) {
  SegmentPool& pool = new_pool(2 * kHuge);
  Segment* const segment = after_a_round(pool, kSegmentBytes);
  pool.give(segment);
  pool.set_budget(0);
  EXPECT_EQ(pool.bytes(), 0u);
  EXPECT_FALSE(testing::is_mapped(segment));
}

}  // namespace
}  // namespace micromegas::queue
