// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/runtime.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <new>
#include <utility>

#include "micromegas/pipeline/instrument/utf8_boundary.h"
#include "micromegas/pipeline/queue/next_segment.h"
#include "micromegas/pipeline/queue/segment_pool.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/fork.h"
#include "micromegas/platform/page_memory.h"
#include "micromegas/platform/thread.h"

// Every instrumented shared library defines them too: for AddressSanitizer, no violation to report.
#if defined(__clang__)
#define MICROMEGAS_MANY_COPIES_ __attribute__((no_sanitize("address")))
#else
#define MICROMEGAS_MANY_COPIES_
#endif

extern "C" {

// What a thread that has not recorded yet writes into: nothing fits.
MICROMEGAS_MANY_COPIES_ constinit micromegas::queue::Segment micromegas_v0_no_segment{};
MICROMEGAS_MANY_COPIES_ constinit micromegas::queue::ThreadState micromegas_v0_nobody{
    .queues = {{&micromegas_v0_no_segment, micromegas::queue::kSegmentBytes},
               {&micromegas_v0_no_segment, micromegas::queue::kSegmentBytes}},
    .open_spans = micromegas::queue::kMaxOpenSpans};

MICROMEGAS_MANY_COPIES_ constinit micromegas::queue::HotPage micromegas_v0_hot_page{};

constinit thread_local micromegas::queue::ThisThread micromegas_v0_thread{
    &micromegas_v0_nobody,
    {{&micromegas_v0_no_segment, micromegas::queue::kSegmentBytes},
     {&micromegas_v0_no_segment, micromegas::queue::kSegmentBytes}}};

}  // extern "C"

namespace micromegas::detail {
bool records_anything() noexcept { return queue::Runtime::get().running(); }
}  // namespace micromegas::detail

