// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/track.h"

#include <cstring>
#include <utility>

namespace micromegas {
namespace {

// All spans of tracks have this place in the source; their names are given with each.
constinit SpanLocation g_location{.target = "track"};

void write(queue::Writer& w, std::uint32_t id, queue::RecordKind kind, std::int64_t time,
           bool now) noexcept {
  if (now) {
    w.header(id, kind, queue::kNoFlags);
  } else {
    w.header_at(id, kind, queue::kNanoseconds, static_cast<std::uint64_t>(time));
  }
}

// Those of a span that is open at this depth, as they are in one.
void write_properties(std::uint32_t span, std::uint32_t depth,
                      const detail::SpanRecords& properties) noexcept {
  const queue::RecordReader record(properties.data(), properties.size());
  const auto bytes = static_cast<std::uint32_t>(record.bytes()) + 8;
  queue::Writer w(queue::QueueKind::kSpans, bytes, EventKind::kSpan, depth * queue::kSpanEndBytes,
                  0);
  if (!w) return micromegas_v0_count_lost_properties();
  w.header_untimed(record.id(), queue::RecordKind::kSpanProperties, record.flags(), bytes);
  if ((record.flags() & queue::kHasPropertySet) != 0) w.number(record.property_set());
  w.number(span | (std::uint64_t{depth} << 32));
  w.bytes(record.rest().data(), record.rest().size());
  w.publish_uncounted();
}

}  // namespace

Track::Track(std::string_view name) noexcept {
  static_assert(sizeof data_.name >= detail::kMaxNameBytes);
  const detail::TextRef text = detail::span_name(name);
  data_.name_size = static_cast<std::uint32_t>(text.size);
  if (text.size != 0) std::memcpy(data_.name, text.data, text.size);
}

Track::~Track() { micromegas_v0_close_track(&data_); }

void Track::close() noexcept { micromegas_v0_close_track(&data_); }

bool Track::records_spans() noexcept { return queue::enabled(g_location); }

std::uint32_t Track::site() noexcept { return detail::span_id(g_location); }

void Track::begin_with(std::int64_t time, std::string_view name,
                       const detail::SpanRecords& properties) noexcept {
  const Entered inside(*this, 1);
  if (inside) begin_inside(time, name, properties);
}

void Track::end_at(std::int64_t time) {
  const Entered inside(*this, 1);
  if (inside) end_inside(time);
}

void Track::span_with(std::string_view name, std::int64_t begin_time, std::int64_t end_time,
                      const detail::SpanRecords& properties) noexcept {
  const Entered inside(*this, 2);
  if (!inside) return;
  if (end_time < begin_time) return drop(2);
  begin_inside(begin_time, name, properties);
  end_inside(end_time);
}

void Track::begin_inside(std::int64_t time, std::string_view name,
                         const detail::SpanRecords& properties) noexcept {
  using queue::kSpanEndBytes;
  const std::uint64_t open_spans = queue::open_spans();
  const std::uint32_t open = queue::open_count(open_spans);
  if (std::exchange(data_.fresh, false)) skipped_ = 0;
  if (skipped_ != 0 || !queue::enabled(g_location)) {
    ++skipped_;
    return;
  }
  const std::uint32_t id = site();
  if (id == 0 || open >= queue::kMaxOpenSpans) {
    if (id != 0) drop(2);
    ++skipped_;
    return;
  }
  const detail::TextRef text = detail::span_name(name);
  const auto bytes = static_cast<std::uint32_t>(queue::kRecordHeaderBytes + text.bytes());
  queue::Writer w(queue::QueueKind::kSpans, bytes, EventKind::kSpan, (open + 1) * kSpanEndBytes, 2);
  if (!w) {
    ++skipped_;
    return;
  }
  write(w, id, queue::RecordKind::kNamedSpanBegin, time, time == kNow);
  text.write(w);
  w.publish();
  queue::set_open_spans(open_spans + 1);
  if (properties.size() != 0) write_properties(id, open + 1, properties);
}

void Track::end_inside(std::int64_t time) noexcept {
  if (std::exchange(data_.fresh, false)) skipped_ = 0;
  if (skipped_ != 0) {
    --skipped_;
    return;
  }
  if (queue::open_count(queue::open_spans()) == 0) return drop(1);
  queue::Writer w(queue::QueueKind::kSpans, queue::kSpanEndBytes, EventKind::kSpan);
  if (!w) return;
  write(w, site(), queue::RecordKind::kNamedSpanEnd, time, time == kNow);
  w.publish();
  queue::set_open_spans(queue::open_spans() - 1);
}

}  // namespace micromegas
