// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/row_reader.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas::wire {
namespace {

struct SpanType {
  std::string_view name;
  bool is_begin;
  bool is_async;
  bool named;  // the name is the event's own, the descriptor a location
  bool tagged;
};

constexpr SpanType kSpanTypes[] = {
    {"BeginThreadSpanEvent", true, false, false, false},
    {"EndThreadSpanEvent", false, false, false, false},
    {"BeginThreadNamedSpanEvent", true, false, true, false},
    {"EndThreadNamedSpanEvent", false, false, true, false},
    {"BeginThreadDynNamedSpanEvent", true, false, true, false},
    {"EndThreadDynNamedSpanEvent", false, false, true, false},
    {"BeginAsyncSpanEvent", true, true, false, false},
    {"EndAsyncSpanEvent", false, true, false, false},
    {"BeginAsyncNamedSpanEvent", true, true, true, false},
    {"EndAsyncNamedSpanEvent", false, true, true, false},
    {"BeginAsyncDynNamedSpanEvent", true, true, true, false},
    {"EndAsyncDynNamedSpanEvent", false, true, true, false},
    {"TaggedEndThreadSpanEvent", false, false, false, true},
    {"TaggedEndThreadNamedSpanEvent", false, false, true, true},
    {"TaggedEndAsyncSpanEvent", false, true, false, true},
    {"TaggedEndAsyncNamedSpanEvent", false, true, true, true},
};

std::string_view descriptor_member(const SpanType& type) noexcept {
  if (type.is_async) return type.named ? "span_location" : "span_desc";
  return type.named ? "thread_span_location" : "thread_span_desc";
}

}  // namespace

Result<std::int64_t> for_each_span_event(const DecodedProcess& process, const DecodedStream& stream,
                                         const DecodedBlock& block,
                                         FunctionRef<void(const SpanEventRow&)> visit,
                                         const DecodeLimits& limits) {
  const Result<TickClock> clock = TickClock::make(process, block);
  if (!clock) return clock.error();
  const auto read = [&](RowReader& reader, const SpanType& type, std::int64_t event_id,
                        const Object& event) {
    SpanEventRow row;
    row.event_type = event.type;
    row.event_id = event_id;
    row.ticks = reader.i64(event, "time");
    row.time = clock->time(row.ticks);
    row.is_begin = type.is_begin;
    row.is_async = type.is_async;
    const Object& descriptor = reader.object(event, descriptor_member(type));
    row.name = reader.text(type.named ? event : descriptor, "name");
    row.target = reader.text(descriptor, "target");
    row.file = reader.text(descriptor, "file");
    row.line = reader.u32(descriptor, "line");
    if (type.is_async) {
      row.span_id = reader.u64(event, "span_id");
      row.parent_span_id = reader.u64(event, "parent_span_id");
      row.depth = reader.u32(event, "depth");
    }
    if (type.tagged) row.properties = reader.properties();
    if (reader.ok()) visit(row);
  };
  return read_rows(stream, block, limits, kSpanTypes, read);
}

}  // namespace micromegas::wire
