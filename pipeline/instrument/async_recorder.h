// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// An asynchronous span: begins on one thread, ends on whichever comes to its end. Its id, parent
// and properties are in the object, so that the end needs nothing of the thread that began it. On
// wasm32 another header stands under this name (wasm/include).
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_RECORDER_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_RECORDER_H_

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/pipeline/instrument/span_context.h"
#include "micromegas/pipeline/instrument/span_records.h"

namespace micromegas {
namespace detail {

// Why a span ended, where it did not come to its end by itself; the property kEndKey of its end.
inline constexpr std::string_view kEndKey = "micromegas.end";
inline constexpr std::string_view kEndedByException = "exception";
inline constexpr std::string_view kEndedByCancellation = "cancelled";
inline constexpr std::string_view kEndedByDestruction = "destroyed";

// std::uncaught_exceptions() without its two calls, which cost as much as a span's begin.
MICROMEGAS_INLINE std::uint8_t uncaught_exceptions() noexcept {
  const unsigned* count = micromegas_v0_thread.uncaught_exceptions;
  if (__builtin_expect(count == nullptr, 0)) count = micromegas_v0_find_uncaught_exceptions();
  return static_cast<std::uint8_t>(*count);
}

}  // namespace detail

// What the MM_ASYNC_SPAN macros make. Ends when it is destroyed, wherever that is, or by end().
// Movable; any thread, one at a time.
class [[nodiscard]] AsyncSpan {
 public:
  AsyncSpan() noexcept = default;  // of no span
  AsyncSpan(AsyncSpan&& other) noexcept : records_(std::move(other.records_)) { take(other); }
  AsyncSpan& operator=(AsyncSpan&& other) noexcept {
    if (this != &other) {
      if (id_ != 0) finish({});
      records_ = std::move(other.records_);
      take(other);
    }
    return *this;
  }
  MICROMEGAS_INLINE ~AsyncSpan() {
    if (id_ == 0) return;
    const bool thrown = detail::uncaught_exceptions() > uncaught_;
    if (__builtin_expect(!thrown && records_.size() == 0, 1)) {
      const bool alive = session_ == micromegas_v0_session.load(std::memory_order_relaxed);
      if (__builtin_expect(alive, 1)) write_end();
    } else {
      finish(thrown ? detail::kEndedByException : std::string_view());
    }
  }

  // 0: nothing is recorded of it, or it has ended.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  // To give to what it shall be the parent of. Of one of which nothing is recorded: its parent's;
  // where a filter left it out, or there is no span, that of the current span, since then its
  // arguments are not evaluated. None once it has ended.
  [[nodiscard]] SpanContext context() const noexcept {
    return __builtin_expect(id_ != 0, 1) ? SpanContext{id_, depth_, session_} : outer_context();
  }

  // Properties of its end: "key"_k = value, and at most one PropertySet. A later value of a key
  // wins over an earlier one, a pair over a set. 16 KiB in all; beyond, counted as lost.
  template <class... Args>
  void set(const Args&... properties) {
    static_assert(detail::check_properties<Args...>());
    if (id_ != 0) put(properties...);
  }

  // Ends it now. A second end is ignored, and counted.
  void end() noexcept {
    if (id_ != 0) return finish({});
    if (ended_) micromegas_v0_drop(EventKind::kAsyncSpan, DropReason::kInvalid, 1);
  }

  // --- what the macros and SpanCarrier call ---

  // Calls put(id, set, values...) with the properties as they go into a record.
  template <class Put, class... Args>
  static void encode(Put put, const Args&... properties) {
    static_assert(detail::check_properties<Args...>());
    SiteWord& word = detail::kPropertiesWord<Args...>;
    std::uint32_t id = queue::site_id(word);
    if (__builtin_expect(id == 0, 0)) {
      id = micromegas_v0_register_properties(&word, &detail::kArgList<Args...>);
      if (id == 0) return micromegas_v0_count_lost_properties();
    }
    put(id, detail::set_of(properties...), detail::to_property(properties)...);
  }
  [[nodiscard]] detail::SpanRecords& records() noexcept { return records_; }

  struct Later {};  // prepared: begin() follows

  // Each once, and only of no span.
  template <class... Args>
  MICROMEGAS_INLINE void open(Later /*later*/, const SpanMetadata& site, const Args&... args) {
    session_ = micromegas_v0_session.load(std::memory_order_relaxed);
    prepare(site, args...);
  }
  // set_name() follows.
  template <class... Args>
  MICROMEGAS_INLINE void open(Later /*later*/, const SpanLocation& site, const Args&... args) {
    session_ = micromegas_v0_session.load(std::memory_order_relaxed);
    prepare_named(site);
    with_parent(args...);
  }
  template <class... Args>
  MICROMEGAS_INLINE void open(const SpanMetadata& site, const Args&... args) {
    uncaught_ = detail::uncaught_exceptions();
    prepare(site, args...);
    if (__builtin_expect(site_ != 0, 1)) return write_begin<false>();
    leave_out();
  }
  template <class... Args>
  MICROMEGAS_INLINE void open(const SpanLocation& site, std::string_view name,
                              const Args&... args) {
    uncaught_ = detail::uncaught_exceptions();
    prepare(site, name, args...);
    if (__builtin_expect(site_ != 0, 1)) return write_begin<true>();
    leave_out();
  }
  [[nodiscard]] bool prepared() const noexcept { return site_ != 0; }
  [[nodiscard]] bool is_named() const noexcept { return named_; }
  void set_name(detail::SpanRecords&& name) noexcept {
    if (name.size() == 0) name.set_name({"", 0});  // switched on since that was asked for
    if (!name.append(records_)) micromegas_v0_count_lost_properties();
    records_ = std::move(name);
  }
  // Nothing, if telemetry has ended since it was prepared: its parent is not known here.
  void begin() noexcept {
    if (session_ != micromegas_v0_session.load(std::memory_order_relaxed)) site_ = 0;
    if (site_ == 0) return;
    uncaught_ = detail::uncaught_exceptions();
    named_ ? write_begin<true>() : write_begin<false>();
  }
  // `reason`: one of those above, or none.
  void finish(std::string_view reason) noexcept {
    if (session_ == micromegas_v0_session.load(std::memory_order_relaxed)) {
      if (!reason.empty()) records_.put_text(detail::kEndKey, reason);
      write_end();
    }
    records_.clear();
    id_ = 0;
    site_ = 0;
    ended_ = true;
  }

