// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What dispatch.h knows of the asynchronous spans that are open.

#include "micromegas/pipeline/queue/open_async_spans.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace micromegas::queue {
namespace {

using Removed = OpenAsyncSpans::Removed;

TEST(OpenAsyncSpans, AnIdIsOpenOnce) {
  OpenAsyncSpans spans;
  EXPECT_EQ(spans.remove(1, 7), Removed::kUnknown);
  EXPECT_EQ(spans.add(1, 7), std::nullopt);
  EXPECT_EQ(spans.remove(2, 7), Removed::kUnknown);
  EXPECT_EQ(spans.remove(1, 7), Removed::kOpen);
  EXPECT_EQ(spans.remove(1, 7), Removed::kUnknown);
}

TEST(OpenAsyncSpans, WhatAnEarlierSessionLeftIsToldApartAndTakesNoPlace) {
  OpenAsyncSpans spans;
  EXPECT_EQ(spans.add(1, 0xffff), std::nullopt);
  EXPECT_EQ(spans.remove(1, 0x10000), Removed::kOfAnotherSession);
  for (std::uint32_t session = 0xfffd; session < 0x10003; ++session) {
    for (std::uint64_t id = 1; id <= OpenAsyncSpans::kMax; ++id) {
      ASSERT_EQ(spans.add(session * OpenAsyncSpans::kMax + id, session), std::nullopt);
    }
  }
}

// Late for the end of its session, which another thread knows of already.
TEST(OpenAsyncSpans, WhoIsLateTakesNoPlaceOfTheNextSession) {
  OpenAsyncSpans spans;
  std::uint64_t id = 1;
  while (!spans.add(id, 8)) ++id;
  EXPECT_NE(spans.add(id, 7), std::nullopt);
  for (std::uint64_t open = 1; open < id; ++open) {
    ASSERT_EQ(spans.remove(open, 8), Removed::kOpen);
  }
}

TEST(OpenAsyncSpans, AsManyAsPromisedHoweverTheyAreSpread) {
  for (const std::uint64_t stride : {1U, 2U, 8U, 1024U, 65536U}) {
    OpenAsyncSpans spans;
    for (std::uint64_t i = 0; i < OpenAsyncSpans::kMax; ++i) {
      ASSERT_EQ(spans.add(1 + i * stride, 1), std::nullopt) << stride << " " << i;
    }
  }
}

// Two threads end the same at the same moment, while others come and go.
TEST(OpenAsyncSpans, OneOfTwoEndsIsTheEnd) {
  constexpr int kRounds = 20'000;
  OpenAsyncSpans spans;
  std::atomic<int> turn{0};
  std::atomic<int> open{0};
  const auto both = [&](int round) {
    ++turn;
    for (int spins = 0; turn < 2 * round; ++spins) {
      if (spins > 1000) std::this_thread::yield();
    }
  };
  const auto end = [&](bool begins) {
    for (int i = 0; i < kRounds; ++i) {
      const auto id = static_cast<std::uint64_t>(i) + 1;
      if (begins) {
        EXPECT_EQ(spans.add(id, 1), std::nullopt);
      }
      both(3 * i + 1);
      if (spans.remove(id, 1) == Removed::kOpen) ++open;
      const std::uint64_t own = id + (begins ? 1'000'000 : 2'000'000);
      EXPECT_EQ(spans.add(own, 1), std::nullopt);
      EXPECT_EQ(spans.remove(own, 1), Removed::kOpen);
      both(3 * i + 2);
      ASSERT_EQ(open, i + 1);
      both(3 * i + 3);
    }
  };
  std::thread other(end, false);
  end(true);
  other.join();
}

}  // namespace
}  // namespace micromegas::queue
