// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Property sets among threads and processes.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_set_stats.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

TEST(PropertySet, ThreadsAgreeOnEachSet) {
  constexpr int kThreads = 4;
  constexpr int kSets = 500;
  std::vector<std::vector<const PropertySet*>> seen(kThreads);
  std::atomic<int> ready{0};
  const auto before = property_set_stats().interned;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      ++ready;
      while (ready < kThreads) std::this_thread::yield();
      for (int i = 0; i < kSets; ++i) {
        const std::string value = std::to_string(i);
        const PropertySet& set = PropertySet::intern({{"race", value}});
        EXPECT_EQ(PropertySet::by_id(set.id()), &set);
        EXPECT_EQ(set.find("race"), value);
        seen[static_cast<std::size_t>(t)].push_back(&set);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int t = 1; t < kThreads; ++t) EXPECT_EQ(seen[0], seen[static_cast<std::size_t>(t)]);
  std::set<std::uint32_t> ids;
  for (const PropertySet* set : seen[0]) ids.insert(set->id());
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kSets));
  EXPECT_EQ(property_set_stats().interned - before, static_cast<std::uint64_t>(kSets));
}

// As the flush actor does when sets multiply. Two threads race for the same new set again and
// again: what the one that loses has made must not have been seen.
TEST(PropertySet, WhatAWalkOverTheIdsHasFoundStays) {
  constexpr int kSets = 200;
  constexpr std::uint32_t kAhead = 4;
  // Large, so that both are at it for a while.
  const std::string padding(PropertySet::kMaxValueBytes - 10, 'x');
  std::atomic<int> turn{0};
  std::atomic<bool> stop{false};
  const auto make = [&] {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < PropertySet::kMaxProperties; ++i) {
      names.push_back("walk" + std::to_string(i));
    }
    for (int i = 0; i < kSets; ++i) {
      const std::string value = padding + std::to_string(i);
      std::vector<Property> properties;
      for (const std::string& name : names) properties.push_back({name, value});
      ++turn;
      while (turn < 2 * (i + 1)) std::this_thread::yield();  // both at once
      PropertySet::intern(properties);
    }
  };
  std::map<std::uint32_t, const PropertySet*> seen;
  std::thread walker([&] {
    std::uint32_t next = 1;
    while (!stop) {
      for (std::uint32_t id = next; id < next + kAhead; ++id) {
        const PropertySet* const set = PropertySet::by_id(id);
        if (set == nullptr) continue;
        seen.emplace(id, set);
        EXPECT_EQ(set->id(), id);
        for (const Property& property : set->properties()) EXPECT_FALSE(property.name.empty());
        next = id + 1;
      }
    }
  });
  std::thread makers[] = {std::thread(make), std::thread(make)};
  for (auto& maker : makers) maker.join();
  stop = true;
  walker.join();
  for (const auto& [id, set] : seen) EXPECT_EQ(PropertySet::by_id(id), set) << id;
}

TEST(PropertySet, ChildForkedInTheMiddleOfInterningDoesNotHang) {
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    for (int i = 0; !stop && i < 20'000; ++i) {
      const std::string value = std::to_string(i);
      PropertySet::intern({{"fork", value}});
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(testing::exited_with(testing::run_child([] {
                                       PropertySet::intern({{"fork", "5"}});
                                       PropertySet::intern({{"in the child", "5"}});
                                     }),
                                     0));
  }
  stop = true;
  busy.join();
}

// In a child, which leaves the store of the other tests alone.
TEST(PropertySet, PastTheLimitTheEmptySetIsReturnedAndCounted) {
  const int status = testing::run_child([] {
    for (std::size_t i = 0; property_set_stats().refused_sets == 0; ++i) {
      if (i > PropertySet::kMaxSets) _exit(1);
      const std::string value = std::to_string(i);
      PropertySet::intern({{"many", value}});
    }
    const PropertySet& refused = PropertySet::intern({{"one", "more"}});
    if (!refused.properties().empty()) _exit(2);
    if (property_set_stats().refused_sets != 2) _exit(3);
    const PropertySet& known = PropertySet::intern({{"many", "17"}});
    if (known.find("many") != "17") _exit(4);
    if (PropertySet::by_id(known.id()) != &known) _exit(5);
  });
  EXPECT_TRUE(testing::exited_with(status, 0)) << status;
}

}  // namespace
}  // namespace micromegas
