// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Spans: from the threads' queues into the threads' blocks.

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "micromegas/pipeline/flush/drain.h"
#include "micromegas/pipeline/flush/make_stream.h"
#include "micromegas/pipeline/flush/redaction.h"
#include "micromegas/pipeline/queue/index.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {

using queue::index;

namespace {

// What a track may be told, in ns: of a device's clock that is off, or of what was measured before
// the start.
constexpr std::int64_t kBeforeStart = 3'600'000'000'000;
constexpr std::int64_t kAhead = 60'000'000'000;

}  // namespace

void Drain::read_spans(queue::ThreadSlot& slot, const std::byte* records, std::size_t bytes) {
  take_process_contexts();
  ThreadStreamState* stream = nullptr;
  const bool plain = !options_.log_origin && process_contexts_.empty();
  while (bytes > 0) {
    if (plain && stream != nullptr && carried_.find(slot.state.uid) == carried_.end()) {
      const std::size_t added = stream->add_plain(records, bytes, model_);
      runtime_.count_read(EventKind::kSpan, added);
      records += added * queue::kRecordHeaderBytes;
      bytes -= added * queue::kRecordHeaderBytes;
      if (bytes == 0) break;
    }
    const queue::RecordReader record(records, bytes);
    if (!record.ok()) {
      diagnose("queue.damaged", "a queue holds a damaged record; the rest of its segment is lost");
      return;
    }
    if (record.kind() == queue::RecordKind::kContextBegin ||
        record.kind() == queue::RecordKind::kContextEnd) {
      try {
        read_context(carried_[slot.state.uid].of[index(queue::QueueKind::kSpans)], record);
      } catch (const std::bad_alloc&) {
        runtime_.count_lost_properties();
      }
      records += record.bytes();
      bytes -= record.bytes();
      continue;
    }
    const bool timed = queue::is_event(record.kind());
    std::int64_t time = 0;
    if (timed) {
      time = (record.flags() & queue::kNanoseconds) != 0 ? static_cast<std::int64_t>(record.time())
                                                         : model_.to_ns(record.time());
    }
    ThreadStreamState::Bounds bounds = ThreadStreamState::kNoBounds;
    if (queue::is_track(slot)) {
      bounds = {process_->start_time - kBeforeStart, now() + kAhead};
      if (timed && !bounds.have(time)) say_wrong_time();
    }
    if (stream == nullptr) {
      // A time that will be refused is no beginning.
      stream = thread_stream(slot, timed, bounds.have(time) ? time : process_->start_time);
    }
    if (stream == nullptr) {  // properties of a span of an earlier session
      runtime_.count_lost_properties();
      records += record.bytes();
      bytes -= record.bytes();
      continue;
    }
    if (timed) runtime_.count_read(queue::event_kind(record.kind()));
    const ThreadStreamState::Added added = stream->add(
        record, records, time, context_of(slot, queue::QueueKind::kSpans, record.time()), bounds);
    if (timed && options_.log_origin && queue::event_kind(record.kind()) == EventKind::kSpan) {
      note_span(slot, *stream, record.time());
    }
    invented_ += added.invented;
    if (added.dropped) drop(queue::event_kind(record.kind()), *added.dropped);
    if (added.lost_properties) runtime_.count_lost_properties();
    records += record.bytes();
    bytes -= record.bytes();
    cut_full_thread(*stream);
  }
  if (stream != nullptr) cut_full_thread(*stream);
}

void Drain::say_wrong_time() noexcept {
  if (std::exchange(said_wrong_time_, true)) return;
  diagnose("track.time",
           "a track was given a time of more than an hour before the start or a minute ahead of "
           "now: nanoseconds since the epoch are wanted, as micromegas::now() gives them");
}

// As cut_full_events().
void Drain::cut_full_thread(ThreadStreamState& stream) noexcept {
  try {
    if (stream.builder().full(options_.thread_block_bytes)) cut_thread(stream);
  } catch (...) {
    diagnose("flush.failed", "a block could not be cut: out of memory");
  }
}

ThreadStreamState* Drain::thread_stream(queue::ThreadSlot& slot, bool may_make,
                                        std::int64_t first_time) {
  const auto found = threads_.find(slot.state.uid);
  if (found != threads_.end()) return found->second.get();
  if (!may_make) return nullptr;
  auto info = make_stream<ThreadStream>(process_->process_id, StreamKind::kThread);
  info.properties["thread-id"] = std::to_string(slot.thread_id);
  if (std::string name = runtime_.thread_name(slot); !name.empty()) {
    info.properties["thread-name"] = std::move(name);
  }
  if (const Redactor* const redactor = current_redactor()) {
    for (auto& [name, value] : info.properties) {
      if (std::optional<std::string> other = redacted(*redactor, name, value)) {
        value = *std::move(other);
      }
    }
  }
  auto stream = std::make_unique<ThreadStreamState>(info, first_time, queue::is_track(slot));
  stream->thread_id = slot.thread_id;
  return threads_.emplace(slot.state.uid, std::move(stream)).first->second.get();
}

void Drain::finish_thread(queue::ThreadSlot* slot) {
  if (const auto found = threads_.find(slot->state.uid); found != threads_.end()) {
    ThreadStreamState& stream = *found->second;
    // dispatch::unregister_thread_stream() inside a span: its end goes nowhere.
    invented_ += stream.end_open_spans(now());
    if (!stream.builder().empty()) cut_thread(stream);
    stream.stream->ended = true;
    if (stream.stream->held == 0) end_stream(*stream.stream);
    threads_.erase(found);
  }
  carried_.erase(slot->state.uid);
  runtime_.release(slot);
}

}  // namespace micromegas::pipeline
