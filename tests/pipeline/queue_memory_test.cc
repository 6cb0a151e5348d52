// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The memory of the queues: when it is there, and that no pointer enters it, since another process
// must be able to read it. Every word of every record of this thread is held against the addresses
// that this process has mapped.

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/record.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/segment_arena.h"
#include "micromegas/platform/page_memory.h"
#include "micromegas/tests/pipeline/point.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/pages.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using testing::Point;

std::vector<std::pair<std::uint64_t, std::uint64_t>> mapped_addresses() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2) out.emplace_back(begin, end);
  }
  return out;
}

// Calls `visit(kind)` for each record of this thread that holds an address.
template <class Visit>
std::size_t visit_records_with_addresses(Visit visit) {
  const auto maps = mapped_addresses();
  std::size_t records = 0;
  for (const auto& queue : micromegas_v0_thread.state->queues) {
    const queue::Segment* segment = queue.segment.load();
    const std::uint32_t end = queue::offset_of(queue.position.load());
    for (std::uint32_t at = queue::kSegmentHeaderBytes; at < end;) {
      const queue::RecordReader record(segment->at(at), end - at);
      if (!record.ok()) {
        ADD_FAILURE() << "a damaged record";
        return records;
      }
      for (std::uint32_t word = 0; word < record.bytes(); word += 8) {
        if (word == 8) continue;  // the ticks: any number
        const std::uint64_t value = queue::load64(segment->at(at + word));
        for (const auto& [low, high] : maps) {
          if (value >= low && value < high) visit(record.kind());
        }
      }
      ++records;
      at += static_cast<std::uint32_t>(record.bytes());
    }
  }
  return records;
}

using QueueMemoryTest = SessionTest;

TEST_F(QueueMemoryTest, WhoFillsItsFirstSegmentIsSparedThePageFaults) {
  start();
  constexpr int kPopulateWrite = 23;  // since Linux 5.14; before that the thread's own pages
  constexpr std::size_t kFilled = 5'000;
  const std::size_t there = madvise(nullptr, 0, kPopulateWrite) == 0
                                ? testing::pages_in(queue::kSegmentBytes)
                                : kFilled / static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + 1;
  constexpr int kThreads = 8;  // more than there are segments in stock, which have their memory
  std::latch recorded(kThreads);
  std::latch looked(1);
  std::array<queue::Segment*, kThreads> segments{};
  std::vector<std::thread> threads;
  for (queue::Segment*& segment : segments) {
    threads.emplace_back([&] {
      MM_INFO("registers the thread");
      const queue::QueueHead& head = micromegas_v0_thread.state->queues[0];
      while (queue::offset_of(head.position) < kFilled) MM_INFO("a header");
      segment = head.segment;
      recorded.count_down();
      looked.wait();
    });
  }
  recorded.wait();
  flushed();
  for (queue::Segment* segment : segments) {
    EXPECT_EQ(testing::pages_there(segment, queue::kSegmentBytes), there);
  }
  looked.count_down();
  for (std::thread& thread : threads) thread.join();
}

TEST_F(QueueMemoryTest, FewSpareSegmentsRestWithIdleThreads) {
  pipeline::SessionOptions options;
  options.queue_bytes = 64 * queue::kSegmentBytes;
  start(std::move(options));
  constexpr int kThreads = 20;
  std::latch recorded(kThreads);
  std::latch looked(1);
  std::array<queue::ThreadSlot*, kThreads> slots{};
  std::vector<std::thread> threads;
  for (queue::ThreadSlot*& slot : slots) {
    threads.emplace_back([&] {
      MM_INFO("registers the thread");
      slot = queue::Runtime::registered_thread();
      while (queue::offset_of(slot->state.queues[0].position) < 40'000) MM_INFO("a header");
      recorded.count_down();
      looked.wait();
    });
  }
  recorded.wait();
  for (int i = 0; i < 10; ++i) flushed();  // it gives as many as are ready each time
  const auto spares = std::count_if(slots.begin(), slots.end(), [](const queue::ThreadSlot* slot) {
    return slot->state.spare[0].load() != nullptr;
  });
  EXPECT_GT(spares, 0);
  EXPECT_LE(spares, 8);
  looked.count_down();
  for (std::thread& thread : threads) thread.join();
}

TEST_F(QueueMemoryTest, SegmentsThatGoAroundAreInHugePages) {
  start();
  bool huge = false;
  std::thread([&] {
    MM_INFO("registers the thread");
    const queue::QueueHead& head = micromegas_v0_thread.state->queues[0];
    for (std::uint32_t n = queue::sequence_of(head.position); n < 8; ++n) {
      while (queue::sequence_of(head.position) <= n) MM_INFO("a header");
      flushed();
    }
    huge = head.segment.load()->of_arena;
  }).join();
  EXPECT_EQ(huge, has_huge_pages(queue::SegmentArena::kHugePageBytes));
}

TEST_F(QueueMemoryTest, WhatAThreadGoesOnBehindInItsSpareSegmentIsDelivered) {
  pipeline::SessionOptions options;
  options.flush.tick = 1h;  // the actor looks when it is asked to
  start(std::move(options));
  std::uint64_t logs = 0;
  std::thread([&] {
    const auto log = [&logs] {
      MM_INFO("a header");
      ++logs;
    };
    log();
    const queue::ThreadState& state = *micromegas_v0_thread.state;
    const queue::QueueHead& head = state.queues[0];
    for (int n = 0; n < 3; ++n) {
      while (queue::offset_of(head.position) < 40'000) log();
      flushed();
      queue::Segment* const spare = state.spare[0].load();
      ASSERT_NE(spare, nullptr);
      const queue::Segment* const before = head.segment.load();
      while (head.segment.load() == before) log();
      EXPECT_EQ(head.segment.load(), spare);
      EXPECT_EQ(state.spare[0].load(), nullptr);
      EXPECT_EQ(state.full[0].load(), before);
    }
  }).join();
  flushed();
  const EventStats stats = pipeline::session_stats();
  EXPECT_EQ(of(stats, EventKind::kLog).recorded, logs);
  EXPECT_EQ(of(stats, EventKind::kLog).delivered, logs);
}

TEST_F(QueueMemoryTest, ThreadsPastTheHotPageRecordLikeAllOthers) {
  start();
  constexpr int kThreads = 100;
  for (std::uint64_t round = 1; round <= 2; ++round) {  // the second one finds slots that were used
    std::vector<std::thread> threads;
    std::latch all_recorded(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        MM_SPAN("a span");
        MM_INFO("{}", t);
        MM_IMETRIC("thread", "count", t);
        all_recorded.arrive_and_wait();
      });
    }
    for (auto& thread : threads) thread.join();
    flushed();
    const EventStats stats = pipeline::session_stats();
    EXPECT_EQ(of(stats, EventKind::kLog).delivered, round * kThreads);
    EXPECT_EQ(of(stats, EventKind::kIntegerMetric).delivered, round * kThreads);
    EXPECT_EQ(of(stats, EventKind::kSpan).delivered, round * 2 * kThreads);
  }
}

