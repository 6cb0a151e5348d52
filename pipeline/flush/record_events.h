// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// One record as the event that a sink sees. The views point into the record, the catalogue and the
// reader's buffer.
#ifndef MICROMEGAS_PIPELINE_FLUSH_RECORD_EVENTS_H_
#define MICROMEGAS_PIPELINE_FLUSH_RECORD_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/flush/log_text.h"
#include "micromegas/pipeline/flush/property_list.h"
#include "micromegas/pipeline/flush/record_values.h"
#include "micromegas/pipeline/queue/catalogue.h"
#include "micromegas/pipeline/queue/record.h"
#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/redactor.h"

namespace micromegas::pipeline {

// Reuse one object for many records: it keeps its buffers. An event is valid until the next call.
// One thread at a time.
class EventReader {
 public:
  // `contexts`: what the records refer to; null: they have none. `redactor`: sees what is read;
  // null: none.
  explicit EventReader(const queue::Catalogue& catalogue,
                       const std::vector<EventContextPtr>* contexts = nullptr,
                       const Redactor* redactor = nullptr)
      : catalogue_(catalogue), contexts_(contexts), redactor_(redactor) {}

  LogEvent read_log(queue::RecordReader& record);
  MetricEvent read_metric(queue::RecordReader& record);
  SpanEvent read_span(queue::RecordReader& record);
  // The same for a record that says nothing but begin or end; false: it says more, or is damaged.
  bool read_plain_span(const std::byte* record, std::size_t available, SpanEvent& event) {
    if (available < queue::kRecordHeaderBytes) return false;
    const std::uint64_t word = queue::load64(record);
    const auto head = static_cast<std::uint32_t>(word >> 32);
    const bool begin = head == queue::plain_head(queue::RecordKind::kSpanBegin);
    if (!begin && head != queue::plain_head(queue::RecordKind::kSpanEnd)) return false;
    const SpanMetadata& metadata = find(static_cast<std::uint32_t>(word)).span;
    event.kind = begin ? SpanEvent::Kind::kBegin : SpanEvent::Kind::kEnd;
    event.time = static_cast<std::int64_t>(queue::load64(record + 8));
    event.metadata = &metadata;
    event.name = metadata.name;
    return true;
  }
  // The properties of a kContextBegin whose depth has been read, as they were given: each event
  // shows them to the redactor.
  EventContextPtr read_context(queue::RecordReader& record);

 private:
  [[nodiscard]] const queue::Descriptor& find(std::uint32_t id) const noexcept;
  void read_values(const queue::Descriptor& descriptor, queue::RecordReader& record);
  void read_end_properties(std::span<const std::byte> records);
  void add_missing(std::string_view name, std::string_view value);
  void add_missing(const PropertySet& set);
  void add_missing(const EventContext& context);
  const EventContext* context_of(const queue::RecordReader& record) const noexcept;
  // What stands in the value's place, or null.
  const std::string* redact(std::string_view name, std::string_view value);
  void begin_properties() noexcept {
    properties_.clear();
    replacements_.clear();
  }

  const queue::Catalogue& catalogue_;
  const std::vector<EventContextPtr>* contexts_;
  const Redactor* redactor_;
  std::deque<std::string> replacements_;  // what properties_ and values_ point into
  RecordValues values_;
  PropertyList properties_;
  LogFormatter formatter_;
  std::vector<const PropertySet*> sets_;  // of a span's end, oldest first
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_RECORD_EVENTS_H_
