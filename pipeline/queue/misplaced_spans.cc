// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Thread spans that are not where they belong: a guard that ends out of order or on another thread,
// or that is held where a coroutine suspends. They cost no other span anything, and are said.

#include <algorithm>
#include <string>
#include <vector>

#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::queue {
namespace {

// The call sites of the last `count` begins in the calling thread's segment that have no end in
// it, outermost first.
std::vector<std::uint32_t> open_in(const QueueHead& queue, std::uint32_t count) {
  std::vector<std::uint32_t> open;
  const Segment& segment = *queue.segment.load(std::memory_order_relaxed);
  if (&segment == &micromegas_v0_no_segment) return open;
  const std::uint32_t end = offset_of(queue.position.load(std::memory_order_relaxed));
  for (std::uint32_t at = kSegmentHeaderBytes; at < end;) {
    const RecordReader record(segment.at(at), end - at);
    if (!record.ok()) break;
    at += static_cast<std::uint32_t>(record.bytes());
    const RecordKind kind = record.kind();
    if (kind == RecordKind::kSpanBegin || kind == RecordKind::kNamedSpanBegin) {
      open.push_back(record.id());
    } else if (kind == RecordKind::kSpanEnd || kind == RecordKind::kNamedSpanEnd) {
      const auto found = std::find(open.rbegin(), open.rend(), record.id());
      if (found != open.rend()) open.erase(std::next(found).base());
    }
  }
  if (open.size() > count) open.erase(open.begin(), open.end() - static_cast<int>(count));
  return open;
}

}  // namespace

void Runtime::end_out_of_place(std::uint32_t id, RecordKind kind, std::uint64_t begun) noexcept {
  const std::uint64_t open = open_spans();
  const std::uint32_t owner = open_owner(begun);
  if (open_owner(open) == owner) {
    // More ends than begins: there is nothing to end.
    if (open_count(open) == 0) return;
    // Out of order. The actor knows which are open.
    Writer w(QueueKind::kSpans, kSpanEndBytes, EventKind::kSpan);
    if (!w) return;
    w.header(id, kind, kNoFlags);
    w.publish();
    set_open_spans(open - 1);
    return;
  }
  bool open_there = false;
  bool counted = false;  // when its coroutine suspended
  try {
    const std::lock_guard lock(mutex_);
    const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                   [&](const ThreadSlot* s) { return s->owner == owner; });
    if (slot != slots_.end() && !(*slot)->retired.load(std::memory_order_relaxed)) {
      ended_elsewhere_.push_back({(*slot)->state.uid, id, open_count(begun)});
      counted = std::erase((*slot)->held, open_count(begun)) != 0;
      (*slot)->ended_elsewhere.fetch_add(1, std::memory_order_relaxed);
      any_ended_elsewhere_.store(true, std::memory_order_release);
      open_there = true;
    }
  } catch (...) {  // no memory: it stays open until its thread ends
    open_there = true;
  }
  // Of a thread that has ended, or of before a restart or a fork: its end is written already, or
  // will never be.
  if (!open_there || !running()) return;
  drop(EventKind::kSpan, DropReason::kInvalid, 1);
  if (!counted) misplaced_spans_.fetch_add(1, std::memory_order_relaxed);
  say_misplaced(id, "has ended on another thread than it began on");
}

bool Runtime::may_open_span() noexcept {
  if (open_owner(open_spans()) == 0) {
    if (!running()) {
      drop(EventKind::kSpan, DropReason::kStopped, 2);
    } else if (current_thread() == nullptr) {
      drop(EventKind::kSpan, DropReason::kQueueFull, 2);
    } else {
      return true;
    }
    return false;
  }
  ThreadSlot& slot = *micromegas_v0_thread.state->slot;
  const std::uint32_t ended = slot.ended_elsewhere.exchange(0, std::memory_order_relaxed);
  if (ended == 0) {
    drop(EventKind::kSpan, DropReason::kInvalid, 2);
    return false;
  }
  const std::uint32_t forgotten = std::min(ended, open_count(open_spans()));
  Writer w(QueueKind::kSpans, kRecordHeaderBytes + 8, EventKind::kSpan,
           kMaxOpenSpans * kSpanEndBytes, 2);
  if (!w) {
    slot.ended_elsewhere.fetch_add(ended, std::memory_order_relaxed);
    return false;
  }
  w.header_untimed(0, RecordKind::kSpansForgotten, kNoFlags, kRecordHeaderBytes + 8);
  w.number(forgotten);
  w.publish_uncounted();
  set_open_spans(open_spans() - forgotten);
  return true;
}

void Runtime::span_held(std::uint32_t before) noexcept {
  const std::uint32_t open = open_count(open_spans());
  const std::uint32_t held = open - before;
  misplaced_spans_.fetch_add(held, std::memory_order_relaxed);
  const char* const what = "was open when its coroutine suspended, or its handler returned";
  try {
    ThreadSlot* slot = micromegas_v0_thread.state->slot;
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(slot->held, [&](std::uint32_t depth) { return depth > before; });
      for (std::uint32_t depth = before + 1; depth <= open; ++depth) slot->held.push_back(depth);
    }
    const std::vector<std::uint32_t> sites =
        open_in(slot->state.queues[static_cast<std::size_t>(QueueKind::kSpans)], held);
    for (const std::uint32_t id : sites) say_misplaced(id, what);
    if (sites.empty()) say_misplaced(0, what);
  } catch (...) {  // no memory
    say_misplaced(0, what);
  }
}

// Once for each call site; the first 16 that do it are enough to know what to look for.
void Runtime::say_misplaced(std::uint32_t id, const char* what) noexcept {
  try {
    {
      const std::lock_guard lock(mutex_);
      auto* const end = said_misplaced_.end();
      if (std::find(said_misplaced_.begin(), end, id) != end && id != 0) return;
      auto* const free = std::find(said_misplaced_.begin(), end, 0U);
      if (free == end) return;
      *free = id;
    }
    const Descriptor* descriptor = catalogue_.find(id);
    std::string text = "a thread span ";
    if (descriptor != nullptr) {
      const SpanLocation& place = descriptor->span.location;
      if (!descriptor->span.name.empty()) {
        text += "\"" + std::string(descriptor->span.name) + "\" ";
      }
      text += "(" + std::string(place.file) + ":" + std::to_string(place.line) + ") ";
    }
    text += what;
    text += ": use MM_ASYNC_SPAN in coroutines";
    diagnose("span.misplaced." + std::to_string(id), text);
  } catch (...) {
    diagnose("span.misplaced",
             "a thread span was not where it belongs; out of memory to say which");
  }
}

void Runtime::take_ended_elsewhere(std::vector<EndedElsewhere>& out) {
  if (!any_ended_elsewhere_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  out.insert(out.end(), ended_elsewhere_.begin(), ended_elsewhere_.end());
  ended_elsewhere_.clear();
  any_ended_elsewhere_.store(false, std::memory_order_relaxed);
}

}  // namespace micromegas::queue