// After 256 TiB from one thread.
TEST_F(QueueMemoryTest, TheNumbersOfSegmentsBeginAnew) {
  pipeline::SessionOptions options;
  options.flush.tick = 1h;  // the actor looks when it is asked to
  start(std::move(options));
  std::uint64_t logs = 1;
  std::thread([&] {
    MM_INFO("registers the thread");
    queue::ThreadSlot& slot = *queue::Runtime::registered_thread();
    queue::QueueHead& head = slot.state.queues[0];
    constexpr std::uint32_t kNearTheEnd = 0xfffffffe;
    head.segment.load()->sequence = kNearTheEnd;
    slot.drain[0].expected = kNearTheEnd;
    const queue::QueuePlace& place = micromegas_v0_thread.queues[0];
    queue::advance(slot.state, queue::QueueKind::kEvents,
                   queue::position_at(kNearTheEnd, queue::offset_of(place.position)));
    while (queue::sequence_of(head.position) != 3) {
      MM_INFO("a header");
      ++logs;
    }
  }).join();
  flushed();
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kLog).delivered, logs);
}

TEST_F(QueueMemoryTest, HoldsNoPointer) {
  start();
  static constinit LogMetadata log{.level = Level::kInfo, .target = "d"};
  static constinit StaticMetricMetadata metric{.name = "m", .unit = "count"};
  static constinit SpanMetadata span{.name = "s"};
  static constinit SpanLocation place{};
  const PropertySet& set = PropertySet::intern({{"k", "v"}});
  const std::string text = "a text that lives on the heap";
  {
    MM_SPAN("span");
    MM_SPAN_DYN(text);
    MM_INFO("literal");
    MM_INFO("{} {} {} {}", 1, 2.5, text, text.c_str());
    MM_INFO("{named} {}", true, 'c');
    MM_INFO("{}", Point{7});
    MM_IMETRIC("i", "count", 1);
    MM_FMETRIC("f", "ms", 0.5);
    MM_IMETRIC_DYN(text, text, 1);
    MM_FMETRIC_DYN(text, text, 1.5);
    dispatch::log(log, text);
    dispatch::log_tagged(log, set, text);
    dispatch::log_interop(log, text);
    dispatch::tagged_integer_metric(metric, set, 1);
    dispatch::tagged_float_metric(metric, set, 1);
    dispatch::on_begin_scope(span);
    dispatch::on_end_scope(span);
    dispatch::on_begin_named_scope(place, text);
    dispatch::on_end_named_scope(place, text);
    const std::uint64_t id = dispatch::on_begin_async_scope(span, 0, 0);
    dispatch::on_end_async_scope(id, 0, span, 0);
    const std::uint64_t named = dispatch::on_begin_async_named_scope(place, text, 0, 0);
    dispatch::on_end_async_named_scope(named, 0, place, text, 0);
  }
  const std::size_t records = visit_records_with_addresses([](queue::RecordKind kind) {
    ADD_FAILURE() << "a record of kind " << static_cast<int>(kind) << " holds an address";
  });
  EXPECT_EQ(records, 25u);
}

TEST_F(QueueMemoryTest, TheSearchFindsAPointer) {
  start();
  const int local = 0;
  MM_INFO("{}", static_cast<const void*>(&local));  // the user's own wish: a number to show
  int found = 0;
  visit_records_with_addresses([&](queue::RecordKind) { ++found; });
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace micromegas
