// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Threads that wait for room instead of dropping, if the program has asked for that. Two things can
// be full: the queues' memory, and what takes the blocks (the upload). A wait is bounded, and who
// waited in vain is the last one to wait, of any kind that is as badly off, until there has been
// room again: a stall costs a thread the limit once, not at each event.
//
// While somebody waits for memory, kinds that do not wait get none: they would take what comes back
// before who waits has woken up.
//
// Only events that need a new segment come here, and only when there is none.
#ifndef MICROMEGAS_PIPELINE_QUEUE_ROOM_WAIT_H_
#define MICROMEGAS_PIPELINE_QUEUE_ROOM_WAIT_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/sink/stats.h"

namespace micromegas::queue {

// A set of EventKind.
using Kinds = std::uint8_t;
constexpr Kinds bit(EventKind kind) noexcept {
  return static_cast<Kinds>(1U << static_cast<unsigned>(kind));
}
inline constexpr Kinds kLogKinds = bit(EventKind::kLog);
inline constexpr Kinds kMetricKinds = bit(EventKind::kIntegerMetric) | bit(EventKind::kFloatMetric);
inline constexpr Kinds kSpanKinds = bit(EventKind::kSpan) | bit(EventKind::kAsyncSpan);

struct RoomWaits {
  std::uint64_t count = 0;
  std::uint64_t in_vain = 0;  // of these: the limit passed
  std::chrono::nanoseconds time{};
};

class RoomWait {
 public:
  // --- life; any thread

  // Of these kinds, writers wait for at most `limit` from now on. Begins the counts anew.
  void begin(Kinds kinds, std::chrono::milliseconds limit) noexcept;
  // Nobody waits any more.
  void end() noexcept;
  // In a forked child: nobody waits here, whatever the parent's threads were doing.
  void after_fork_child() noexcept;
  [[nodiscard]] RoomWaits counts() const noexcept;

  // --- the consumer

  // Segments have come back.
  void room_made() noexcept;
  // The kinds of which whoever takes the blocks had better not get more.
  void set_full(Kinds kinds) noexcept;
  [[nodiscard]] bool full() const noexcept { return full_.load(std::memory_order_relaxed) != 0; }

  // --- writers

  // While `kind` is full. Whatever came of it, the event goes on.
  void wait_while_full(EventKind kind) noexcept {
    if ((full_.load(std::memory_order_relaxed) & bit(kind)) != 0) wait_for_taker(kind);
  }
  // Whether memory that is there may be taken.
  [[nodiscard]] bool may_take(EventKind kind) const noexcept {
    return memory_waiters_.load(std::memory_order_relaxed) == 0 ||
           (kinds_.load(std::memory_order_relaxed) & bit(kind)) != 0;
  }
  // Until `take` is true, which is asked under a lock.
  bool wait_for_memory(EventKind kind, FunctionRef<bool()> take) noexcept;

 private:
  void wait_for_taker(EventKind kind) noexcept;
  [[nodiscard]] bool may_wait(EventKind kind, const std::atomic<Kinds>& in_vain) const noexcept;
  bool wait(EventKind kind, bool for_memory, FunctionRef<bool()> ready) noexcept;

  std::atomic<Kinds> kinds_{0};
  std::atomic<Kinds> full_{0};            // of kinds_
  std::atomic<Kinds> memory_in_vain_{0};  // somebody waited in vain, and there was no room since
  std::atomic<Kinds> taker_in_vain_{0};
  std::atomic<std::int64_t> limit_ms_{0};

  std::atomic<int> memory_waiters_{0};

  std::mutex mutex_;
  std::uint64_t life_ = 0;  // of begin(): who waits knows whether it is still its own
  std::condition_variable changed_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> in_vain_{0};
  std::atomic<std::int64_t> time_ns_{0};
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_ROOM_WAIT_H_
