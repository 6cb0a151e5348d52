// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Thread spans: what a thread does, from here to the end of the block; docs/reference.md.
//
//   void parse() {
//     MM_SPAN_FN();                 // named after the function
//     MM_SPAN("decode");            // to the end of the block
//     MM_SPAN_DYN(asset_name);      // name known at run time, copied (at most 1 KiB)
//   }
//
// Begin and end are recorded together or not at all: a begin leaves room for its end. Not for code
// that suspends (a coroutine resumes elsewhere).
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_H_

#include <string_view>

#include "micromegas/pipeline/instrument/arguments.h"
#include "micromegas/pipeline/instrument/log.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/metric.h"
#include "micromegas/pipeline/queue/hot.h"

namespace micromegas {
namespace detail {

// True if the begin was recorded; then end_span() must follow on the same thread.
MICROMEGAS_INLINE bool begin_span(std::uint32_t id) noexcept {
  using queue::kSpanEndBytes;
  const std::uint32_t open = micromegas_v0_thread->open_spans;
  if (__builtin_expect(open >= queue::kMaxOpenSpans, 0)) {
    micromegas_v0_drop(EventKind::kSpan, DropReason::kInvalid, 2);
    return false;
  }
  queue::Writer w(queue::QueueKind::kSpans, queue::kRecordHeaderBytes, EventKind::kSpan,
                  (open + 1) * kSpanEndBytes, 2);
  if (!w) return false;
  w.header(id, queue::RecordKind::kSpanBegin, queue::kNoFlags);
  w.publish();
  micromegas_v0_thread->open_spans = open + 1;
  return true;
}

MICROMEGAS_INLINE bool begin_named_span(std::uint32_t id, std::string_view name) noexcept {
  using queue::kSpanEndBytes;
  const std::uint32_t open = micromegas_v0_thread->open_spans;
  TextRef text{name.data(), name.size()};
  text.cut(kMaxNameBytes);
  if (__builtin_expect(open >= queue::kMaxOpenSpans, 0)) {
    micromegas_v0_drop(EventKind::kSpan, DropReason::kInvalid, 2);
    return false;
  }
  queue::Writer w(queue::QueueKind::kSpans,
                  static_cast<std::uint32_t>(queue::kRecordHeaderBytes + text.bytes()),
                  EventKind::kSpan, (open + 1) * kSpanEndBytes, 2);
  if (!w) return false;
  w.header(id, queue::RecordKind::kNamedSpanBegin, queue::kNoFlags);
  text.write(w);
  w.publish();
  micromegas_v0_thread->open_spans = open + 1;
  return true;
}

// An end without an open begin on this thread (after a fork or a restart of telemetry) is not
// recorded: its begin is not in this queue. A guard that ends on another thread which has a span
// open takes that span's place: the actor finds the stranger and counts it as kInvalid, and that
// span's end is missing. Hence: a guard belongs to its thread.
MICROMEGAS_INLINE void end_span(std::uint32_t id, queue::RecordKind kind) noexcept {
  const std::uint32_t open = micromegas_v0_thread->open_spans;
  if (__builtin_expect(open == 0, 0)) return;
  queue::Writer w(queue::QueueKind::kSpans, queue::kSpanEndBytes, EventKind::kSpan);
  if (!w) return;
  w.header(id, kind, queue::kNoFlags);
  w.publish();
  micromegas_v0_thread->open_spans = open - 1;
}

MICROMEGAS_INLINE std::uint32_t span_id(const SpanMetadata& metadata) noexcept {
  std::uint32_t id = queue::site_id(metadata.location.word);
  if (__builtin_expect(id == 0, 0)) {
    id = micromegas_v0_register_span(&metadata);
    if (id == 0) micromegas_v0_drop(EventKind::kSpan, DropReason::kInvalid, 2);
  }
  return id;
}

MICROMEGAS_INLINE std::uint32_t span_id(const SpanLocation& location) noexcept {
  std::uint32_t id = queue::site_id(location.word);
  if (__builtin_expect(id == 0, 0)) {
    id = micromegas_v0_register_location(&location);
    if (id == 0) micromegas_v0_drop(EventKind::kSpan, DropReason::kInvalid, 2);
  }
  return id;
}

}  // namespace detail

// What MM_SPAN declares. Belongs to its block and thread: neither copied nor moved.
class [[nodiscard]] SpanGuard {
 public:
  MICROMEGAS_INLINE explicit SpanGuard(const SpanMetadata& metadata) noexcept {
    if (!queue::enabled(metadata.location)) return;
    const std::uint32_t id = detail::span_id(metadata);
    if (__builtin_expect(id != 0, 1) && detail::begin_span(id)) id_ = id;
  }
  MICROMEGAS_INLINE ~SpanGuard() {
    if (id_ != 0) detail::end_span(id_, queue::RecordKind::kSpanEnd);
  }
  SpanGuard(const SpanGuard&) = delete;
  SpanGuard& operator=(const SpanGuard&) = delete;

