// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The threads that record, from their first event to their end.

#include <utility>

#include "micromegas/pipeline/instrument/utf8_boundary.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/segment_pool.h"
#include "micromegas/platform/thread.h"

namespace micromegas::queue {
namespace {

constexpr std::uint32_t kWakeRetired = 32;  // threads whose end wakes the consumer
constexpr std::uint32_t kMaxThreadNameBytes = 1024;

}  // namespace

ThreadSlot::ThreadSlot(ThreadState& hot) : state(hot) {
  state.slot = this;
  for (QueueHead& head : state.queues) {
    head.segment.store(&micromegas_v0_no_segment, std::memory_order_relaxed);
    head.position.store(position_at(0, kSegmentBytes), std::memory_order_relaxed);
  }
}
ThreadSlot::~ThreadSlot() = default;

// Null if the pool's queues cannot take another producer.
ThreadSlot* Runtime::add_slot_locked() {
  if (pool_ == nullptr) return nullptr;
  ThreadSlot* slot;
  if (free_slots_.empty()) {
    auto fresh = std::make_unique<ThreadSlot>(states_.next());
    fresh->producer = std::make_unique<ThreadSlot::Producer>(pool_->full());
    if (!fresh->producer->token.valid()) return nullptr;
    slots_.reserve(slots_.size() + 1);
    free_slots_.reserve(slots_.size() + 1);
    states_.take();
    slot = fresh.release();
  } else {
    slots_.reserve(slots_.size() + 1);
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slot->state.uid = next_uid_++;
  own_anew_locked(*slot);
  slot->state.context_depth = 0;
  for (std::uint32_t& depth : slot->state.pending_context_end) depth = 0;
  slot->scopes = {};
  slot->retired.store(false, std::memory_order_relaxed);
  slots_.push_back(slot);
  return slot;
}

// Nothing is open; guards from before are of nobody that is known.
void Runtime::own_anew_locked(ThreadSlot& slot) noexcept {
  slot.owner = next_owner_++;
  slot.state.open_spans.store(std::uint64_t{slot.owner} << 32, std::memory_order_relaxed);
  slot.ended_elsewhere.store(0, std::memory_order_relaxed);
  slot.held.clear();
}

void Runtime::record_as(ThreadState& state) noexcept {
  micromegas_v0_thread.state = &state;
  for (std::size_t q = 0; q < kQueueKinds; ++q) {
    micromegas_v0_thread.queues[q] = {state.queues[q].segment.load(std::memory_order_relaxed),
                                      state.queues[q].position.load(std::memory_order_relaxed)};
  }
}

ThreadSlot* Runtime::registered_thread() noexcept { return micromegas_v0_thread.state->slot; }

ThreadSlot* Runtime::current_thread() noexcept {
  if (ThreadSlot* slot = registered_thread()) return slot;
  try {
    std::string name = current_thread_name();
    const std::lock_guard lock(mutex_);
    ThreadSlot* slot = add_slot_locked();
    if (slot == nullptr) return nullptr;
    slot->thread_id = current_thread_id();
    slot->name = std::move(name);
    pthread_setspecific(exit_key_, slot);
    record_as(slot->state);
    return slot;
  } catch (...) {
    return nullptr;
  }
}

ThreadSlot* Runtime::make_track(std::string_view name) noexcept {
  try {
    std::string copy(name);
    const std::lock_guard lock(mutex_);
    ThreadSlot* slot = add_slot_locked();
    if (slot == nullptr) return nullptr;
    slot->thread_id = kFirstTrackId + slot->state.uid;
    slot->name = std::move(copy);
    return slot;
  } catch (...) {
    return nullptr;
  }
}

void Runtime::set_thread_name(std::string_view name) {
  set_current_thread_name(name);
  if (!running()) return;
  if (ThreadSlot* slot = current_thread()) {
    if (name.size() > kMaxThreadNameBytes) {
      name = name.substr(0, detail::utf8_boundary(name.data(), kMaxThreadNameBytes));
      count_cut();
    }
    const std::lock_guard lock(mutex_);
    slot->name = name;
  }
}

void Runtime::prepare_current_thread() noexcept {
  if (current_thread() == nullptr) return;
  for (QueueKind queue : {QueueKind::kEvents, QueueKind::kSpans}) {
    make_room(queue, kRecordHeaderBytes, EventKind::kLog, 0);
  }
}

std::string Runtime::thread_name(const ThreadSlot& slot) const {
  const std::lock_guard lock(mutex_);
  return slot.name;
}

void Runtime::retire_current_thread() noexcept {
  ThreadSlot* const slot = registered_thread();
  if (slot == nullptr) return;
  pthread_setspecific(exit_key_, nullptr);
  thread_exit(slot);
}

// Also for threads that record from destructors which run after this one: they find the shared
// state, register anew and so set the key again, and this runs once more.
void Runtime::thread_exit(void* slot) noexcept {
  record_as(micromegas_v0_nobody);
  static_cast<ThreadSlot*>(slot)->retired.store(true, std::memory_order_release);
  // Each dead thread holds a segment or two until the consumer has read it: a storm of short-lived
  // threads would spend the budget between two of its ticks.
  Runtime& runtime = get();
  if (runtime.retired_.fetch_add(1, std::memory_order_relaxed) % kWakeRetired != kWakeRetired - 1) {
    return;
  }
  if (auto* wake = runtime.wake_.load(std::memory_order_acquire)) wake();
}

std::uint64_t Runtime::new_span_ids() noexcept {
  const std::uint64_t id = span_id_ranges_.fetch_add(1, std::memory_order_relaxed) * kSpanIds + 1;
  // Shared by the threads that have not recorded yet, that state takes no ids of its own.
  if (registered_thread() != nullptr) micromegas_v0_thread.state->next_span_id = id + 1;
  return id;
}

}  // namespace micromegas::queue
