// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which thread a log is of, and in which span it was recorded (FlushOptions::log_origin): logs and
// spans are in queues of their own, so a log waits in its block until the spans before it have been
// read.

#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/flush/drain.h"
#include "micromegas/platform/clock.h"

namespace micromegas::pipeline {
namespace {

constexpr int kMoreTries = 8;

}  // namespace

// Whether so many were more than there can have been at first: a thread goes on recording.
bool Drain::outruns(std::size_t log_blocks) const {
  return log_blocks * queue::kSegmentBytes > runtime_.segment_bytes();
}

// A block of logs at a time: only those that know their span can be cut.
Drain::Read Drain::read_with_origin(queue::ThreadSlot& slot) {
  leave_unnamed();  // after a lack of memory
  for (std::size_t blocks = 0;; ++blocks) {
    const std::uint64_t begin = read_ticks();
    bool full = false;
    const bool events = read_event_queue(slot, &full);
    const bool spans = read_spans_of_logs(slot);
    const auto carried = carried_.find(slot.state.uid);
    // What is unread was recorded in this read, or before by what it takes to record it.
    if (events && carried != carried_.end()) {
      carried->second.spans.forget_before(std::exchange(carried->second.last_read, begin));
    }
    cut_full_logs();
    if (events || !full || outruns(blocks)) return {events, spans};
  }
}

EventContextPtr Drain::origin_of(queue::ThreadSlot& slot, const EventContextPtr& context) {
  Carried& carried = carried_[slot.state.uid];
  if (carried.thread == nullptr) {
    auto thread = std::make_shared<EventContext>();
    thread->properties.emplace_back("thread.id", std::to_string(slot.thread_id));
    if (std::string name = runtime_.thread_name(slot); !name.empty()) {
      thread->properties.emplace_back("thread.name", std::move(name));
    }
    carried.thread = std::move(thread);
  }
  if (context == nullptr) return carried.thread;
  if (context != carried.origin_base) {
    const EventContextPtr both[] = {context, carried.thread};
    carried.origin = merge_contexts(both);
    carried.origin_base = context;
  }
  return carried.origin;
}

// Reads a thread's spans, and gives the logs that were read before them the span that they were
// recorded in: one that began before a log was committed before it, and is read behind it. Returns
// whether all spans have been read.
bool Drain::read_spans_of_logs(queue::ThreadSlot& slot) {
  bool all = false;
  bool sure = false;
  // Again for a thread that fills segments as fast as they are read, and for logs that were read
  // while the spans were.
  for (int i = 0; i <= kMoreTries && !sure; ++i) {
    read_logs_before_ = false;
    all = read_span_queue(slot);
    if (unnamed_.empty()) return all;
    sure = all && !read_logs_before_;
  }
  SpanHistory& spans = carried_[slot.state.uid].spans;
  name_logs(spans, sure ? std::numeric_limits<std::uint64_t>::max() : spans.last_time());
  leave_unnamed();
  return all;
}

void Drain::leave_unnamed() noexcept {
  for (; !unnamed_.empty(); unnamed_.pop_back()) runtime_.count_lost_properties();
}

// Those of unnamed_ at or before a time.
void Drain::name_logs(const SpanHistory& spans, std::uint64_t until) {
  std::erase_if(unnamed_, [&](const Unnamed& log) {
    if (log.ticks > until) return false;
    name_log(spans, log);
    return true;
  });
}

void Drain::name_log(const SpanHistory& spans, const Unnamed& log) {
  const SpanHistory::Span* span = spans.at(log.ticks);
  if (span == nullptr && spans.has_forgotten()) runtime_.count_lost_properties();
  if (span == nullptr || span->id == 0) return;
  const queue::Descriptor* site = runtime_.catalogue().find(span->id);
  const bool named = site == nullptr || site->span.name.empty();
  try {
    logs_.replace_context(log.offset, span_names_.get(log.context, "span.name",
                                                      named ? span->name : site->span.name));
  } catch (const std::bad_alloc&) {
    runtime_.count_lost_properties();
  }
}

// Makes room in the history for a change at this time. The logs before it have been committed: once
// they are named, nobody asks for what was before it.
void Drain::read_logs_before(queue::ThreadSlot& slot, SpanHistory& spans, std::uint64_t ticks) {
  name_logs(spans, ticks);
  bool all = false;
  for (std::size_t blocks = 0; !all && unnamed_.empty() && !outruns(blocks); ++blocks) {
    read_logs_before_ = true;
    bool full = false;
    all = read_event_queue(slot, &full);
    name_logs(spans, ticks);
    cut_full_events();
  }
  // One that is left is behind this time, and so is what is unread.
  if (all || !unnamed_.empty()) spans.forget_before(ticks);
}

void Drain::note_span(queue::ThreadSlot& slot, const ThreadStreamState& stream,
                      std::uint64_t ticks) {
  SpanHistory::Span innermost;
  try {
    if (stream.has_open_span()) {
      innermost.id = stream.open_span_id();
      innermost.name = stream.open_span_name().value_or(std::string_view());
    }
    SpanHistory& spans = carried_[slot.state.uid].spans;
    if (spans.full()) read_logs_before(slot, spans, ticks);
    spans.add(ticks, std::move(innermost));
  } catch (const std::bad_alloc&) {
    runtime_.count_lost_properties();
  }
}

}  // namespace micromegas::pipeline
