// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/room_wait.h"

#include <new>

#include "micromegas/platform/thread.h"

namespace micromegas::queue {

using std::chrono::steady_clock;

void RoomWait::begin(Kinds kinds, std::chrono::milliseconds limit) noexcept {
  const std::lock_guard lock(mutex_);
  ++life_;
  count_.store(0, std::memory_order_relaxed);
  in_vain_.store(0, std::memory_order_relaxed);
  time_ns_.store(0, std::memory_order_relaxed);
  limit_ms_.store(limit.count(), std::memory_order_relaxed);
  full_.store(0, std::memory_order_relaxed);
  memory_in_vain_.store(0, std::memory_order_relaxed);
  taker_in_vain_.store(0, std::memory_order_relaxed);
  kinds_.store(kinds, std::memory_order_release);
}

void RoomWait::end() noexcept {
  const std::lock_guard lock(mutex_);
  kinds_.store(0, std::memory_order_relaxed);
  full_.store(0, std::memory_order_relaxed);
  changed_.notify_all();
}

void RoomWait::after_fork_child() noexcept {
  new (&mutex_) std::mutex;
  new (&changed_) std::condition_variable;
  memory_waiters_.store(0, std::memory_order_relaxed);
  kinds_.store(0, std::memory_order_relaxed);
  full_.store(0, std::memory_order_relaxed);
}

RoomWaits RoomWait::counts() const noexcept {
  return {count_.load(std::memory_order_relaxed), in_vain_.load(std::memory_order_relaxed),
          std::chrono::nanoseconds(time_ns_.load(std::memory_order_relaxed))};
}

void RoomWait::room_made() noexcept {
  if (kinds_.load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard lock(mutex_);
  memory_in_vain_.store(0, std::memory_order_relaxed);
  changed_.notify_all();
}

void RoomWait::set_full(Kinds kinds) noexcept {
  kinds &= kinds_.load(std::memory_order_relaxed);
  const Kinds before = full_.load(std::memory_order_relaxed);
  if (kinds == before) return;
  const std::lock_guard lock(mutex_);
  if (kinds_.load(std::memory_order_relaxed) == 0) return;  // it has ended meanwhile
  full_.store(kinds, std::memory_order_relaxed);
  taker_in_vain_.fetch_and(kinds, std::memory_order_relaxed);
  changed_.notify_all();
}

bool RoomWait::may_wait(EventKind kind, const std::atomic<Kinds>& in_vain) const noexcept {
  const Kinds kinds = kinds_.load(std::memory_order_acquire);
  return (kinds & ~in_vain.load(std::memory_order_relaxed) & bit(kind)) != 0 &&
         !on_library_thread();  // it is what makes the room
}

bool RoomWait::wait_for_memory(EventKind kind, FunctionRef<bool()> take) noexcept {
  if (!may_wait(kind, memory_in_vain_)) return false;
  memory_waiters_.fetch_add(1, std::memory_order_relaxed);
  const bool taken = wait(kind, true, take);
  memory_waiters_.fetch_sub(1, std::memory_order_relaxed);
  return taken;
}

void RoomWait::wait_for_taker(EventKind kind) noexcept {
  if (!may_wait(kind, taker_in_vain_)) return;
  wait(kind, false, [&] { return (full_.load(std::memory_order_relaxed) & bit(kind)) == 0; });
}

bool RoomWait::wait(EventKind kind, bool for_memory, FunctionRef<bool()> ready) noexcept {
  const ScopedNoCancellation no_cancellation;
  const auto begin = steady_clock::now();
  std::unique_lock lock(mutex_);
  const auto deadline = begin + std::chrono::milliseconds(limit_ms_.load());
  const std::uint64_t life = life_;
  const auto over = [&] {
    return life_ != life || (kinds_.load(std::memory_order_relaxed) & bit(kind)) == 0;
  };
  count_.fetch_add(1, std::memory_order_relaxed);
  bool is_ready = ready();
  while (!is_ready && !over()) {
    const bool late = changed_.wait_until(lock, deadline) == std::cv_status::timeout;
    if (over()) break;
    is_ready = ready();
    if (late && !is_ready) {
      // Of all that would find no more.
      (for_memory ? memory_in_vain_ : taker_in_vain_)
          .fetch_or(for_memory ? kinds_.load() : full_.load(), std::memory_order_relaxed);
      in_vain_.fetch_add(1, std::memory_order_relaxed);
      break;
    }
  }
  if (life_ == life) {
    time_ns_.fetch_add(std::chrono::nanoseconds(steady_clock::now() - begin).count(),
                       std::memory_order_relaxed);
  }
  return is_ready;
}

}  // namespace micromegas::queue