namespace micromegas::queue {
namespace {

constexpr std::uint32_t kWakeRetired = 32;  // threads whose end wakes the consumer
constexpr std::size_t kSpareShare = 8;      // spares are at most this part of the budget
constexpr std::uint32_t kMaxThreadNameBytes = 1024;

alignas(Runtime) std::byte g_runtime_memory[sizeof(Runtime)];

std::size_t index(EventKind kind) { return static_cast<std::size_t>(kind); }
std::size_t index(DropReason reason) { return static_cast<std::size_t>(reason); }
std::size_t index(QueueKind queue) { return static_cast<std::size_t>(queue); }

bool is_before(std::uint32_t sequence, std::uint32_t other) {
  return static_cast<std::int32_t>(sequence - other) < 0;
}

// Keeps the id, replaces what the filters said.
void cache_decision(SiteWord& word, std::uint32_t decision) {
  std::uint64_t old = word.load(std::memory_order_relaxed);
  while (!word.compare_exchange_weak(old, (old & ~std::uint64_t{0xffffffff}) | decision,
                                     std::memory_order_relaxed)) {
  }
}

constexpr std::uint32_t kRefusedSite = 0xffffffff;  // of counters and histograms: stays without id

void cache_id(SiteWord& word, std::uint32_t id) {
  std::uint64_t old = word.load(std::memory_order_relaxed);
  while (!word.compare_exchange_weak(old, (old & 0xffffffff) | (std::uint64_t{id} << 32),
                                     std::memory_order_relaxed)) {
  }
}

std::unique_ptr<PublishedFilters::Version> version_of(const Filters& filters) {
  return std::make_unique<PublishedFilters::Version>(PublishedFilters::Version{filters});
}

void before_fork() { Runtime::get().before_fork(); }
void after_fork_parent() { Runtime::get().after_fork_parent(); }
void after_fork_child() { Runtime::get().after_fork_child(); }

}  // namespace

ThreadSlot::ThreadSlot(ThreadState& hot) : state(hot) {
  state.slot = this;
  for (QueueHead& head : state.queues) {
    head.segment.store(&micromegas_v0_no_segment, std::memory_order_relaxed);
    head.position.store(position_at(0, kSegmentBytes), std::memory_order_relaxed);
  }
}
ThreadSlot::~ThreadSlot() = default;

Runtime::Runtime() : pool_(nullptr) {
  pthread_key_create(&exit_key_, &Runtime::thread_exit);
  set_fork_hooks(&queue::before_fork, &queue::after_fork_parent, &queue::after_fork_child);
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

// --- threads ---

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

// --- recording, cold ---

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

void Runtime::drop(EventKind kind, DropReason reason, std::uint32_t events) noexcept {
  if (ThreadSlot* const slot = registered_thread()) {
    count(slot->state.recorded[index(kind)], events);
    count(slot->dropped[index(kind)][index(reason)], events);
  } else {
    stray_dropped_[index(kind)][index(reason)].fetch_add(events, std::memory_order_relaxed);
  }
}

std::uint64_t Runtime::new_span_ids() noexcept {
  const std::uint64_t id = span_id_ranges_.fetch_add(1, std::memory_order_relaxed) * kSpanIds + 1;
  // Shared by the threads that have not recorded yet, that state takes no ids of its own.
  if (registered_thread() != nullptr) micromegas_v0_thread.state->next_span_id = id + 1;
  return id;
}

void* Runtime::aggregate_cell(const StaticMetricMetadata& metadata, AggregateKind kind,
                              std::uint32_t property_set) noexcept {
  const EventKind metric =
      kind == AggregateKind::kCounter ? EventKind::kIntegerMetric : EventKind::kFloatMetric;
  std::uint32_t id = site_id(metadata.word);
  if (id == kRefusedSite) {
    drop(metric, DropReason::kInvalid, 1);
    return nullptr;
  }
  ThreadSlot* slot = current_thread();
  if (slot == nullptr) {
    drop(metric, DropReason::kQueueFull, 1);
    return nullptr;
  }
  try {
    const bool first = id == 0;
    if (first || !aggregates_.is_of(id, property_set)) {
      id = aggregates_.add(kind, metadata, property_set, catalogue_);
      if (id == 0) {
        drop(metric, DropReason::kInvalid, 1);
        if (first && site_id(metadata.word) == 0) cache_id(metadata.word, kRefusedSite);
        diagnose(
            "aggregates.refused",
            "there are too many counters and histograms: what is added to new ones is dropped");
        return nullptr;
      }
      if (first) cache_id(metadata.word, id);
    }
    if (id >= slot->state.cell_count) {
      const auto size = static_cast<std::uint32_t>(std::bit_ceil(std::max(id + 1, 64U)));
      slot->cell_memory.resize(size);
      slot->state.cells = slot->cell_memory.data();
      slot->state.cell_count = size;
    }
    // Another call site's of the same name, perhaps.
    void*& cell = slot->state.cells[id];
    const bool full = kind == AggregateKind::kHistogram && aggregates_.full();
    if (cell == nullptr && !full) cell = aggregates_.add_cell(id);
    if (cell == nullptr) {
      drop(metric, DropReason::kQueueFull, 1);
      if (!full) {
        diagnose("histograms.full",
                 "the memory of histograms is spent: what is added to further ones is dropped");
      }
    }
    return cell;
  } catch (...) {
    drop(metric, DropReason::kQueueFull, 1);
    return nullptr;
  }
}

void Runtime::send_image(Image&& image) noexcept {
  const auto cut = [this](std::string& text) {
    if (text.size() <= kMaxImageNameBytes) return;
    text.resize(detail::utf8_boundary(text.data(), kMaxImageNameBytes));
    count_cut();
  };
  ImageQueue::Pushed pushed = ImageQueue::Pushed::kFull;
  try {
    cut(image.name);
    cut(image.format);
    // What the vector has beyond its size counts as well. Copied rather than dropped for it, or
    // where that is most of it.
    if (image.data.capacity() / 2 > image.data.size()) image.data.shrink_to_fit();
    const auto shared = std::make_shared<Image>(std::move(image));
    pushed = images_.push(shared);
    if (pushed == ImageQueue::Pushed::kFull && shared->data.capacity() > shared->data.size()) {
      shared->data.shrink_to_fit();
      pushed = images_.push(shared);
    }
  } catch (...) {  // no memory
  }
  if (pushed == ImageQueue::Pushed::kDone) return;
  const bool full = pushed == ImageQueue::Pushed::kFull;
  drop(EventKind::kImage, full ? DropReason::kQueueFull : DropReason::kStopped, 1);
}

void Runtime::set_process_context(EventContextPtr context, std::size_t refused, std::size_t cut) {
  const std::lock_guard lock(mutex_);
  // While telemetry is stopped nobody takes them, and no event comes between two of them.
  if (context_while_stopped_) process_contexts_.pop_back();
  process_contexts_.push_back({read_ticks(), std::move(context)});
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

void Runtime::count_left_out() noexcept {
  if (ThreadSlot* const slot = registered_thread()) {
    count(slot->left_out);
  } else {
    stray_left_out_.fetch_add(1, std::memory_order_relaxed);
  }
}

// --- consumer ---

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

// --- books ---

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

// --- fork ---

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

// Reaches the private half of Runtime from the cold functions of hot.h.
struct ColdPath {
  // Not inlined: what comes before it stays small, and saves no registers for it.
  __attribute__((noinline)) static bool make_room(QueueKind queue, std::uint32_t bytes,
                                                  EventKind kind, std::uint32_t events) noexcept {
    return Runtime::get().make_room(queue, bytes, kind, events);
  }
  static void drop(EventKind kind, DropReason reason, std::uint32_t events) noexcept {
    Runtime::get().drop(kind, reason, events);
  }
  static void end_out_of_place(std::uint32_t id, RecordKind kind, std::uint64_t begun) noexcept {
    Runtime::get().end_out_of_place(id, kind, begun);
  }
  static void async_end_without_room(std::uint64_t (&head)[5], const std::byte* rest,
                                     std::uint32_t bytes, bool has_properties) noexcept {
    Runtime::get().async_end_without_room(head, rest, bytes, has_properties);
  }
  static bool may_open_span() noexcept { return Runtime::get().may_open_span(); }
  static void span_held(std::uint32_t before) noexcept { Runtime::get().span_held(before); }
  static void count_left_out() noexcept { Runtime::get().count_left_out(); }
  template <class Decide>
  static bool refresh(SiteWord& word, Decide decide) noexcept {
    const std::uint32_t decision = Runtime::get().decide(decide);
    cache_decision(word, decision);
    return (decision & 1U) != 0;
  }
  static Runtime* make() { return new (g_runtime_memory) Runtime; }
};

namespace {
template <class Add>
std::uint32_t register_site(SiteWord& word, Add add) noexcept {
  try {
    const std::uint32_t id = add(Runtime::get().catalogue());
    if (id != 0) cache_id(word, id);
    return id;
  } catch (...) {
    return 0;
  }
}
}  // namespace

}  // namespace micromegas::queue

using micromegas::queue::ColdPath;
using micromegas::queue::Filters;
using micromegas::queue::Runtime;

extern "C" {

MICROMEGAS_MANY_COPIES_ constinit std::atomic<std::uint32_t> micromegas_v0_session{0};

constinit thread_local micromegas::queue::SpanScope micromegas_v0_span_scope{};

constinit thread_local std::uint32_t micromegas_v0_open_scopes = 0;

MICROMEGAS_SHARED void* micromegas_v0_runtime() noexcept {
  static Runtime* const runtime = ColdPath::make();
  return runtime;
}

MICROMEGAS_COLD bool micromegas_v0_refresh_log(const micromegas::LogMetadata* m) noexcept {
  return ColdPath::refresh(
      m->word, [m](const Filters& filters) { return filters.allows(m->level, m->target); });
}

MICROMEGAS_COLD bool micromegas_v0_refresh_metric(
    const micromegas::StaticMetricMetadata* m) noexcept {
  return ColdPath::refresh(m->word, [m](const Filters& filters) {
    return micromegas::allows(filters.max_verbosity, m->verbosity);
  });
}

MICROMEGAS_COLD bool micromegas_v0_refresh_span(const micromegas::SpanLocation* l) noexcept {
  return ColdPath::refresh(l->word, [l](const Filters& filters) {
    return filters.spans && micromegas::allows(filters.max_verbosity, l->verbosity);
  });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_log(
    const micromegas::LogMetadata* m, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(
      m->word, [&](auto& catalogue) { return catalogue.add_log(*m, *args); });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_metric(
    const micromegas::StaticMetricMetadata* m, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(
      m->word, [&](auto& catalogue) { return catalogue.add_metric(*m, *args); });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_span(
    const micromegas::SpanMetadata* m, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(m->location.word, [&](auto& catalogue) {
    return catalogue.add_span(m->name, m->location, *args);
  });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_location(
    const micromegas::SpanLocation* l, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(
      l->word, [&](auto& catalogue) { return catalogue.add_span({}, *l, *args); });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_properties(
    micromegas::SiteWord* word, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(
      *word, [&](auto& catalogue) { return catalogue.add_properties(*args); });
}

// Not cold: next_segment() is all that most calls run, and lies here whole.
__attribute__((noinline, aligned(64))) bool micromegas_v0_make_room(
    micromegas::queue::QueueKind queue, std::uint32_t bytes, micromegas::EventKind kind,
    std::uint32_t events) noexcept {
  if (__builtin_expect(micromegas::queue::next_segment(queue, bytes), 1)) return true;
  return ColdPath::make_room(queue, bytes, kind, events);
}

MICROMEGAS_COLD std::uint64_t micromegas_v0_new_span_ids() noexcept {
  return Runtime::get().new_span_ids();
}

MICROMEGAS_COLD void micromegas_v0_drop(micromegas::EventKind kind, micromegas::DropReason reason,
                                        std::uint32_t events) noexcept {
  ColdPath::drop(kind, reason, events);
}

MICROMEGAS_COLD void micromegas_v0_end_out_of_place(std::uint32_t id,
                                                    micromegas::queue::RecordKind kind,
                                                    std::uint64_t begun) noexcept {
  ColdPath::end_out_of_place(id, kind, begun);
}

MICROMEGAS_COLD void* micromegas_v0_aggregate_cell(const micromegas::StaticMetricMetadata* m,
                                                   bool histogram,
                                                   std::uint32_t property_set) noexcept {
  using micromegas::queue::AggregateKind;
  return Runtime::get().aggregate_cell(
      *m, histogram ? AggregateKind::kHistogram : AggregateKind::kCounter, property_set);
}

void micromegas_v0_send_image(micromegas::Image* image) noexcept {
  Runtime::get().send_image(std::move(*image));
}

MICROMEGAS_COLD void micromegas_v0_async_end_without_room(std::uint64_t (*head)[5],
                                                          const std::byte* rest,
                                                          std::uint32_t bytes,
                                                          bool has_properties) noexcept {
  ColdPath::async_end_without_room(*head, rest, bytes, has_properties);
}

MICROMEGAS_COLD bool micromegas_v0_may_open_span() noexcept { return ColdPath::may_open_span(); }

MICROMEGAS_COLD void micromegas_v0_span_held(std::uint32_t before) noexcept {
  ColdPath::span_held(before);
}

MICROMEGAS_COLD micromegas::queue::ThreadState* micromegas_v0_enter_track(
    micromegas::queue::TrackData* track, std::uint32_t events) noexcept {
  return Runtime::get().enter_track(*track, events);
}

MICROMEGAS_COLD void micromegas_v0_leave_track(micromegas::queue::TrackData* track,
                                               micromegas::queue::ThreadState* before) noexcept {
  Runtime::leave_track(*track, before);
}

MICROMEGAS_COLD void micromegas_v0_close_track(micromegas::queue::TrackData* track) noexcept {
  Runtime::get().close_track(*track);
}

MICROMEGAS_COLD void micromegas_v0_count_cut() noexcept { Runtime::get().count_cut(); }

MICROMEGAS_COLD void micromegas_v0_count_lost_properties() noexcept {
  Runtime::get().count_lost_properties();
}

void micromegas_v0_count_left_out() noexcept { ColdPath::count_left_out(); }

MICROMEGAS_COLD void micromegas_v0_wait_for_live_sinks() noexcept {
  Runtime::get().wait_for_live_sinks();
}

}  // extern "C"

namespace micromegas::queue {
Runtime& Runtime::get() noexcept { return *static_cast<Runtime*>(micromegas_v0_runtime()); }
}  // namespace micromegas::queue

namespace micromegas::detail {
void count_left_out() noexcept { micromegas_v0_count_left_out(); }  // of rate.h
}  // namespace micromegas::detail
