// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Tracks: slots of threads that nobody is. Whoever records into one is that thread meanwhile.

#include <string_view>

#include "micromegas/pipeline/queue/runtime.h"

namespace micromegas::queue {

namespace {

// `busy` holds the number of the process that has taken it, so that a forked child does not wait
// for a thread that it does not have. Who has it may be waiting for room: others sleep.
void take(TrackData& track, std::uint32_t process) noexcept {
  std::uint32_t expected = 0;
  while (!track.busy.compare_exchange_weak(expected, process, std::memory_order_acquire)) {
    if (expected != process) continue;  // free now, or the parent's
    track.busy.wait(process, std::memory_order_relaxed);
    expected = 0;
  }
}

void let_go(TrackData& track) noexcept {
  track.busy.store(0, std::memory_order_release);
  track.busy.notify_one();
}

}  // namespace

ThreadState* Runtime::enter_track(TrackData& track, std::uint32_t events) noexcept {
  if (!running()) return nullptr;
  ThreadState* const before = micromegas_v0_thread.state;
  const std::uint32_t process = forks_.load(std::memory_order_relaxed) + 1;
  const std::uint32_t session = micromegas_v0_session.load(std::memory_order_relaxed);
  take(track, process);
  ThreadState* state = track.state.load(std::memory_order_relaxed);
  if (track.process != process) state = nullptr;  // the parent's, if there is one
  track.process = process;
  if (track.session != session) track.fresh = true;
  track.session = session;
  if (track.closed) {
    drop(EventKind::kSpan, DropReason::kInvalid, events);
    let_go(track);
    return nullptr;
  }
  if (state == nullptr) {
    ThreadSlot* const slot = make_track({track.name, track.name_size});
    if (slot != nullptr) state = &slot->state;
  }
  track.state.store(state, std::memory_order_relaxed);
  if (state == nullptr) {
    drop(EventKind::kSpan, DropReason::kQueueFull, events);
    let_go(track);
    return nullptr;
  }
  record_as(*state);
  return before;
}

void Runtime::leave_track(TrackData& track, ThreadState* before) noexcept {
  record_as(*before);
  let_go(track);
}

void Runtime::close_track(TrackData& track) noexcept {
  const std::uint32_t process = forks_.load(std::memory_order_relaxed) + 1;
  take(track, process);
  ThreadState* const state = track.state.exchange(nullptr, std::memory_order_relaxed);
  if (state != nullptr && track.process == process) {
    state->slot->retired.store(true, std::memory_order_release);
  }
  track.closed = true;
  let_go(track);
}

}  // namespace micromegas::queue
