// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What all events of the process carry.

#include <utility>

#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/platform/clock.h"

namespace micromegas::queue {

void Runtime::set_process_context(EventContextPtr context, std::size_t refused, std::size_t cut) {
  const std::lock_guard lock(mutex_);
  // While telemetry is stopped nobody takes them, and no event comes between two of them.
  if (context_while_stopped_) process_contexts_.pop_back();
  // Behind the calling thread's last event, before its next one.
  ThreadSlot* const slot = registered_thread();
  const std::uint64_t ticks = slot != nullptr ? event_ticks(slot->state) : read_ticks();
  process_contexts_.push_back({ticks, std::move(context)});
  context_while_stopped_ = !running();
  refused_of_context_ = refused;
  cut_of_context_ = cut;
  if (running()) count_context_losses_locked();
  process_context_changes_.fetch_add(1, std::memory_order_release);
}

void Runtime::count_context_losses_locked() noexcept {
  refused_properties_.fetch_add(std::exchange(refused_of_context_, 0), std::memory_order_relaxed);
  cut_texts_.fetch_add(std::exchange(cut_of_context_, 0), std::memory_order_relaxed);
}

bool Runtime::take_process_contexts(std::uint64_t& seen, std::vector<ProcessContext>& out) {
  if (process_context_changes_.load(std::memory_order_acquire) == seen) return false;
  const std::lock_guard lock(mutex_);
  // What is older than the last one was taken before, or is of an earlier session.
  out.insert(out.end(), process_contexts_.begin(), process_contexts_.end());
  seen = process_context_changes_.load(std::memory_order_relaxed);
  process_contexts_.erase(process_contexts_.begin(), process_contexts_.end() - 1);
  return true;
}

}  // namespace micromegas::queue
