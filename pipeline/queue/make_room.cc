// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A recording thread whose segment is full, where next_segment() finds nothing: from the pool,
// after a wait, or not at all.

#include <utility>

#include "micromegas/pipeline/queue/index.h"
#include "micromegas/pipeline/queue/next_segment.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/segment_pool.h"
#include "micromegas/platform/thread.h"

namespace micromegas::queue {

bool Runtime::make_room(QueueKind queue, std::uint32_t bytes, EventKind kind,
                        std::uint32_t events) noexcept {
  DropReason why{};
  if (find_room(queue, bytes, kind, events != 0, why)) return true;
  drop(kind, why, events);
  return false;
}

bool Runtime::find_room(QueueKind queue, std::uint32_t bytes, EventKind kind, bool wait,
                        DropReason& why) noexcept {
  const ScopedNoCancellation no_cancellation;  // the wait, and the actor's wake-up
  ThreadSlot* slot = running() ? current_thread() : nullptr;
  if (slot == nullptr) {
    why = running() ? DropReason::kQueueFull : DropReason::kStopped;
    return false;
  }
  if (bytes > kSegmentBytes - kSegmentHeaderBytes) {
    why = DropReason::kInvalid;
    return false;
  }
  // The first look was at the shared state if the thread has just been registered.
  if (offset_of(micromegas_v0_thread.queues[index(queue)].position) + bytes <= kSegmentBytes) {
    return true;
  }

  if (wait) room_.wait_while_full(kind);
  Segment* segment = nullptr;
  if (!wait || room_.may_take(kind)) segment = take_segment(*slot, queue);
  if (segment == nullptr && wait) {
    // The full one first: it may be the only one that can come back. But for what open spans have
    // reserved in it, their ends.
    if (queue == QueueKind::kEvents ||
        open_count(slot->state.open_spans.load(std::memory_order_relaxed)) == 0)
      give_full_away(*slot, queue);
    room_.wait_for_memory(kind, [&] {
      segment = take_segment(*slot, queue);
      return segment != nullptr;
    });
  }
  if (segment == nullptr) {
    why = running() ? DropReason::kQueueFull : DropReason::kStopped;
    return false;
  }
  if (!give_full_away(*slot, queue)) {
    why = DropReason::kQueueFull;
    slot->kept = segment;
    return false;
  }
  publish_segment(slot->state, queue, segment);
  return true;
}

// Afterwards the thread has none, and its next event comes here. False when memory is short: it has
// kept it.
bool Runtime::give_full_away(ThreadSlot& slot, QueueKind queue) noexcept {
  const std::size_t q = index(queue);
  QueuePlace& place = micromegas_v0_thread.queues[q];
  Segment* const old = place.segment;
  if (old == &micromegas_v0_no_segment) return true;
  old->end = offset_of(place.position);
  if (slot.state.full[q].load(std::memory_order_relaxed) == nullptr) {
    slot.state.full[q].store(old, std::memory_order_release);
  } else if (!pool_->push_full(*slot.producer, old)) {
    return false;
  }
  go_to(slot.state, queue, &micromegas_v0_no_segment,
        position_at(sequence_of(place.position), kSegmentBytes));
  return true;
}

Segment* Runtime::take_segment(ThreadSlot& slot, QueueKind queue) noexcept {
  const auto take_spare_of = [&slot](std::size_t q) {
    Segment* segment = slot.state.spare[q].load(std::memory_order_acquire);
    if (segment != nullptr) slot.state.spare[q].store(nullptr, std::memory_order_relaxed);
    return segment;
  };
  if (slot.kept != nullptr) return std::exchange(slot.kept, nullptr);
  if (Segment* segment = take_spare_of(index(queue))) return segment;
  bool fresh = false;
  const bool first =
      sequence_of(slot.state.queues[index(queue)].position.load(std::memory_order_relaxed)) == 0;
  Segment* segment = pool_->take(first, fresh);
  if (fresh) {
    if (auto* wake = wake_.load(std::memory_order_acquire)) wake();
  }
  return segment != nullptr ? segment : take_spare_of(1 - index(queue));
}

bool Runtime::room_at_hand(QueueKind queue, std::uint32_t bytes) noexcept {
  const std::uint64_t position = micromegas_v0_thread.queues[index(queue)].position;
  return offset_of(position) + bytes <= kSegmentBytes || next_segment(queue, bytes);
}

}  // namespace micromegas::queue