 private:
  // Arguments: [parent,] or for a name known at run time: name[, parent]; then properties.
  template <class... Args>
  MICROMEGAS_INLINE void prepare(const SpanMetadata& site, const Args&... args) {
    site_ = detail::id_of(site.location.word, EventKind::kAsyncSpan, 2,
                          [&] { return micromegas_v0_register_span(&site, &detail::kArgList<>); });
    with_parent(args...);
  }
  template <class... Args>
  MICROMEGAS_INLINE void prepare(const SpanLocation& site, std::string_view name,
                                 const Args&... args) {
    prepare_named(site);
    records_.set_name(detail::span_name(name));
    with_parent(args...);
  }
  MICROMEGAS_INLINE void prepare_named(const SpanLocation& site) noexcept {
    site_ = detail::id_of(site.word, EventKind::kAsyncSpan, 2, [&] {
      return micromegas_v0_register_location(&site, &detail::kArgList<>);
    });
    named_ = true;
  }
  template <class... Args>
  MICROMEGAS_INLINE void with_parent(const SpanContext& parent, const Args&... properties) {
    start(parent.if_alive(), properties...);
  }
  template <class... Args>
  MICROMEGAS_INLINE void with_parent(const Args&... properties) {
    start(detail::current_context(), properties...);
  }
  template <class... Args>
  MICROMEGAS_INLINE void start(const SpanContext& parent, const Args&... properties) {
    static_assert(detail::check_properties<Args...>());
    parent_ = parent.span_id;
    depth_ = parent.span_id == 0 ? 0 : parent.depth + 1;
    if constexpr (sizeof...(Args) != 0) {
      if (site_ != 0) put(properties...);
    }
  }

  template <class... Args>
  void put(const Args&... properties) {
    encode(
        [this](std::uint32_t id, auto set, auto&&... values) {
          if (!records_.put(id, set, values...)) micromegas_v0_count_lost_properties();
        },
        properties...);
  }

  // Its parent is known, nothing else is.
  void leave_out() noexcept {
    site_ = 0;
    session_ = micromegas_v0_session.load(std::memory_order_relaxed);
  }
  [[nodiscard]] SpanContext outer_context() const noexcept;

  static constexpr std::uint32_t kFixedBytes = queue::kRecordHeaderBytes + 24;
  static std::uint32_t reserve() noexcept {
    return queue::open_count(queue::open_spans()) * queue::kSpanEndBytes;
  }

  template <bool kNamed>
  MICROMEGAS_INLINE void write_begin() noexcept {
    const std::uint32_t name_bytes = kNamed ? records_.name_bytes() : 0;
    queue::Writer w(queue::QueueKind::kSpans, kFixedBytes + name_bytes, EventKind::kAsyncSpan,
                    reserve(), 2);
    if (!w) return leave_out();
    const std::uint64_t id = queue::take_span_id();
    session_ = micromegas_v0_session.load(std::memory_order_relaxed);
    w.header(site_,
             kNamed ? queue::RecordKind::kAsyncNamedBegin : queue::RecordKind::kAsyncSpanBegin,
             queue::kNoFlags);
    w.number(id);
    w.number(parent_);
    w.number(depth_);
    if constexpr (kNamed) w.bytes(records_.data(), name_bytes);
    w.publish();
    id_ = id;
  }

  MICROMEGAS_INLINE void write_end() noexcept {
    const std::uint32_t carried = records_.size();
    queue::Writer w(queue::QueueKind::kSpans, kFixedBytes + carried, EventKind::kAsyncSpan,
                    queue::Writer::IfRoom(), reserve());
    if (__builtin_expect(!w, 0)) return end_without_room();
    w.header(site_, named_ ? queue::RecordKind::kAsyncNamedEnd : queue::RecordKind::kAsyncSpanEnd,
             queue::kNoFlags);
    w.number(id_);
    w.number(parent_);
    w.number(depth_);
    if (carried != 0) w.bytes(records_.data(), carried);
    w.publish();
  }

  void end_without_room() noexcept;

  void take(AsyncSpan& other) noexcept {
    id_ = std::exchange(other.id_, 0);
    parent_ = other.parent_;
    site_ = std::exchange(other.site_, 0);
    depth_ = other.depth_;
    session_ = other.session_;
    uncaught_ = other.uncaught_;
    named_ = other.named_;
    ended_ = std::exchange(other.ended_, false);
  }

  std::uint64_t id_ = 0;  // 0: not begun, or ended
  std::uint64_t parent_ = 0;
  std::uint32_t site_ = 0;  // 0: nothing is recorded of it
  std::uint32_t depth_ = 0;
  std::uint32_t session_ = 0;  // 0: no filter has let it through
  std::uint8_t uncaught_ = 0;  // exceptions, when it began
  bool named_ = false;         // the name was given at run time
  bool ended_ = false;
  detail::SpanRecords records_;
};

}  // namespace micromegas

#include "micromegas/pipeline/instrument/async_await.h"
#include "micromegas/pipeline/instrument/span_carrier.h"

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_RECORDER_H_
