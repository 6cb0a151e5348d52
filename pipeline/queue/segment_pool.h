// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The memory of all queues: 64 KiB segments within one byte budget, full ones on their way
// to the consumer, empty ones on their way back.
#ifndef MICROMEGAS_PIPELINE_QUEUE_SEGMENT_POOL_H_
#define MICROMEGAS_PIPELINE_QUEUE_SEGMENT_POOL_H_

#include <concurrentqueue/concurrentqueue.h>

#include <atomic>
#include <cstddef>

#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/segment_arena.h"

namespace micromegas::queue {

using SegmentQueue = moodycamel::ConcurrentQueue<Segment*>;

struct ThreadSlot::Producer {
  explicit Producer(SegmentQueue& queue) : token(queue) {}
  moodycamel::ProducerToken token;
};

class SegmentPool {
 public:
  // `huge_pages`: the system has some of SegmentArena::kHugePageBytes.
  explicit SegmentPool(bool huge_pages);
  ~SegmentPool() = delete;  // lives as long as the process

  // No consumer may be running: empty segments beyond the budget are freed.
  void set_budget(std::size_t bytes) noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept {
    return segments_.load(std::memory_order_relaxed) * kSegmentBytes;
  }

  // Whether the last few are being given out: none for stock.
  [[nodiscard]] bool is_scarce() const noexcept {
    return empties_.load(std::memory_order_relaxed) <= kLastFew &&
           bytes() + kSegmentBytes > budget_.load(std::memory_order_relaxed);
  }

  // In segments.
  [[nodiscard]] std::size_t budget() const noexcept {
    return budget_.load(std::memory_order_relaxed) / kSegmentBytes;
  }
  // An empty segment: a recycled one, else a new one within the budget, else null. `first`: of its
  // queue. Most threads record little: a new one takes memory as it is filled, at the price of a
  // page fault for every 4 KiB; touch() spares the thread those that are left. Later ones have
  // their memory from the start, but for recycled ones that no thread has filled. `fresh` tells
  // that the pool had run dry. Any thread.
  Segment* take(bool first, bool& fresh) noexcept;
  // An empty one that is there; else null. Any thread.
  Segment* take_ready() noexcept;
  // Consumer. One with all its memory is replaced by a piece of a huge page, if the budget has room
  // for one: threads that record little have small pages, the segments that go around huge ones.
  void give(Segment* segment) noexcept;
  // Consumer: gives a segment all its memory, while its owner writes, once it is filled further
  // than a page: more is going to come.
  static void touch(Segment* segment, std::uint32_t filled) noexcept;
  // Consumer: as many as came back since the last call stay ready, within bounds; a surplus that
  // lasts is freed little by little. So threads that fill nothing have nothing kept ready for them.
  void tend() noexcept;

  // Owner of the token. False when memory is short.
  bool push_full(ThreadSlot::Producer& producer, Segment* segment) noexcept;
  // Consumer.
  std::size_t pop_full(Segment** segments, std::size_t max) noexcept {
    return full_.try_dequeue_bulk(full_consumer_, segments, max);
  }

  SegmentQueue& full() noexcept { return full_; }

 private:
  static constexpr std::size_t kLastFew = 4;

  Segment* allocate(bool touched) noexcept;
  bool reserve(std::size_t segments) noexcept;
  Segment* in_arena(Segment* segment) noexcept;
  void discard(Segment* segment) noexcept;
  void put_back(Segment* segment) noexcept;

  SegmentQueue full_;
  moodycamel::ConsumerToken full_consumer_;
  SegmentQueue empty_;
  moodycamel::ProducerToken empty_producer_;  // the consumer's: all empty segments come from it
  SegmentArena arena_;                        // the consumer's
  const bool huge_pages_;
  bool may_grow_ = true;                  // the arena, once between two tend(); the consumer's
  std::atomic<std::size_t> segments_{0};  // and pieces that no segment is in yet
  std::atomic<std::size_t> empties_{0};
  std::atomic<std::size_t> budget_{0};
  std::size_t given_ = 0;  // since the last tend(); the consumer's
  unsigned surplus_ticks_ = 0;
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_SEGMENT_POOL_H_
