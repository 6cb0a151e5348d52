// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/track.h"

#include <algorithm>
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

}  // namespace

Track::Track(std::string_view name) noexcept {
  data_.name_size = static_cast<std::uint32_t>(std::min(name.size(), sizeof data_.name));
  std::memcpy(data_.name, name.data(), data_.name_size);
}

Track::~Track() { micromegas_v0_close_track(&data_); }

void Track::close() noexcept { micromegas_v0_close_track(&data_); }

std::uint32_t Track::site() noexcept { return detail::span_id(g_location); }

void Track::end_at(std::int64_t time) {
  const Entered inside(*this);
  if (inside) end_inside(time);
}

std::uint64_t Track::begin_inside(std::int64_t time, std::string_view name) noexcept {
  using queue::kSpanEndBytes;
  const std::uint64_t open_spans = queue::open_spans();
  const std::uint32_t open = queue::open_count(open_spans);
  if (std::exchange(data_.fresh, false)) skipped_ = 0;
  if (skipped_ != 0 || !queue::enabled(g_location)) {
    ++skipped_;
    return 0;
  }
  const std::uint32_t id = site();
  if (id == 0 || open >= queue::kMaxOpenSpans) {
    if (id != 0) drop(2);
    ++skipped_;
    return 0;
  }
  const detail::TextRef text = detail::span_name(name);
  const auto bytes = static_cast<std::uint32_t>(queue::kRecordHeaderBytes + text.bytes());
  queue::Writer w(queue::QueueKind::kSpans, bytes, EventKind::kSpan, (open + 1) * kSpanEndBytes, 2);
  if (!w) {
    ++skipped_;
    return 0;
  }
  write(w, id, queue::RecordKind::kNamedSpanBegin, time, time == kNow);
  text.write(w);
  w.publish();
  queue::set_open_spans(open_spans + 1);
  return open_spans + 1;
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
