// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The consumer's side of the queues: full segments, the live one, and back to the pool.

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "micromegas/pipeline/queue/index.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/segment_pool.h"

namespace micromegas::queue {
namespace {

constexpr std::size_t kSpareShare = 8;  // spares are at most this part of the budget

bool is_before(std::uint32_t sequence, std::uint32_t other) {
  return static_cast<std::int32_t>(sequence - other) < 0;
}

}  // namespace

void Runtime::threads(std::vector<ThreadSlot*>& out) {
  index_threads();
  out.clear();
  for (const auto& [uid, slot] : by_uid_) out.push_back(slot);
}

// slots_ is in the order of uids: what is new stands at its end. Oldest first: without memory for
// one, those behind it are new still.
void Runtime::index_threads() {
  const std::lock_guard lock(mutex_);
  std::size_t i = slots_.size();
  while (i > 0 && !by_uid_.contains(slots_[i - 1]->state.uid)) --i;
  for (; i < slots_.size(); ++i) by_uid_.emplace(slots_[i]->state.uid, slots_[i]);
}

// Segments of one thread come by two ways, so not always in order.
void Runtime::add_full(ThreadSlot& slot, Segment* segment) {
  std::deque<Segment*>& full = slot.drain[index(segment->kind)].full;
  auto at = full.end();
  while (at != full.begin() && is_before(segment->sequence, (*std::prev(at))->sequence)) {
    --at;
  }
  full.insert(at, segment);
}

std::size_t Runtime::collect_full() {
  std::size_t total = 0;
  do {
    // Without memory for one, it and those behind it wait here.
    for (; next_popped_ < popped_count_; ++next_popped_, ++total) {
      Segment* segment = popped_[next_popped_];
      auto slot = by_uid_.find(segment->thread_uid);
      if (slot == by_uid_.end()) {
        // Registered since the last look. It is there now: a thread registers before it has its
        // first segment, and is released only after its last one has been read.
        index_threads();
        slot = by_uid_.find(segment->thread_uid);
      }
      add_full(*slot->second, segment);
    }
    next_popped_ = 0;
    popped_count_ = pool_->pop_full(popped_.data(), popped_.size());
  } while (popped_count_ > 0);
  return total;
}

void Runtime::take_full(ThreadSlot& slot, QueueKind queue) {
  std::atomic<Segment*>& full = slot.state.full[index(queue)];
  Segment* segment = full.load(std::memory_order_acquire);
  if (segment == nullptr) return;
  add_full(slot, segment);
  full.store(nullptr, std::memory_order_release);
}

void Runtime::see_spare(ThreadSlot& slot, QueueKind queue) noexcept {
  bool& out = slot.drain[index(queue)].spare_out;
  if (!out || slot.state.spare[index(queue)].load(std::memory_order_relaxed) != nullptr) return;
  out = false;
  --spares_;
}

// A thread that will need one soon, it may be: one that comes to rest keeps it, so there are never
// many.
void Runtime::give_spare(ThreadSlot& slot, QueueKind queue, std::uint32_t end) noexcept {
  see_spare(slot, queue);
  bool& out = slot.drain[index(queue)].spare_out;
  if (out || end < kSegmentBytes / 2 || spares_ >= pool_->budget() / kSpareShare) return;
  if (room_.full() || pool_->is_scarce()) return;  // who finds none waits for one, or drops
  Segment* const segment = pool_->take_ready();
  if (segment == nullptr) return;
  SegmentPool::touch(segment, kSegmentBytes);
  slot.state.spare[index(queue)].store(segment, std::memory_order_release);
  out = true;
  ++spares_;
}

bool Runtime::read_queue(ThreadSlot& slot, QueueKind queue,
                         FunctionRef<bool(const std::byte*, std::size_t)> read) {
  ThreadSlot::Drain& drain = slot.drain[index(queue)];
  bool more = true;
  const auto read_up_to = [&](const Segment* segment, std::uint32_t end) {
    if (end > drain.consumed) {
      more = read(segment->at(drain.consumed), end - drain.consumed);
      drain.consumed = end;
    }
  };
  const auto read_full = [&] {
    while (more && !drain.full.empty()) {
      Segment* segment = drain.full.front();
      if (is_before(drain.expected, segment->sequence)) return;
      // Of one that went by already (a signal handler recorded, which it must not) nothing can be
      // read; in the way of all others it must not stay.
      if (segment->sequence == drain.expected) {
        read_up_to(segment, segment->end);
        drain.expected = next_sequence(drain.expected);
        drain.consumed = kSegmentHeaderBytes;
      }
      drain.full.pop_front();
      pool_->give(segment);
      gave_back_ = true;
    }
  };
  for (int round = 0; round < 2; ++round) {
    read_full();
    if (!more) return false;
    const QueueHead& head = slot.state.queues[index(queue)];
    const std::uint64_t position = head.position.load(std::memory_order_acquire);
    const std::uint32_t sequence = sequence_of(position);
    if (sequence == 0) return true;  // the thread has no such queue
    // It had no other one after the last that was read.
    if (is_before(sequence, drain.expected)) return true;
    Segment* const live = head.segment.load(std::memory_order_acquire);
    if (sequence == drain.expected && live->sequence == drain.expected) {
      SegmentPool::touch(live, offset_of(position));
      read_up_to(live, offset_of(position));
      give_spare(slot, queue, offset_of(position));
      return true;
    }
    // The segment expected has been filled meanwhile.
    take_full(slot, queue);
    collect_full();
  }
  return false;
}

void Runtime::release(ThreadSlot* slot) noexcept {
  if (slot->kept != nullptr) {
    pool_->give(std::exchange(slot->kept, nullptr));
    gave_back_ = true;
  }
  for (std::size_t q = 0; q < kQueueKinds; ++q) {
    QueueHead& head = slot->state.queues[q];
    Segment* live = head.segment.exchange(&micromegas_v0_no_segment, std::memory_order_relaxed);
    if (live != &micromegas_v0_no_segment) {
      pool_->give(live);
      gave_back_ = true;
    }
    if (Segment* spare = slot->state.spare[q].exchange(nullptr, std::memory_order_relaxed)) {
      pool_->give(spare);
      gave_back_ = true;
    }
    see_spare(*slot, static_cast<QueueKind>(q));
    head.position.store(position_at(0, kSegmentBytes), std::memory_order_relaxed);
    slot->drain[q].expected = 1;
    slot->drain[q].consumed = kSegmentHeaderBytes;
  }
  by_uid_.erase(slot->state.uid);
  const std::lock_guard lock(mutex_);
  add(past_, *slot);
  for (auto& n : slot->state.recorded) n.store(0, std::memory_order_relaxed);
  for (auto& reasons : slot->dropped) {
    for (auto& n : reasons) n.store(0, std::memory_order_relaxed);
  }
  slot->left_out.store(0, std::memory_order_relaxed);
  slots_.erase(std::find(slots_.begin(), slots_.end(), slot));
  free_slots_.push_back(slot);  // room was reserved when the slot was made
}

void Runtime::tend_pool() noexcept { pool_->tend(); }

void Runtime::add_held(EventStats& stats) {
  const auto count_records = [&](const Segment* segment, std::uint32_t from, std::uint32_t end) {
    while (from < end) {
      const RecordReader record(segment->at(from), end - from);
      if (!record.ok()) return;
      if (is_event(record.kind())) ++stats[index(event_kind(record.kind()))].held;
      from += static_cast<std::uint32_t>(record.bytes());
    }
  };
  stats[index(EventKind::kImage)].held += images_.held();
  std::vector<ThreadSlot*> slots;
  if (pool_ == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    stats[index(EventKind::kAsyncSpan)].held += late_ends_.count;
  }
  collect_full();
  threads(slots);
  for (ThreadSlot* slot : slots) {
    for (std::size_t q = 0; q < kQueueKinds; ++q) {
      const ThreadSlot::Drain& drain = slot->drain[q];
      take_full(*slot, static_cast<QueueKind>(q));
      for (const Segment* segment : drain.full) {
        count_records(segment,
                      segment->sequence == drain.expected ? drain.consumed : kSegmentHeaderBytes,
                      segment->end);
      }
      const std::uint64_t position = slot->state.queues[q].position.load(std::memory_order_acquire);
      const std::uint32_t sequence = sequence_of(position);
      if (sequence == 0 || is_before(sequence, drain.expected)) continue;
      const Segment* live = slot->state.queues[q].segment.load(std::memory_order_acquire);
      if (live->sequence != sequence) continue;  // none, or they still record
      count_records(live, live->sequence == drain.expected ? drain.consumed : kSegmentHeaderBytes,
                    offset_of(position));
    }
  }
}

}  // namespace micromegas::queue
