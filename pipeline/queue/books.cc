// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What was recorded and what was dropped, in this session.

#include "micromegas/pipeline/queue/index.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/segment_pool.h"

namespace micromegas::queue {

void Runtime::drop(EventKind kind, DropReason reason, std::uint32_t events) noexcept {
  if (ThreadSlot* const slot = registered_thread()) {
    count(slot->state.recorded[index(kind)], events);
    count(slot->dropped[index(kind)][index(reason)], events);
  } else {
    stray_dropped_[index(kind)][index(reason)].fetch_add(events, std::memory_order_relaxed);
  }
}

void Runtime::count_left_out() noexcept {
  if (ThreadSlot* const slot = registered_thread()) {
    count(slot->left_out);
  } else {
    stray_left_out_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Runtime::add(Counts& to, const ThreadSlot& slot) noexcept {
  to.left_out += slot.left_out.load(std::memory_order_relaxed);
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    to.recorded[kind] += slot.state.recorded[kind].load(std::memory_order_relaxed);
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      to.dropped[kind][reason] += slot.dropped[kind][reason].load(std::memory_order_relaxed);
    }
  }
}

Runtime::Counts Runtime::counts_locked() const noexcept {
  Counts counts = past_;
  for (const ThreadSlot* slot : slots_) add(counts, *slot);
  return counts;
}

void Runtime::add_counts(EventStats& stats) const {
  stats[index(EventKind::kImage)].recorded += images_.recorded();
  const std::lock_guard lock(mutex_);
  const Counts now = counts_locked();
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    // Less than the baseline for a moment, while the event of a late thread is not counted yet.
    if (now.recorded[kind] > baseline_.recorded[kind]) {
      stats[kind].recorded += now.recorded[kind] - baseline_.recorded[kind];
    }
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      const std::uint64_t stray = stray_dropped_[kind][reason].load(std::memory_order_relaxed);
      stats[kind].recorded += stray;
      stats[kind].dropped[reason] +=
          now.dropped[kind][reason] - baseline_.dropped[kind][reason] + stray;
    }
  }
}

std::uint64_t Runtime::left_out() const {
  const std::lock_guard lock(mutex_);
  return counts_locked().left_out - baseline_.left_out +
         stray_left_out_.load(std::memory_order_relaxed);
}

std::size_t Runtime::segment_bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return pool_ == nullptr ? 0 : pool_->bytes();
}

}  // namespace micromegas::queue
