// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// W3C trace context (OpenTelemetry's): the header "traceparent" of a request, in and out.
//
//   void handle(const Request& request) {
//     const auto came = request.header("traceparent");
//     const micromegas::TraceScope trace(micromegas::TraceContext::from(came));
//     MM_INFO("accepted");  // trace_id=... span_id=... parent_span_id=...
//     send(other, "traceparent", micromegas::outgoing_traceparent());
//   }
//
// In a coroutine, or on another thread, the context goes with it, as a value:
//
//   auto trace = micromegas::TraceContext::from(header);
//   MM_ASYNC_SPAN_VAR(span, "handle");
//   trace.set_on(span);
//   co_await send(other, "traceparent", trace.traceparent());
//
// Properties: trace_id, 32 hexadecimal digits; span_id, 16: what the other side gets as its parent;
// parent_span_id, the span_id of the one that sent the request, empty where the trace begins. So
// the rows of two processes join.
// "tracestate" is the program's to pass on as it came.
#ifndef MICROMEGAS_TRACEPARENT_H_
#define MICROMEGAS_TRACEPARENT_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "micromegas/instrument.h"
#include "micromegas/platform/uuid.h"

namespace micromegas {

// The header itself. Neither id is all zeros.
struct TraceParent {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> parent_id{};  // the sender's span
  std::uint8_t flags = 0;                   // kSampled, kRandom; others are dropped

  static constexpr std::uint8_t kSampled = 1;  // whoever began the trace may have recorded it
  static constexpr std::uint8_t kRandom = 2;   // the last 7 bytes of trace_id are random

  // As the recommendation says (https://www.w3.org/TR/trace-context/, sections 3.2 and 4.3): lower
  // case, no blanks; of later versions than 00 the part that is known; not version ff. The header
  // comes from a stranger: any bytes, of any length.
  static std::optional<TraceParent> parse(std::string_view header) noexcept;
  // Version 00, 55 characters.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const TraceParent&, const TraceParent&) = default;
};

// What a request is a part of. A value: copy it, keep it, give it to another thread.
class TraceContext {
 public:
  // None: sets nothing, and sends an empty header.
  TraceContext() = default;
  // Joins the trace of the request; if the header is empty or malformed, begins one. Without
  // telemetry: what came is passed on, or none.
  static TraceContext from(std::string_view traceparent);

  explicit operator bool() const noexcept { return has_own_; }
  // What came with the request.
  [[nodiscard]] const std::optional<TraceParent>& incoming() const noexcept { return incoming_; }
  // The header for requests that this one makes; empty if none.
  [[nodiscard]] std::string traceparent() const;
  // Gives a span (of MM_ASYNC_SPAN_VAR, MM_SPAN_VAR, current_span()) the three properties.
  template <class Span>
  void set_on(Span&& span) const {
    using namespace literals;
    if (!has_own_) return;
    span.set("trace_id"_k = trace_id(), "span_id"_k = span_id(),
             "parent_span_id"_k = parent_span_id());
    if constexpr (requires { span.set_trace_ids(own_ids()); }) span.set_trace_ids(own_ids());
  }

  // In hexadecimal digits; empty if none.
  [[nodiscard]] std::string trace_id() const;
  [[nodiscard]] std::string span_id() const;
  [[nodiscard]] std::string parent_span_id() const;

 private:
  friend std::string outgoing_traceparent();
  [[nodiscard]] detail::TraceIds own_ids() const noexcept;

  TraceParent own_;  // parent_id: this one's span_id
  std::optional<TraceParent> incoming_;
  bool has_own_ = false;
};

// From here to the end of the block, on this thread: logs, metrics, thread spans and the ends of
// asynchronous ones carry the three properties, and outgoing_traceparent() is of this trace. None
// changes nothing: an outer one stays. Neither copied nor moved; not in code that suspends, which
// leaves a wrong one behind.
class [[nodiscard]] TraceScope {
 public:
  explicit TraceScope(const TraceContext& trace);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

  [[nodiscard]] const TraceContext& trace() const noexcept { return trace_; }

 private:
  TraceContext trace_;
  std::optional<ContextScope> context_;
  TraceContext before_;
};

// Of the innermost TraceScope of this thread that has one; none if there is none.
TraceContext current_trace() noexcept;

// The header for a request that is made here: of the innermost TraceScope, and of the asynchronous
// span that is current, if one is. That span then has trace_id and span_id as properties; one that
// has them already, from an earlier call or by set_on(current_span()), keeps them: the header names
// its span_id, or if they are of another trace, the TraceScope's. Empty without a TraceScope.
std::string outgoing_traceparent();

// The ids that this process gives: different for different numbers, and as good as random beside
// those of other processes, as their process ids are. Never all zeros.
//
//   mix(x):     x ^= x >> 30
//               x *= 0xbf58476d1ce4e5b9
//               x ^= x >> 27
//               x *= 0x94d049bb133111eb
//               x ^= x >> 31
//   high, low:  the process id as two big-endian numbers
//   trace id:   high, low ^ mix(number)
//   span id:    mix(span_id + (mix(high) ^ low))
//
// `span_id` is that of an asynchronous span; what has none gets numbers from 2^63 on.
std::array<std::uint8_t, 16> make_trace_id(const Uuid& process_id, std::uint64_t number) noexcept;
std::array<std::uint8_t, 8> make_span_id(const Uuid& process_id, std::uint64_t span_id) noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_TRACEPARENT_H_
