// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/record_buffer.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

namespace micromegas {
namespace {

constexpr std::size_t kPiece = 1000;

// Pieces that say where they stand.
void append(RecordBuffer& buffer, std::size_t pieces) {
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::size_t number = buffer.size() / kPiece;
    std::byte* at = buffer.extend(kPiece);
    std::memset(at, static_cast<int>(number % 251), kPiece);
  }
}

void expect_pieces(const RecordBuffer& buffer, std::size_t pieces) {
  ASSERT_EQ(buffer.size(), pieces * kPiece);
  for (std::size_t i = 0; i < buffer.size(); ++i) {
    ASSERT_EQ(std::to_integer<std::size_t>(buffer.data()[i]), i / kPiece % 251) << i;
  }
}

class RecordBufferTest : public ::testing::Test {
 protected:
  ~RecordBufferTest() override { RecordBuffer::drop_stock(); }
};

TEST_F(RecordBufferTest, KeepsItsBytesAsItGrowsAndIsTrimmed) {
  for (const std::size_t pieces : {1U, 200U, 300U, 700U, 5000U}) {
    RecordBuffer buffer;
    append(buffer, pieces);
    expect_pieces(buffer, pieces);
    buffer.trim();
    expect_pieces(buffer, pieces);
    EXPECT_LE(buffer.capacity(), buffer.size() + buffer.size() / 4 + 4096);
    append(buffer, 10);
    expect_pieces(buffer, pieces + 10);
  }
}

TEST_F(RecordBufferTest, TakesWhatAnotherHasGivenBack) {
  std::size_t capacity = 0;
  {
    RecordBuffer buffer;
    append(buffer, 3000);
    capacity = buffer.capacity();
  }
  RecordBuffer buffer;
  append(buffer, 300);  // large: not of the heap
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.trim();
  EXPECT_LT(buffer.capacity(), capacity);
  expect_pieces(buffer, 300);
}

TEST_F(RecordBufferTest, GrowsWhatItTakesIfThatIsTooSmall) {
  {
    RecordBuffer buffer;
    append(buffer, 300);
  }
  RecordBuffer buffer;
  std::memset(buffer.extend(5'000'000), 7, 5'000'000);
  EXPECT_GE(buffer.capacity(), 5'000'000U);
  EXPECT_EQ(buffer.data()[4'999'999], std::byte{7});
}

TEST_F(RecordBufferTest, StaysAsItIsWithoutMemory) {
  constexpr std::size_t kMoreThanThereIs = std::size_t{1} << 50;
  for (const std::size_t pieces : {0U, 1U, 3000U}) {
    RecordBuffer buffer;
    append(buffer, pieces);
    EXPECT_THROW(buffer.extend(kMoreThanThereIs), std::bad_alloc);
    expect_pieces(buffer, pieces);
    append(buffer, 1);
    expect_pieces(buffer, pieces + 1);
  }
}

TEST_F(RecordBufferTest, Moves) {
  RecordBuffer from;
  append(from, 3000);
  RecordBuffer to;
  append(to, 400);
  to = std::move(from);
  expect_pieces(to, 3000);
  expect_pieces(from, 0);  // NOLINT(bugprone-use-after-move): empty
  append(from, 2);
  expect_pieces(from, 2);
}

}  // namespace
}  // namespace micromegas
