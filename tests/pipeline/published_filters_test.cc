// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The filters in force: asked by many threads while another replaces them.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/pipeline/queue/filters.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/support/live_memory.h"

namespace micromegas::queue {
namespace {

std::unique_ptr<PublishedFilters::Version> version(int n) {
  auto out = std::make_unique<PublishedFilters::Version>();
  // On the heap, and all of one version.
  out->filters.spans = n % 2 == 0;
  out->filters.log.targets["the target of an even or an odd version"] =
      n % 2 == 0 ? LevelFilter::kTrace : LevelFilter::kOff;
  return out;
}

TEST(PublishedFilters, NoneEnableNothing) {
  PublishedFilters filters;
  EXPECT_FALSE(filters.ask([](const Filters&) { return true; }));
  filters.publish(version(0));
  EXPECT_TRUE(filters.ask([](const Filters&) { return true; }));
  filters.publish(nullptr);
  EXPECT_FALSE(filters.ask([](const Filters&) { return true; }));
}

TEST(PublishedFilters, WhoAsksSeesOneVersionWholeAndOldOnesAreFreed) {
  PublishedFilters filters;
  filters.publish(version(0));
  std::atomic<bool> stop{false};
  std::atomic<int> asked{0};
  std::vector<std::thread> askers;
  for (int t = 0; t < 3; ++t) {
    askers.emplace_back([&] {
      while (!stop) {
        filters.ask([&](const Filters& f) {
          EXPECT_EQ(f.log.allows(Level::kFatal, "the target of an even or an odd version"),
                    f.spans);
          return true;
        });
        ++asked;
      }
    });
  }
  while (asked < 100) std::this_thread::yield();
  const std::size_t before = testing::live_heap_bytes();
  for (int i = 0; i < 20'000; ++i) filters.publish(version(i));
  stop = true;
  for (auto& asker : askers) asker.join();
  filters.publish(version(0));  // nobody asks any more
  EXPECT_LT(testing::live_heap_bytes(), before + 100'000);
}

// An answer of outdated filters is never kept as one of newer ones: whoever asks after a change
// gets what it says, whoever was asking meanwhile.
TEST(PublishedFilters, AChangeHoldsForAllThatComesAfterIt) {
  Runtime& runtime = Runtime::get();
  runtime.open({}, nullptr);
  static constinit SpanLocation sites[4] = {};
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;
  for (int t = 0; t < 3; ++t) {
    others.emplace_back([&] {
      while (!stop) {
        for (const SpanLocation& site : sites) {
          site.word.store(0, std::memory_order_relaxed);  // ask anew, at any moment
          static_cast<void>(enabled(site));
        }
        static_cast<void>(runtime.log_enabled(Level::kTrace, "target"));
      }
    });
  }
  for (int i = 0; i < 50'000; ++i) {
    const bool on = i % 2 == 0;
    runtime.change_filters([&](Filters& filters) {
      filters.spans = on;
      filters.log.max_level = on ? LevelFilter::kTrace : LevelFilter::kOff;
    });
    for (const SpanLocation& site : sites) ASSERT_EQ(enabled(site), on) << i;
    ASSERT_EQ(runtime.log_enabled(Level::kTrace, "target"), on) << i;
  }
  stop = true;
  for (auto& other : others) other.join();
  runtime.close();
  for (const SpanLocation& site : sites) EXPECT_FALSE(enabled(site));
}

}  // namespace
}  // namespace micromegas::queue
