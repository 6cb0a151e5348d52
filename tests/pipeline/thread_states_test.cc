// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/thread_states.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>

namespace micromegas::queue {
namespace {

bool in_hot_page(const ThreadState& state) {
  const std::less<const void*> before;
  return !before(&state, &micromegas_v0_hot_page) && before(&state, &micromegas_v0_hot_page + 1);
}

std::uintptr_t page_of(const ThreadState& state) {
  return reinterpret_cast<std::uintptr_t>(&state) / alignof(HotPage);
}

TEST(ThreadStates, LieInTheHotPageThenInOthers) {
  static ThreadStates states;  // what it has made is never given back
  constexpr std::size_t kInHotPage = std::size(micromegas_v0_hot_page.states);
  const ThreadState* last = nullptr;
  for (std::size_t i = 0; i < kInHotPage; ++i) {
    const ThreadState& state = states.next();
    EXPECT_EQ(&states.next(), &state) << "not taken yet";
    EXPECT_TRUE(in_hot_page(state)) << i;
    EXPECT_NE(&state, last);
    last = &state;
    states.take();
  }
  const ThreadState& first = states.next();
  static const ThreadState* kept;  // no leak
  kept = &first;
  EXPECT_FALSE(in_hot_page(*kept));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&first) % alignof(HotPage), 0U);
  for (std::size_t i = 0; i < kInHotPage; ++i) {
    EXPECT_EQ(page_of(states.next()), page_of(first)) << i;
    EXPECT_EQ(&states.next(), &first + i);
    states.take();
  }
  EXPECT_NE(page_of(states.next()), page_of(first));
}

}  // namespace
}  // namespace micromegas::queue
