// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which asynchronous span is current: the parent of those that begin here. A thread-local variable
// that spans set and reset would leak from one coroutine into another wherever one suspends. So it
// is set only for a stretch of code that cannot suspend, from its first to its last instruction:
// for each call of a handler, for each resumption of a coroutine by an executor (asio.h), for a
// block (SpanContextScope). docs/async.md.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_CONTEXT_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_CONTEXT_H_

#include <cstdint>

#include "micromegas/pipeline/queue/hot.h"

namespace micromegas {

// A parent for asynchronous spans. A value: copy it, keep it, give it to another thread.
struct SpanContext {
  std::uint64_t span_id = 0;  // 0: none, what begins is a root
  std::uint32_t depth = 0;    // of that span
  std::uint32_t session = 0;  // in which it is known

  // None if telemetry has ended, or started anew, since.
  [[nodiscard]] SpanContext if_alive() const noexcept {
    return session == micromegas_v0_session.load(std::memory_order_relaxed) ? *this : SpanContext();
  }
};

namespace detail {

MICROMEGAS_INLINE SpanContext current_context() noexcept {
  const queue::SpanScope& scope = micromegas_v0_span_scope;
  if (__builtin_expect(scope.span_id == 0, 1)) return {};
  return SpanContext{scope.span_id, scope.depth, scope.session}.if_alive();
}

}  // namespace detail

// Of the current span; none if there is no current span.
inline SpanContext current_span_context() noexcept { return detail::current_context(); }
// 0: there is no current span.
inline std::uint64_t current_span_id() noexcept { return detail::current_context().span_id; }

// Makes a span current for the rest of the block. Not for a block that suspends: whatever else the
// thread runs meanwhile, and whatever thread it resumes on, would be under it.
class [[nodiscard]] SpanContextScope {
 public:
  explicit SpanContextScope(const SpanContext& context) noexcept
      : previous_{micromegas_v0_span_scope.span_id, micromegas_v0_span_scope.depth,
                  micromegas_v0_span_scope.session} {
    set(context);
  }
  ~SpanContextScope() { set(previous_); }
  SpanContextScope(const SpanContextScope&) = delete;
  SpanContextScope& operator=(const SpanContextScope&) = delete;

 private:
  static void set(const SpanContext& context) noexcept {
    queue::SpanScope& scope = micromegas_v0_span_scope;
    scope.span_id = context.span_id;
    scope.depth = context.depth;
    scope.session = context.session;
  }

  SpanContext previous_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_CONTEXT_H_
