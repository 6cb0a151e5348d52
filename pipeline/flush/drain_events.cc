// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Logs and metrics, counters and histograms, images: from where they were recorded into their
// builders.

#include <array>
#include <memory>
#include <new>

#include "micromegas/pipeline/flush/drain.h"
#include "micromegas/pipeline/queue/index.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {

using queue::index;

void Drain::read_events(queue::ThreadSlot& slot, const std::byte* records, std::size_t bytes) {
  // Again: a record may have been committed behind a change that was made since the last look.
  take_process_contexts();
  ClockModel::Piece piece;
  EventContextPtr context;
  while (bytes > 0) {
    const queue::RecordReader record(records, bytes);
    if (!record.ok()) {
      diagnose("queue.damaged", "a queue holds a damaged record; the rest of its segment is lost");
      return;
    }
    const EventKind kind = queue::event_kind(record.kind());
    const bool event = queue::is_event(record.kind());
    if (event) runtime_.count_read(kind);
    try {
      if (!event) {
        read_context(carried_[slot.state.uid].of[index(queue::QueueKind::kEvents)], record);
      } else {
        if (!piece.has(record.time())) piece = model_.piece(record.time());
        const std::int64_t time = piece.anchor.to_ns(record.time());
        if (!carried_.empty() || !process_contexts_.empty()) {
          context = context_of(slot, queue::QueueKind::kEvents, record.time());
        }
        if (kind == EventKind::kLog) {
          add_log(slot, record, records, time, context);
        } else {
          add_to_captures(slot, record, records, time, context);
          metrics_.add(records, record.bytes(), time, kind, context);
        }
      }
    } catch (const std::bad_alloc&) {
      if (event) drop(kind, DropReason::kQueueFull);
      if (!event) runtime_.count_lost_properties();
    }
    records += record.bytes();
    bytes -= record.bytes();
    // Each may bring a context that is larger than all other records of its segment.
    if (context != nullptr) cut_full_events();
  }
  cut_full_events();
}

// Throws nothing: what has been read would be read again.
void Drain::cut_full_events() noexcept {
  try {
    if (unnamed_.empty()) cut_full_logs();  // else once their spans are known
    if (metrics_.full(options_.metrics_block_bytes)) cut_metrics();
  } catch (...) {  // the next tick tries again
    diagnose("flush.failed", "a block could not be cut: out of memory");
  }
}

void Drain::add_to_captures(const queue::ThreadSlot& slot, const queue::RecordReader& record,
                            const std::byte* bytes, std::int64_t time,
                            const EventContextPtr& context) {
  if (captures_.empty()) return;
  captures_.add_event(slot.thread_id, bytes, record.bytes(), time, queue::event_kind(record.kind()),
                      context);
}

void Drain::add_log(queue::ThreadSlot& slot, const queue::RecordReader& record,
                    const std::byte* bytes, std::int64_t time, const EventContextPtr& context) {
  std::uint32_t offset = 0;
  if (options_.log_origin) {
    EventContextPtr origin = origin_of(slot, context);
    add_to_captures(slot, record, bytes, time, origin);
    unnamed_.push_back({record.time(), 0, origin});  // first: a log in its block stays there
    try {
      offset = logs_.add(bytes, record.bytes(), time, EventKind::kLog, origin);
    } catch (...) {
      unnamed_.pop_back();
      throw;
    }
    unnamed_.back().offset = offset;
  } else {
    add_to_captures(slot, record, bytes, time, context);
    offset = logs_.add(bytes, record.bytes(), time, EventKind::kLog, context);
  }
  live_.note(record, time, offset);
}

// They bypass the queues: at the end those are closed already.
void Drain::emit_aggregates(std::int64_t at, std::chrono::milliseconds patience) {
  next_aggregates_ = at + std::chrono::nanoseconds(options_.period).count();
  take_process_contexts();
  const EventContextPtr context =
      process_contexts_.empty() ? nullptr : process_contexts_.back().context;
  const auto emit = [&](const queue::AggregateMetric& metric) {
    using queue::RecordKind;
    std::array<std::byte, 32> record;
    const bool tagged = metric.property_set != 0;
    const std::uint32_t bytes = tagged ? 32 : 24;
    queue::store64(
        record.data(),
        queue::header_word(metric.id,
                           metric.is_float ? RecordKind::kFloatMetric : RecordKind::kIntegerMetric,
                           tagged ? queue::kHasPropertySet : queue::kNoFlags, bytes));
    queue::store64(record.data() + 16, tagged ? metric.property_set : metric.bits);
    queue::store64(record.data() + 24, metric.bits);
    const EventKind kind = metric.is_float ? EventKind::kFloatMetric : EventKind::kIntegerMetric;
    ++aggregated_[index(kind)];
    try {
      captures_.add_event(0, record.data(), bytes, at, kind, context);
      metrics_.add(record.data(), bytes, at, kind, context);
    } catch (const std::bad_alloc&) {
      drop(kind, DropReason::kQueueFull);
    }
  };
  const std::size_t missed = runtime_.aggregates().collect(emit, patience);
  if (ending_ && missed != 0) count_missed(missed);
}

// No later period has them.
void Drain::count_missed(std::size_t histograms) noexcept {
  aggregated_[index(EventKind::kIntegerMetric)] += histograms;
  dropped_[index(EventKind::kIntegerMetric)][static_cast<std::size_t>(DropReason::kStopped)] +=
      histograms;
  diagnose("histograms.missed",
           "the last period of a histogram is lost: at the end a thread was adding to it");
}

void Drain::read_images() {
  runtime_.images().take(new_images_);
  for (std::shared_ptr<Image>& image : new_images_) {
    image->time = model_.to_ns(static_cast<std::uint64_t>(image->time));
    try {
      captures_.add_image(image);
      images_.add(image);
    } catch (const std::bad_alloc&) {
      runtime_.images().release(image->memory_bytes());
      drop(EventKind::kImage, DropReason::kQueueFull);
      continue;
    }
    image.reset();
    try {
      if (images_.full(options_.image_block_bytes)) cut_images();
    } catch (const std::bad_alloc&) {  // the next tick tries again
      diagnose("flush.failed", "a block could not be cut: out of memory");
    }
  }
  new_images_.clear();
}

}  // namespace micromegas::pipeline
