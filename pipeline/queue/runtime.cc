// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A session's begin and end, and its filters.

#include "micromegas/pipeline/queue/runtime.h"

#include <functional>
#include <utility>

#include "micromegas/pipeline/queue/segment_pool.h"
#include "micromegas/platform/fork.h"
#include "micromegas/platform/page_memory.h"

namespace micromegas::queue {
namespace {

std::unique_ptr<PublishedFilters::Version> version_of(const Filters& filters) {
  return std::make_unique<PublishedFilters::Version>(PublishedFilters::Version{filters});
}

}  // namespace

Runtime::Runtime() {
  pthread_key_create(&exit_key_, &Runtime::thread_exit);
  set_fork_hooks([] { get().before_fork(); }, [] { get().after_fork_parent(); },
                 [] { get().after_fork_child(); });
}

// --- life ---

void Runtime::prepare(std::size_t queue_bytes) {
  const bool huge_pages = has_huge_pages(SegmentArena::kHugePageBytes);
  {
    const std::lock_guard lock(mutex_);
    if (pool_ == nullptr) pool_ = new SegmentPool(huge_pages);
  }
  discard_leftovers();
  aggregates_.discard();
  pool_->set_budget(queue_bytes);
  const std::lock_guard lock(mutex_);
  for (ThreadSlot* slot : slots_) own_anew_locked(*slot);
  ended_elsewhere_.clear();
  any_ended_elsewhere_.store(false, std::memory_order_relaxed);
  baseline_ = counts_locked();
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    baseline_.recorded[kind] = read_[kind];
    for (const std::uint64_t n : baseline_.dropped[kind]) baseline_.recorded[kind] += n;
  }
  stray_left_out_.store(0, std::memory_order_relaxed);
  cut_texts_.store(0, std::memory_order_relaxed);
  lost_properties_.store(0, std::memory_order_relaxed);
  refused_properties_.store(0, std::memory_order_relaxed);
  misplaced_spans_.store(0, std::memory_order_relaxed);
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      stray_dropped_[kind][reason].store(0, std::memory_order_relaxed);
    }
  }
}

void Runtime::open(const Filters& filters, void (*wake)() noexcept) {
  auto in_force = version_of(filters);
  const std::lock_guard lock(mutex_);
  filters_ = filters;
  context_while_stopped_ = false;
  count_context_losses_locked();
  wake_.store(wake, std::memory_order_release);
  running_.store(true, std::memory_order_release);
  bump_session();
  put_in_force_locked(std::move(in_force));
}

void Runtime::close() noexcept {
  const std::lock_guard lock(mutex_);
  running_.store(false, std::memory_order_release);
  wake_.store(nullptr, std::memory_order_release);
  bump_session();
  put_in_force_locked(nullptr);
  room_.end();
  images_.close();
}

void Runtime::bump_session() noexcept {
  micromegas_v0_session.fetch_add(1, std::memory_order_relaxed);
}

// Null: telemetry is not running. The filters before the generation: see decide().
void Runtime::put_in_force_locked(std::unique_ptr<PublishedFilters::Version> filters) noexcept {
  in_force_.publish(std::move(filters));
  generation_ = (generation_ + 1) & 0x7fffffff;
  micromegas_v0_hot_page.enabled.store((generation_ << 1) | 1U, std::memory_order_release);
}

void Runtime::discard_leftovers() {
  const auto count_records = [this](const std::byte* records, std::size_t bytes) {
    while (bytes > 0) {
      const RecordReader record(records, bytes);
      if (!record.ok()) break;
      if (is_event(record.kind())) count_read(event_kind(record.kind()));
      records += record.bytes();
      bytes -= record.bytes();
    }
    return true;
  };
  std::vector<ThreadSlot*> slots;
  LateEnds late;
  take_late_ends(late);
  count_records(late.records.data(), late.records.size());
  collect_full();
  threads(slots);
  for (ThreadSlot* slot : slots) {
    for (QueueKind queue : {QueueKind::kEvents, QueueKind::kSpans}) {
      read_queue(*slot, queue, count_records);
    }
  }
}

// --- filters ---

void Runtime::change_filters(FunctionRef<void(Filters&)> change) {
  const std::lock_guard lock(mutex_);
  auto version = version_of(filters_);
  change(version->filters);
  Filters changed = version->filters;  // what may throw, first
  filters_ = std::move(changed);
  put_in_force_locked(running() ? std::move(version) : nullptr);
}

Filters Runtime::filters() const {
  const std::lock_guard lock(mutex_);
  return filters_;
}

bool Runtime::log_enabled(Level level, std::string_view target) const noexcept {
  std::uint64_t hash = std::hash<std::string_view>()(target) ^ static_cast<std::uint64_t>(level);
  hash = (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15U;
  std::atomic<std::uint64_t>& slot = asked_[hash % asked_.size()];
  const std::uint64_t pair = hash & ~std::uint64_t{0xffffffff};
  const std::uint64_t answer = slot.load(std::memory_order_relaxed);
  const std::uint32_t on = micromegas_v0_hot_page.enabled.load(std::memory_order_relaxed);
  if (answer == (pair | on)) return true;
  if (answer == (pair | (on & ~1U))) return false;
  const std::uint32_t decision =
      decide([&](const Filters& filters) { return filters.allows(level, target); });
  slot.store(pair | decision, std::memory_order_relaxed);
  return (decision & 1U) != 0;
}

}  // namespace micromegas::queue
