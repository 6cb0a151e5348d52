// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/segment_arena.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "micromegas/tests/support/pages.h"

namespace micromegas::queue {
namespace {

std::vector<std::byte*> take_all(SegmentArena& arena) {
  std::vector<std::byte*> pieces;
  while (void* piece = arena.take()) pieces.push_back(static_cast<std::byte*>(piece));
  return pieces;
}

std::size_t pages_there(std::byte* piece) { return testing::pages_there(piece, kSegmentBytes); }
std::size_t all_pages() { return testing::pages_in(kSegmentBytes); }

TEST(SegmentArenaTest, HasNothingBeforeItGrows) { EXPECT_EQ(SegmentArena().take(), nullptr); }

TEST(SegmentArenaTest, APageIsTakenPieceByPiece) {
  SegmentArena arena;
  ASSERT_TRUE(arena.grow());
  const std::vector<std::byte*> pieces = take_all(arena);
  ASSERT_EQ(pieces.size(), SegmentArena::kPieces);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pieces.front()) % SegmentArena::kHugePageBytes, 0u);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i], pieces.front() + i * kSegmentBytes);
    EXPECT_EQ(pages_there(pieces[i]), all_pages());
  }
}

TEST(SegmentArenaTest, WhatIsGivenBackHoldsNoMemoryAndIsNotTakenAgain) {
  SegmentArena arena;
  ASSERT_TRUE(arena.grow());
  ASSERT_TRUE(arena.grow());
  std::vector<std::byte*> pieces = take_all(arena);
  ASSERT_EQ(pieces.size(), 2 * SegmentArena::kPieces);
  for (std::byte* piece : pieces) std::memset(piece, 1, kSegmentBytes);
  for (std::byte* piece : {pieces[3], pieces[SegmentArena::kPieces + 3]}) {
    arena.give(piece);
    // As the system does now and then, where it knows how to be told to (Linux 6.1).
    constexpr int kCollapse = 25;  // MADV_COLLAPSE, which the headers of Debian 12's C library lack
    madvise(piece - 3 * kSegmentBytes, SegmentArena::kHugePageBytes, kCollapse);
    EXPECT_EQ(pages_there(piece), 0u);
    EXPECT_EQ(pages_there(piece + kSegmentBytes), all_pages());
    EXPECT_EQ(piece[kSegmentBytes], std::byte{1});
  }
  EXPECT_EQ(arena.take(), nullptr);
}

TEST(SegmentArenaTest, WithItsLastPieceAPageGoes) {
  SegmentArena arena;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(arena.grow());
  std::vector<std::byte*> pieces = take_all(arena);
  std::sort(pieces.begin(), pieces.end());
  ASSERT_EQ(pieces.size(), 3 * SegmentArena::kPieces);
  // The pages in any order, the last piece of each first.
  for (const std::size_t page : {1U, 0U, 2U}) {
    std::byte* const begin = pieces[page * SegmentArena::kPieces];
    for (std::size_t i = SegmentArena::kPieces; i-- > 0;) {
      EXPECT_TRUE(testing::is_mapped(begin));
      arena.give(begin + i * kSegmentBytes);
    }
    EXPECT_FALSE(testing::is_mapped(begin));
  }
}

}  // namespace
}  // namespace micromegas::queue
