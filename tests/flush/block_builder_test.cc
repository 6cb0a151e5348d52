// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the contexts of a block take is bounded as its records are: in memory and in a body.

#include "micromegas/pipeline/flush/block_builder.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace micromegas::pipeline {
namespace {

EventContextPtr context(std::size_t properties, std::size_t value_bytes) {
  auto made = std::make_shared<EventContext>();
  for (std::size_t i = 0; i < properties; ++i) {
    made->properties.emplace_back(std::to_string(i), std::string(value_bytes, 'x'));
  }
  return made;
}

class BlockBuilderTest : public ::testing::Test {
 protected:
  void add(const EventContextPtr& context) {
    std::array<std::byte, queue::kRecordHeaderBytes> record{};
    queue::store64(record.data(), queue::header_word(1, queue::RecordKind::kLog, queue::kNoFlags,
                                                     queue::kRecordHeaderBytes));
    builder_.add(record.data(), record.size(), 1, EventKind::kLog, context);
  }

  BlockBuilder builder_{Uuid(), Uuid(), 0, /*merged=*/true};
};

TEST_F(BlockBuilderTest, AContextCountsOnceWhereverItComesAgain) {
  std::vector<EventContextPtr> contexts(100);
  for (EventContextPtr& made : contexts) made = context(1, 1000);
  for (int round = 0; round < 10; ++round) {
    for (const EventContextPtr& context : contexts) add(context);
  }
  EXPECT_EQ(builder_.contexts().size(), 100u);
  EXPECT_TRUE(builder_.full(100 * 1000));
  EXPECT_FALSE(builder_.full(100 * 1500));
  const LogBlock block({}, builder_.cut(1).records);
  EXPECT_GT(block.memory_bytes(), 100u * 1000);
  add(contexts.front());
  EXPECT_EQ(builder_.contexts().size(), 1u);
  EXPECT_FALSE(builder_.full(2000));
}

// With each event whose own properties differ, the body has a set that names them all.
TEST_F(BlockBuilderTest, ManyEventsOfAContextOfManyPropertiesAreEnough) {
  const EventContextPtr many = context(1000, 1);
  constexpr std::size_t kNoLimit = SIZE_MAX;
  std::size_t events = 0;
  for (; !builder_.full(kNoLimit) && events < 100'000; ++events) add(many);
  EXPECT_LT(events * 1000 * 16, std::size_t{128} << 20);
  EXPECT_GT(events * 1000 * 16, std::size_t{32} << 20);
  builder_.cut(1);
  EXPECT_FALSE(builder_.full(kNoLimit));
}

}  // namespace
}  // namespace micromegas::pipeline