 private:
  std::uint32_t id_ = 0;  // 0: nothing was recorded
};

// What MM_SPAN_DYN declares.
class [[nodiscard]] NamedSpanGuard {
 public:
  MICROMEGAS_INLINE NamedSpanGuard(const SpanLocation& location, std::string_view name) noexcept {
    if (!queue::enabled(location)) return;
    const std::uint32_t id = detail::span_id(location);
    if (__builtin_expect(id != 0, 1) && detail::begin_named_span(id, name)) id_ = id;
  }
  MICROMEGAS_INLINE ~NamedSpanGuard() {
    if (id_ != 0) detail::end_span(id_, queue::RecordKind::kNamedSpanEnd);
  }
  NamedSpanGuard(const NamedSpanGuard&) = delete;
  NamedSpanGuard& operator=(const NamedSpanGuard&) = delete;

 private:
  std::uint32_t id_ = 0;
};

}  // namespace micromegas

#define MICROMEGAS_CONCAT_INNER_(a, b) a##b
#define MICROMEGAS_CONCAT_(a, b) MICROMEGAS_CONCAT_INNER_(a, b)

#define MICROMEGAS_SPAN_LOCATION_(target_) \
  { .target = (target_), .function = __builtin_FUNCTION(), .file = __FILE__, .line = __LINE__ }

#define MICROMEGAS_SPAN_IMPL_(n, target_, name_)                                            \
  static constinit ::micromegas::SpanMetadata MICROMEGAS_CONCAT_(micromegas_span_site_, n){ \
      .name = (name_), .location = MICROMEGAS_SPAN_LOCATION_(target_)};                     \
  const ::micromegas::SpanGuard MICROMEGAS_CONCAT_(                                         \
      micromegas_span_, n)(MICROMEGAS_CONCAT_(micromegas_span_site_, n))

#define MICROMEGAS_SPAN_DYN_IMPL_(n, target_, name_)                                       \
  static constinit ::micromegas::SpanLocation MICROMEGAS_CONCAT_(micromegas_span_site_, n) \
      MICROMEGAS_SPAN_LOCATION_(target_);                                                  \
  const ::micromegas::NamedSpanGuard MICROMEGAS_CONCAT_(micromegas_span_, n)(              \
      MICROMEGAS_CONCAT_(micromegas_span_site_, n), name_)

#define MICROMEGAS_SPAN_T(target, name) MICROMEGAS_SPAN_IMPL_(__COUNTER__, target, name)
#define MICROMEGAS_SPAN(name) MICROMEGAS_SPAN_T(MM_DEFAULT_TARGET, name)
#define MICROMEGAS_SPAN_FN() MICROMEGAS_SPAN_T(MM_DEFAULT_TARGET, __builtin_FUNCTION())
#define MICROMEGAS_SPAN_DYN_T(target, name) MICROMEGAS_SPAN_DYN_IMPL_(__COUNTER__, target, name)
#define MICROMEGAS_SPAN_DYN(name) MICROMEGAS_SPAN_DYN_T(MM_DEFAULT_TARGET, name)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_H_
