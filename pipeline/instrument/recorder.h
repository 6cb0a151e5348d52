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
#include "micromegas/pipeline/queue/next_segment.h"

namespace micromegas {
namespace detail {

// Whether a call site without an id gets one; if not, its event is counted as dropped.
template <class Register>
MICROMEGAS_INLINE std::uint32_t id_of(const SiteWord& word, EventKind kind, std::uint32_t events,
                                      Register register_site) noexcept {
  std::uint32_t id = queue::site_id(word);
  if (__builtin_expect(id == 0, 0)) {
    id = register_site();
    if (id == 0) micromegas_v0_drop(kind, DropReason::kInvalid, events);
  }
  return id;
}

// --- logs ---

// What write_log() leaves: no id yet, a long text, one to cut.
template <class Set, class... Values>
__attribute__((noinline, visibility("hidden"))) void write_any_log(const LogMetadata& metadata,
                                                                   const queue::ArgList& args,
                                                                   Set set,
                                                                   Values... values) noexcept {
  const std::uint32_t id = id_of(metadata.word, EventKind::kLog, 1,
                                 [&] { return micromegas_v0_register_log(&metadata, &args); });
  if (id == 0) return;
  const auto write = [&](auto&&... unpacked_values) {
    const std::uint32_t bytes =
        fit(queue::kMaxRecordBytes, queue::kRecordHeaderBytes + Set::kBytes, unpacked_values...);
    queue::Writer w(queue::QueueKind::kEvents, bytes, EventKind::kLog);
    if (!w) return;
    w.header(id, queue::RecordKind::kLog, Set::kFlags);
    set.write(w);
    (unpacked_values.write(w), ...);
    w.publish();
  };
  write(unpacked(values)...);
}

// g++ takes a template's attributes from its first declaration.
template <class Set, class... Values>
__attribute__((noinline, visibility("hidden"))) void write_log(const LogMetadata& metadata,
                                                               const queue::ArgList& args, Set set,
                                                               Values... values) noexcept;

// write_log() where there is no room. Not `cold`: it is to lie beside write_log(). A thread that
// comes here after a sleep pays for each line of code that it has not run meanwhile, and more for
// each page.
template <class Set, class... Values>
__attribute__((noinline, visibility("hidden"))) void make_room_and_write_log(
    const LogMetadata& metadata, const queue::ArgList& args, Set set, Values... values) noexcept {
  const std::size_t bytes =
      queue::kRecordHeaderBytes + Set::kBytes + (std::size_t{0} + ... + unpacked(values).bytes());
  constexpr auto kQueue = queue::QueueKind::kEvents;
  const auto wanted = static_cast<std::uint32_t>(bytes);
  if (__builtin_expect(!queue::next_segment(kQueue, wanted), 0) &&
      !micromegas_v0_make_room(kQueue, wanted, EventKind::kLog, 1)) {
    return;
  }
  write_log(metadata, args, set, values...);
}

// One function for all logs with values of the same kinds, where most of a statement's instructions
// and of its time to compile are; a call of it is hidden behind the clock read. Takes what fits
// into registers, by value, and calls nothing but at its end, no memcpy either: so it has few
// registers to save.
template <class Set, class... Values>
__attribute__((noinline, visibility("hidden"))) void write_log(const LogMetadata& metadata,
                                                               const queue::ArgList& args, Set set,
                                                               Values... values) noexcept {
  constexpr std::size_t kMost = queue::kRecordHeaderBytes + Set::kBytes +
                                sizeof...(Values) * (8 + queue::RecordWriter::kShortText);
  static_assert(kMost <= queue::kMaxRecordBytes);
  const std::uint32_t id = queue::site_id(metadata.word);
  if (__builtin_expect(id == 0 || (unpacked(values).is_long() || ...), 0)) {
    return write_any_log(metadata, args, set, values...);
  }
  const std::size_t bytes =
      queue::kRecordHeaderBytes + Set::kBytes + (std::size_t{0} + ... + unpacked(values).bytes());
  queue::LogWriter w(static_cast<std::uint32_t>(bytes));
  if (__builtin_expect(!w, 0)) return make_room_and_write_log(metadata, args, set, values...);
  set.write(w);
  (unpacked(values).write(w), ...);
  w.publish(id, Set::kFlags);
}

// A fatal log is shown before the program goes on, which may be to its end. Beside the log, not in
// it: the level, a constant of the statement, need not be looked up in the call site's memory.
template <Level kLevel>
MICROMEGAS_INLINE void after_log() noexcept {
  if constexpr (kLevel == Level::kFatal) micromegas_v0_wait_for_live_sinks();
}

// The place in the ArgList of argument number I.
template <std::size_t I, class... Args>
inline constexpr std::size_t kPlace = [] {
  constexpr bool kIsSet[] = {ArgOf<Args>::kIsSet..., false};
  std::size_t place = I;
  for (std::size_t i = 0; i < I; ++i) place -= kIsSet[i] ? 1 : 0;
  return place;
}();

template <std::size_t... I, class... Args>
MICROMEGAS_INLINE void convert_and_write(const LogMetadata& metadata, std::index_sequence<I...>,
                                         const Args&... args) {
  write_log(metadata, kArgList<Args...>, set_of(args...), packed(to_value(args, [&metadata] {
              return spec_of_argument(metadata.text, kArgList<Args...>, kPlace<I, Args...>);
            }))...);
}

MICROMEGAS_INLINE void write_literal(const LogMetadata& metadata) noexcept {
  write_log(metadata, kArgList<>, NoSet());
}

// --- metrics ---

inline constexpr std::uint32_t kMaxNameBytes = 1024;  // of names and units given at run time

MICROMEGAS_INLINE std::uint32_t metric_id(const StaticMetricMetadata& metadata, EventKind kind,
                                          const queue::ArgList& args = kArgList<>) noexcept {
  return id_of(metadata.word, kind, 1,
               [&] { return micromegas_v0_register_metric(&metadata, &args); });
}

// Name and unit that are given with the event.
struct Names {
  TextRef name;
  TextRef unit;
  Names(std::string_view n, std::string_view u) noexcept
      : name{n.data(), n.size()}, unit{u.data(), u.size()} {
    name.cut(kMaxNameBytes);
    unit.cut(kMaxNameBytes);
  }
  [[nodiscard]] std::uint32_t bytes() const noexcept {
    return static_cast<std::uint32_t>(name.bytes() + unit.bytes());
  }
  void write(queue::RecordWriter& w) const noexcept {
    name.write(w);
    unit.write(w);
  }
};

template <class Front, class Set, class... Values>
MICROMEGAS_INLINE void write_metric(const StaticMetricMetadata& metadata,
                                    const queue::ArgList& args, std::uint64_t bits,
                                    queue::RecordKind record, EventKind kind, const Front& front,
                                    Set set, Values&&... values) noexcept {
  const std::uint32_t id = metric_id(metadata, kind, args);
  if (__builtin_expect(id == 0, 0)) return;
  const auto fixed =
      static_cast<std::uint32_t>(queue::kRecordHeaderBytes + 8 + Set::kBytes + front.bytes());
  queue::Writer w(queue::QueueKind::kEvents, fit(queue::kMaxRecordBytes, fixed, values...), kind);
  if (!w) return;
  w.header(id, record, Set::kFlags);
  set.write(w);
  w.number(bits);
  front.write(w);
  (values.write(w), ...);
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

MICROMEGAS_INLINE std::uint64_t bits_of(double value) noexcept {
  std::uint64_t bits;
  std::memcpy(&bits, &value, 8);
  return bits;
}

// One metric. Objects that are initialised in braces, as Log is, for the order of evaluation.
struct IntegerMetric {
  template <class T, class... Properties>
  MICROMEGAS_INLINE IntegerMetric(const StaticMetricMetadata& metadata, T value,
                                  const Properties&... properties) {
    static_assert(std::is_integral_v<T> && sizeof(T) <= 8,
                  "an integer metric takes an integer; use MM_FMETRIC for a floating-point value");
    static_assert(check_properties<Properties...>(kReservedForMetrics));
    if (__builtin_expect(negative(value), 0)) {
      micromegas_v0_drop(EventKind::kIntegerMetric, DropReason::kInvalid, 1);
      return;
    }
    write_metric(metadata, kArgList<Properties...>, static_cast<std::uint64_t>(value),
                 queue::RecordKind::kIntegerMetric, EventKind::kIntegerMetric, NoValue(),
                 set_of(properties...), to_property(properties)...);
  }
};

struct FloatMetric {
  template <class T, class... Properties>
  MICROMEGAS_INLINE FloatMetric(const StaticMetricMetadata& metadata, T value,
                                const Properties&... properties) {
    static_assert(check_properties<Properties...>(kReservedForMetrics));
    const double number = value;
    write_metric(metadata, kArgList<Properties...>, bits_of(number),
                 queue::RecordKind::kFloatMetric, EventKind::kFloatMetric, NoValue(),
                 set_of(properties...), to_property(properties)...);
  }
};

struct IntegerMetricDyn {
  template <class T, class... Properties>
  IntegerMetricDyn(const StaticMetricMetadata& metadata, std::string_view name,
                   std::string_view unit, T value, const Properties&... properties) {
    static_assert(
        std::is_integral_v<T> && sizeof(T) <= 8,
        "an integer metric takes an integer; use MM_FMETRIC_DYN for a floating-point value");
    static_assert(check_properties<Properties...>(kReservedForMetrics));
    if (negative(value)) {
      micromegas_v0_drop(EventKind::kIntegerMetric, DropReason::kInvalid, 1);
      return;
    }
    write_metric(metadata, kArgList<Properties...>, static_cast<std::uint64_t>(value),
                 queue::RecordKind::kIntegerMetricDyn, EventKind::kIntegerMetric, Names(name, unit),
                 set_of(properties...), to_property(properties)...);
  }
};

struct FloatMetricDyn {
  template <class T, class... Properties>
  FloatMetricDyn(const StaticMetricMetadata& metadata, std::string_view name, std::string_view unit,
                 T value, const Properties&... properties) {
    static_assert(check_properties<Properties...>(kReservedForMetrics));
    const double number = value;
    write_metric(metadata, kArgList<Properties...>, bits_of(number),
                 queue::RecordKind::kFloatMetricDyn, EventKind::kFloatMetric, Names(name, unit),
                 set_of(properties...), to_property(properties)...);
  }
};

// --- spans ---

// Of a begin and of properties that come later: with the ends of all open spans it must fit into a
// segment.
inline constexpr std::uint32_t kMaxSpanRecordBytes = 16 * 1024;

// Not 0 if the begin was recorded; then end_span() must follow, with the same value.
template <class Front, class Set, class... Values>
MICROMEGAS_INLINE std::uint64_t begin_span(std::uint32_t id, queue::RecordKind kind,
                                           const Front& front, Set set,
                                           Values&&... values) noexcept {
  using queue::kSpanEndBytes;
  queue::ThreadState* thread = micromegas_v0_thread.state;
  std::uint64_t open_spans = thread->open_spans.load(std::memory_order_relaxed);
  if (__builtin_expect(queue::open_count(open_spans) >= queue::kMaxOpenSpans, 0)) {
    if (!micromegas_v0_may_open_span()) return 0;
    thread = micromegas_v0_thread.state;
    open_spans = thread->open_spans.load(std::memory_order_relaxed);
  }
  const std::uint32_t open = queue::open_count(open_spans);
  const auto fixed =
      static_cast<std::uint32_t>(queue::kRecordHeaderBytes + Set::kBytes + front.bytes());
  queue::Writer w(queue::QueueKind::kSpans, fit(kMaxSpanRecordBytes, fixed, values...),
                  EventKind::kSpan, (open + 1) * kSpanEndBytes, 2, thread);
  if (!w) return 0;
  w.header(id, kind, Set::kFlags);
  set.write(w);
  front.write(w);
  (values.write(w), ...);
  w.publish();
  const std::uint64_t begun = open_spans + 1;
  queue::set_open_spans(begun);
  if (begun == 0) __builtin_unreachable();
  return begun;
}

MICROMEGAS_INLINE TextRef span_name(std::string_view name) noexcept {
  TextRef text{name.data(), name.size()};
  text.cut(kMaxNameBytes);
  return text;
}

// `begun`: what begin_span() gave. A guard should belong to its thread and block. One that ends out
// of order, or on another thread (in a coroutine that has resumed there), costs the cold path and
// takes nobody else's place.
MICROMEGAS_INLINE void end_span(std::uint32_t id, queue::RecordKind kind,
                                std::uint64_t begun) noexcept {
  queue::ThreadState* const thread = micromegas_v0_thread.state;
  if (__builtin_expect(thread->open_spans.load(std::memory_order_relaxed) != begun, 0)) {
    return micromegas_v0_end_out_of_place(id, kind, begun);
  }
  queue::Writer w(queue::QueueKind::kSpans, queue::kSpanEndBytes, EventKind::kSpan, 0, 1, thread);
  if (!w) return;
  w.header(id, kind, queue::kNoFlags);
  w.publish();
  thread->open_spans.store(begun - 1, std::memory_order_relaxed);
}

template <class... Args>
__attribute__((visibility("hidden"))) inline constinit SiteWord kPropertiesWord{0};

// Properties for the open span of which begin_span() gave `begun`.
template <class... Args>
void add_span_properties(std::uint32_t span, std::uint64_t begun, const Args&... args) {
  static_assert(check_properties<Args...>());
  const std::uint64_t open_spans = queue::open_spans();
  if (queue::open_owner(open_spans) != queue::open_owner(begun))
    return micromegas_v0_count_lost_properties();
  const std::uint32_t open = queue::open_count(open_spans);
  const std::uint32_t depth = queue::open_count(begun);
  if (open < depth) return;  // telemetry has been restarted since
  SiteWord& word = kPropertiesWord<Args...>;
  std::uint32_t id = queue::site_id(word);
  if (__builtin_expect(id == 0, 0)) {
    id = micromegas_v0_register_properties(&word, &kArgList<Args...>);
    if (id == 0) return micromegas_v0_count_lost_properties();
  }
  const auto write = [&](auto set, auto&&... values) {
    const std::uint32_t fixed = queue::kRecordHeaderBytes + 8 + set.kBytes;
    const std::uint32_t bytes = fit(kMaxSpanRecordBytes, fixed, values...);
    queue::Writer w(queue::QueueKind::kSpans, bytes, EventKind::kSpan, open * queue::kSpanEndBytes,
                    0);
    if (!w) return micromegas_v0_count_lost_properties();
    w.header_untimed(id, queue::RecordKind::kSpanProperties, set.kFlags, bytes);
    set.write(w);
    w.number(span | (std::uint64_t{depth} << 32));
    (values.write(w), ...);
    w.publish_uncounted();
  };
  write(set_of(args...), to_property(args)...);
}

MICROMEGAS_INLINE std::uint32_t span_id(const SpanMetadata& metadata,
                                        const queue::ArgList& args = kArgList<>) noexcept {
  return id_of(metadata.location.word, EventKind::kSpan, 2,
               [&] { return micromegas_v0_register_span(&metadata, &args); });
}

MICROMEGAS_INLINE std::uint32_t span_id(const SpanLocation& location,
                                        const queue::ArgList& args = kArgList<>) noexcept {
  return id_of(location.word, EventKind::kSpan, 2,
               [&] { return micromegas_v0_register_location(&location, &args); });
}

// --- context ---

// Writes a kContextBegin into one of the thread's queues; false, and counted, if it has no room.
template <class Set, class... Values>
bool write_context(queue::QueueKind queue, std::uint32_t id, std::uint32_t depth, Set set,
                   Values&&... values) noexcept {
  const std::uint32_t fixed = queue::kRecordHeaderBytes + 8 + Set::kBytes;
  const std::uint32_t reserve = queue == queue::QueueKind::kSpans
                                    ? queue::open_count(queue::open_spans()) * queue::kSpanEndBytes
                                    : 0;
  const std::uint32_t bytes = fit(kMaxSpanRecordBytes, fixed, values...);
  queue::Writer w(queue, bytes, EventKind::kLog, reserve, 0);
  if (!w) {
    micromegas_v0_count_lost_properties();
    return false;
  }
  w.header_untimed(id, queue::RecordKind::kContextBegin, Set::kFlags, bytes);
  set.write(w);
  w.number(depth);
  (values.write(w), ...);
  w.publish_uncounted();
  return true;
}

template <class... Args>
bool write_contexts(std::uint32_t depth, const Args&... args) {
  static_assert(check_properties<Args...>(kReservedForContexts));
  SiteWord& word = kPropertiesWord<Args...>;
  std::uint32_t id = queue::site_id(word);
  if (id == 0) id = micromegas_v0_register_properties(&word, &kArgList<Args...>);
  if (id == 0) {
    micromegas_v0_count_lost_properties();
    return false;
  }
  const auto write = [&](auto&&... values) {
    if (!write_context(queue::QueueKind::kEvents, id, depth, set_of(args...), values...)) {
      return false;
    }
    write_context(queue::QueueKind::kSpans, id, depth, set_of(args...), values...);
    return true;
  };
  return write(to_property(args)...);
}

// The scope's depth, from 1, for end_context(); 0 if nothing was recorded.
template <class... Args>
std::uint32_t begin_context(const Args&... args) {
  if (!records_anything()) return 0;
  const std::uint32_t depth = micromegas_v0_thread.state->context_depth + 1;
  if (!write_contexts(depth, args...)) return 0;
  micromegas_v0_thread.state->context_depth = depth;  // the thread is registered now
  return depth;
}

void end_context(std::uint32_t depth) noexcept;

template <class... Args>
void set_thread_context(const Args&... args) {
  if (records_anything()) write_contexts(0, args...);
}

// What the two guards share.
template <queue::RecordKind kEnd>
class [[nodiscard]] BasicSpanGuard {
 public:
  BasicSpanGuard(const BasicSpanGuard&) = delete;
  BasicSpanGuard& operator=(const BasicSpanGuard&) = delete;

  // Properties that are known only now: "key"_k = value, and at most one PropertySet. A later value
  // of a key wins over an earlier one, a pair over a set. Only on the span's own thread.
  template <class... Args>
  void set(const Args&... properties) {
    if (begun_ != 0) add_span_properties(id_, begun_, properties...);
  }

 protected:
  constexpr BasicSpanGuard() noexcept = default;
  MICROMEGAS_INLINE ~BasicSpanGuard() {
    if (begun_ != 0) end_span(id_, kEnd, begun_);
  }

  std::uint32_t id_ = 0;
  std::uint64_t begun_ = 0;  // 0: nothing was recorded
};

// Opens the guard of a span. An object that is initialised in braces, for the order of evaluation.
struct Open {
  template <class Guard, class... Args>
  MICROMEGAS_INLINE Open(Guard& guard, const Args&... args) {
    guard.open(args...);
  }
};

}  // namespace detail

// What MM_SPAN declares. Belongs to its block and thread: neither copied nor moved.
class [[nodiscard]] SpanGuard : public detail::BasicSpanGuard<queue::RecordKind::kSpanEnd> {
 public:
  constexpr SpanGuard() noexcept = default;  // of no span
  template <class... Args>
  MICROMEGAS_INLINE explicit SpanGuard(const SpanMetadata& metadata, const Args&... properties) {
    open(metadata, properties...);
  }
  MICROMEGAS_INLINE ~SpanGuard() {}  // NOLINT(modernize-use-equals-default): inline
  // Once, and only of no span.
  template <class... Args>
  MICROMEGAS_INLINE void open(const SpanMetadata& metadata, const Args&... properties) {
    static_assert(detail::check_properties<Args...>());
    id_ = detail::span_id(metadata, detail::kArgList<Args...>);
    if (__builtin_expect(id_ == 0, 0)) return;
    begun_ = detail::begin_span(id_, queue::RecordKind::kSpanBegin, detail::NoValue(),
                                detail::set_of(properties...), detail::to_property(properties)...);
  }
};

// What MM_SPAN_DYN declares.
class [[nodiscard]] NamedSpanGuard
    : public detail::BasicSpanGuard<queue::RecordKind::kNamedSpanEnd> {
 public:
  constexpr NamedSpanGuard() noexcept = default;
  template <class... Args>
  MICROMEGAS_INLINE NamedSpanGuard(const SpanLocation& location, std::string_view name,
                                   const Args&... properties) {
    open(location, name, properties...);
  }
  MICROMEGAS_INLINE ~NamedSpanGuard() {}  // NOLINT(modernize-use-equals-default): inline
  // Once, and only of no span.
  template <class... Args>
  MICROMEGAS_INLINE void open(const SpanLocation& location, std::string_view name,
                              const Args&... properties) {
    static_assert(detail::check_properties<Args...>());
    id_ = detail::span_id(location, detail::kArgList<Args...>);
    if (__builtin_expect(id_ == 0, 0)) return;
    begun_ = detail::begin_span(id_, queue::RecordKind::kNamedSpanBegin, detail::span_name(name),
                                detail::set_of(properties...), detail::to_property(properties)...);
  }
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_RECORDER_H_
