// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the macros call: writes the event into the calling thread's queue. On wasm32 another header
// stands under this name (wasm/include): whatever the macros use is in both.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_RECORDER_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_RECORDER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "micromegas/pipeline/instrument/arguments.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/values.h"
#include "micromegas/pipeline/queue/hot.h"

namespace micromegas {
namespace detail {

// --- logs ---

template <class... Values>
MICROMEGAS_INLINE void write_log(const LogMetadata& metadata, const queue::ArgType* types,
                                 Values&&... values) noexcept {
  std::uint32_t id = queue::site_id(metadata.word);
  if (__builtin_expect(id == 0, 0)) {
    id = micromegas_v0_register_log(&metadata, types, sizeof...(Values));
    if (id == 0) return micromegas_v0_drop(EventKind::kLog, DropReason::kInvalid, 1);
  }
  std::size_t bytes = queue::kRecordHeaderBytes + (std::size_t{0} + ... + values.bytes());
  constexpr std::size_t kTexts =
      (std::size_t{0} + ... + std::size_t{std::decay_t<Values>::kIsText});
  if constexpr (kTexts > 0) {
    if (__builtin_expect(bytes > queue::kMaxRecordBytes, 0)) {
      constexpr std::size_t kFixed = queue::kRecordHeaderBytes + 8 * sizeof...(Values);
      constexpr auto kShare =
          static_cast<std::uint32_t>((queue::kMaxRecordBytes - kFixed) / kTexts) & ~7U;
      (values.cut(kShare), ...);
      bytes = queue::kRecordHeaderBytes + (std::size_t{0} + ... + values.bytes());
    }
  }
  queue::Writer w(queue::QueueKind::kEvents, static_cast<std::uint32_t>(bytes), EventKind::kLog);
  if (!w) return;
  w.header(id, queue::RecordKind::kLog, queue::kNoFlags);
  (values.write(w), ...);
  w.publish();
  if (__builtin_expect(metadata.level == Level::kFatal, 0)) micromegas_v0_wait_for_live_sinks();
}

template <std::size_t... I, class... Args>
MICROMEGAS_INLINE void convert_and_write(const LogMetadata& metadata, std::index_sequence<I...>,
                                         const Args&... args) {
  write_log(metadata, kArgTypes<Args...>, to_value(metadata, I, args)...);
}

// --- metrics ---

inline constexpr std::uint32_t kMaxNameBytes = 1024;  // of names and units given at run time

MICROMEGAS_INLINE std::uint32_t metric_id(const StaticMetricMetadata& metadata,
                                          EventKind kind) noexcept {
  std::uint32_t id = queue::site_id(metadata.word);
  if (__builtin_expect(id == 0, 0)) {
    id = micromegas_v0_register_metric(&metadata);
    if (id == 0) micromegas_v0_drop(kind, DropReason::kInvalid, 1);
  }
  return id;
}

MICROMEGAS_INLINE void write_metric(const StaticMetricMetadata& metadata, std::uint64_t bits,
                                    queue::RecordKind record, EventKind kind) noexcept {
  const std::uint32_t id = metric_id(metadata, kind);
  if (__builtin_expect(id == 0, 0)) return;
  queue::Writer w(queue::QueueKind::kEvents, queue::kRecordHeaderBytes + 8, kind);
  if (!w) return;
  w.header(id, record, queue::kNoFlags);
  w.number(bits);
  w.publish();
}

template <class T>
MICROMEGAS_INLINE bool negative(T value) noexcept {
  if constexpr (std::is_signed_v<T>) {
    return value < 0;
  } else {
    (void)value;
    return false;
  }
}

// One metric. Objects that are initialised in braces, as Log is, for the order of evaluation.
struct IntegerMetric {
  template <class T>
  MICROMEGAS_INLINE IntegerMetric(const StaticMetricMetadata& metadata, T value) noexcept {
    static_assert(std::is_integral_v<T> && sizeof(T) <= 8,
                  "an integer metric takes an integer; use MM_FMETRIC for a floating-point value");
    if (__builtin_expect(negative(value), 0)) {
      micromegas_v0_drop(EventKind::kIntegerMetric, DropReason::kInvalid, 1);
      return;
    }
    write_metric(metadata, static_cast<std::uint64_t>(value), queue::RecordKind::kIntegerMetric,
                 EventKind::kIntegerMetric);
  }
};

struct FloatMetric {
  template <class T>
  MICROMEGAS_INLINE FloatMetric(const StaticMetricMetadata& metadata, T value) noexcept {
    const double number = value;
    std::uint64_t bits;
    std::memcpy(&bits, &number, 8);
    write_metric(metadata, bits, queue::RecordKind::kFloatMetric, EventKind::kFloatMetric);
  }
};

inline void write_metric_dyn(const StaticMetricMetadata& metadata, std::string_view name,
                             std::string_view unit, std::uint64_t bits, queue::RecordKind record,
                             EventKind kind) noexcept {
  const std::uint32_t id = metric_id(metadata, kind);
  if (id == 0) return;
  TextRef name_text{name.data(), name.size()};
  TextRef unit_text{unit.data(), unit.size()};
  name_text.cut(kMaxNameBytes);
  unit_text.cut(kMaxNameBytes);
  queue::Writer w(queue::QueueKind::kEvents,
                  static_cast<std::uint32_t>(queue::kRecordHeaderBytes + 8 + name_text.bytes() +
                                             unit_text.bytes()),
                  kind);
  if (!w) return;
  w.header(id, record, queue::kNoFlags);
  w.number(bits);
  name_text.write(w);
  unit_text.write(w);
  w.publish();
}

struct IntegerMetricDyn {
  template <class T>
  IntegerMetricDyn(const StaticMetricMetadata& metadata, std::string_view name,
                   std::string_view unit, T value) noexcept {
    static_assert(
        std::is_integral_v<T> && sizeof(T) <= 8,
        "an integer metric takes an integer; use MM_FMETRIC_DYN for a floating-point value");
    if (negative(value)) {
      micromegas_v0_drop(EventKind::kIntegerMetric, DropReason::kInvalid, 1);
      return;
    }
    write_metric_dyn(metadata, name, unit, static_cast<std::uint64_t>(value),
                     queue::RecordKind::kIntegerMetricDyn, EventKind::kIntegerMetric);
  }
};

struct FloatMetricDyn {
  template <class T>
  FloatMetricDyn(const StaticMetricMetadata& metadata, std::string_view name, std::string_view unit,
                 T value) noexcept {
    const double number = value;
    std::uint64_t bits;
    std::memcpy(&bits, &number, 8);
    write_metric_dyn(metadata, name, unit, bits, queue::RecordKind::kFloatMetricDyn,
                     EventKind::kFloatMetric);
  }
};

// --- spans ---

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

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_RECORDER_H_
