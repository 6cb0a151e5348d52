// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a forked child begins with: nothing of the parent's but the catalogue.

#include <new>

#include "micromegas/pipeline/queue/runtime.h"

namespace micromegas::queue {

void Runtime::before_fork() noexcept {
  mutex_.lock();
  aggregates_.mutex().lock();  // before the catalogue's: Aggregates::add()
  catalogue_.mutex().lock();
  images_.mutex().lock();
}

void Runtime::after_fork_parent() noexcept {
  images_.mutex().unlock();
  catalogue_.mutex().unlock();
  aggregates_.mutex().unlock();
  mutex_.unlock();
}

// The other threads do not exist here, and may have stood in the middle of anything but the
// locks: their queues, the pool and the tokens are left behind untouched. The catalogue stays, call
// sites keep their ids.
void Runtime::after_fork_child() noexcept {
  record_as(micromegas_v0_nobody);
  running_.store(false, std::memory_order_relaxed);
  wake_.store(nullptr, std::memory_order_relaxed);
  live_wait_.store(nullptr, std::memory_order_relaxed);
  room_.after_fork_child();
  new (&slots_) std::vector<ThreadSlot*>;  // the old storage is left behind as well
  new (&free_slots_) std::vector<ThreadSlot*>;
  new (&by_uid_) std::map<std::uint32_t, ThreadSlot*>;
  new (&ended_elsewhere_) std::vector<EndedElsewhere>;
  any_ended_elsewhere_.store(false, std::memory_order_relaxed);
  new (&late_ends_) LateEnds;
  any_late_ends_.store(false, std::memory_order_relaxed);
  late_slot_ = nullptr;
  next_popped_ = popped_count_ = 0;
  spares_ = 0;
  pool_ = nullptr;
  read_ = {};
  past_ = {};
  baseline_ = {};
  for (auto& reasons : stray_dropped_) {
    for (auto& n : reasons) n.store(0, std::memory_order_relaxed);
  }
  forks_.fetch_add(1, std::memory_order_relaxed);
  bump_session();
  stray_left_out_.store(0, std::memory_order_relaxed);
  in_force_.after_fork_child();
  put_in_force_locked(nullptr);
  sample_windows_.after_fork_child();
  aggregates_.after_fork_child();
  aggregates_.mutex().unlock();
  images_.after_fork_child();
  images_.mutex().unlock();
  catalogue_.mutex().unlock();
  mutex_.unlock();
  if (auto* hook = child_hook_.load(std::memory_order_relaxed)) hook();
}

}  // namespace micromegas::queue
