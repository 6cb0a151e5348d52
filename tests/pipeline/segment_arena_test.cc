// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/segment_arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "micromegas/tests/support/pages.h"

namespace micromegas::queue {
namespace {

// Never freed: nor is its memory.
SegmentArena& new_arena() { return *new SegmentArena; }

std::span<std::uint64_t> words(void* piece) {
  return {static_cast<std::uint64_t*>(piece), kSegmentBytes / 8};
}

TEST(SegmentArenaTest, HasNothingBeforeItGrows) { EXPECT_EQ(new_arena().take(), nullptr); }

TEST(SegmentArenaTest, APageIsTakenPieceByPiece) {
  SegmentArena& arena = new_arena();
  ASSERT_TRUE(arena.grow());
  std::vector<std::uintptr_t> pieces;
  while (void* piece = arena.take()) {
    EXPECT_EQ(testing::pages_there(piece, kSegmentBytes), testing::pages_in(kSegmentBytes));
    pieces.push_back(reinterpret_cast<std::uintptr_t>(piece));
  }
  ASSERT_EQ(pieces.size(), SegmentArena::kPieces);
  std::sort(pieces.begin(), pieces.end());
  EXPECT_EQ(pieces.front() % SegmentArena::kPageBytes, 0u);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i], pieces.front() + i * kSegmentBytes);
  }
}

TEST(SegmentArenaTest, WhatIsGivenBackHoldsNoMemoryAndComesAgain) {
  SegmentArena& arena = new_arena();
  ASSERT_TRUE(arena.grow());
  ASSERT_TRUE(arena.grow());
  std::vector<void*> pieces;
  while (void* piece = arena.take()) pieces.push_back(piece);
  ASSERT_EQ(pieces.size(), 2 * SegmentArena::kPieces);
  for (void* piece : {pieces[3], pieces[40]}) {
    std::fill(words(piece).begin(), words(piece).end(), 1);
    arena.give(piece);
    EXPECT_EQ(testing::pages_there(piece, kSegmentBytes), 0u);
    EXPECT_EQ(arena.take(), piece);
    EXPECT_EQ(std::count(words(piece).begin(), words(piece).end(), 1), 0);
    EXPECT_EQ(arena.take(), nullptr);
  }
}

TEST(SegmentArenaTest, WhoTakesAPieceHasItAlone) {
  SegmentArena& arena = new_arena();
  ASSERT_TRUE(arena.grow());
  constexpr std::uint64_t kThreads = 4;
  constexpr int kRounds = 2'000;
  std::vector<std::thread> threads;
  for (std::uint64_t id = 1; id <= kThreads; ++id) {
    threads.emplace_back([&arena, id] {
      for (int round = 0; round < kRounds; ++round) {
        void* const piece = arena.take();
        if (piece == nullptr) continue;  // all had one while it looked
        std::uint64_t& word = words(piece)[(id * 512) % words(piece).size()];
        std::uint64_t& first = words(piece)[0];
        first = id;
        word = id;
        EXPECT_EQ(first, id);
        EXPECT_EQ(word, id);
        arena.give(piece);
      }
    });
  }
  ASSERT_TRUE(arena.grow());
  for (std::thread& thread : threads) thread.join();
  std::size_t pieces = 0;
  while (arena.take() != nullptr) ++pieces;
  EXPECT_EQ(pieces, 2 * SegmentArena::kPieces);
}

}  // namespace
}  // namespace micromegas::queue
