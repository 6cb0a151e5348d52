// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Ends of asynchronous spans for which a thread's queue has no room. No begin can leave room for
// them, as those of thread spans do: nobody knows on which thread they come. They are kept beside
// the queues, bounded, and are read as if one more thread had recorded them.

#include <algorithm>
#include <vector>

#include "micromegas/pipeline/queue/runtime.h"

namespace micromegas::queue {
namespace {

constexpr std::size_t kMaxLateBytes = 1U << 20;
constexpr std::uint64_t kLateId = (1U << 30) - 1;  // no system's thread has it

}  // namespace

void Runtime::async_end_without_room(std::uint64_t (&head)[5], const std::byte* rest,
                                     std::uint32_t bytes, bool has_properties) noexcept {
  const std::uint32_t size = sizeof head + bytes;
  const std::uint32_t reserve = open_count(open_spans()) * kSpanEndBytes;
  DropReason why{};
  ThreadSlot* const slot = registered_thread();
  if ((slot != nullptr && room_at_hand(QueueKind::kSpans, size + reserve)) ||
      find_room(QueueKind::kSpans, size + reserve, EventKind::kAsyncSpan, /*wait=*/true, why)) {
    const QueuePlace& place =
        micromegas_v0_thread.queues[static_cast<std::size_t>(QueueKind::kSpans)];
    std::byte* const at = place.segment->at(offset_of(place.position));
    head[1] = event_ticks(*micromegas_v0_thread.state);
    std::memcpy(at, head, sizeof head);
    if (bytes != 0) std::memcpy(at + sizeof head, rest, bytes);
    advance(*micromegas_v0_thread.state, QueueKind::kSpans, place.position + size);
    count(micromegas_v0_thread.state->recorded[static_cast<std::size_t>(EventKind::kAsyncSpan)]);
    return;
  }
  if (why == DropReason::kQueueFull && keep_late_end(head, rest, bytes)) return;
  drop(EventKind::kAsyncSpan, why, 1);
  if (has_properties) count_lost_properties();
}

bool Runtime::keep_late_end(std::uint64_t (&head)[5], const std::byte* rest,
                            std::uint32_t bytes) noexcept {
  if (registered_thread() == nullptr) return false;
  try {
    const std::lock_guard lock(mutex_);
    std::vector<std::byte>& records = late_ends_.records;
    if (!running() || records.size() + sizeof head + bytes > kMaxLateBytes) return false;
    // In large steps: the lock is held, and what is copied here keeps others waiting.
    const std::size_t size = records.size() + sizeof head + bytes;
    if (size > records.capacity()) records.reserve(std::max(2 * records.capacity(), size));
    head[1] = read_ticks();  // under the lock: they are in order
    const auto* const from = reinterpret_cast<const std::byte*>(&head);
    records.insert(records.end(), from, from + sizeof head);
    if (bytes != 0) records.insert(records.end(), rest, rest + bytes);
    ++late_ends_.count;
    any_late_ends_.store(true, std::memory_order_release);
  } catch (...) {  // no memory
    return false;
  }
  count(micromegas_v0_thread.state->recorded[static_cast<std::size_t>(EventKind::kAsyncSpan)]);
  return true;
}

ThreadSlot* Runtime::take_late_ends(LateEnds& out) {
  if (out.count != 0) return late_slot_;
  if (!any_late_ends_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard lock(mutex_);
  if (late_slot_ == nullptr) {
    auto slot = std::make_unique<ThreadSlot>(states_.next());
    slot->name = "asynchronous spans";
    slot->thread_id = kLateId;
    slot->state.uid = next_uid_++;
    states_.take();
    late_slot_ = slot.release();
  }
  any_late_ends_.store(false, std::memory_order_relaxed);
  std::swap(out, late_ends_);
  return late_slot_;
}

}  // namespace micromegas::queue
