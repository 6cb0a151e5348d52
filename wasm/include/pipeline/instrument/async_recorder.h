// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Stands in for the native header of the same path: on wasm32 asynchronous spans are silent, as all
// spans are. What is awaited is awaited as if there were no span.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_RECORDER_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_RECORDER_H_

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "micromegas/pipeline/instrument/recorder.h"

namespace micromegas {

struct SpanContext {
  std::uint64_t span_id = 0;
  std::uint32_t depth = 0;
  std::uint32_t session = 0;

  [[nodiscard]] SpanContext if_alive() const noexcept { return {}; }
};

namespace detail {
struct TraceIds {
  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0;

  [[nodiscard]] bool is_of_trace(const TraceIds& other) const noexcept {
    return trace_high == other.trace_high && trace_low == other.trace_low;
  }
};
}  // namespace detail

inline SpanContext current_span_context() noexcept { return {}; }
inline std::uint64_t current_span_id() noexcept { return 0; }

class [[nodiscard]] CurrentSpan {
 public:
  [[nodiscard]] std::uint64_t id() const noexcept { return 0; }
  [[nodiscard]] SpanContext context() const noexcept { return {}; }
  [[nodiscard]] bool takes_properties() const noexcept { return false; }
  template <class... Args>
  void set(const Args&... /*properties*/) {
    static_assert(detail::check_properties<Args...>());
  }
  bool claim_trace_ids(detail::TraceIds& /*ids*/) noexcept { return false; }
  void set_trace_ids(const detail::TraceIds& /*ids*/) noexcept {}
};
inline CurrentSpan current_span() noexcept { return {}; }

class [[nodiscard]] SpanContextScope {
 public:
  explicit SpanContextScope(const SpanContext& /*context*/) noexcept {}
  ~SpanContextScope() {}  // NOLINT(modernize-use-equals-default): not an unused variable
  SpanContextScope(const SpanContextScope&) = delete;
  SpanContextScope& operator=(const SpanContextScope&) = delete;
};

template <class F>
[[nodiscard]] std::decay_t<F> bind_span_context(F&& function) {
  return std::forward<F>(function);
}
template <class F>
[[nodiscard]] std::decay_t<F> bind_span_context(const SpanContext& /*context*/, F&& function) {
  return std::forward<F>(function);
}

class [[nodiscard]] AsyncSpan {
 public:
  struct Later {};

  AsyncSpan() noexcept = default;
  AsyncSpan(AsyncSpan&& /*other*/) noexcept {}
  AsyncSpan& operator=(AsyncSpan&& /*other*/) noexcept { return *this; }
  ~AsyncSpan() {}  // NOLINT(modernize-use-equals-default): not an unused variable

  template <class Site, class... Args>
  void open(Later /*later*/, const Site& /*site*/, const Args&... args) noexcept {
    with_parent(args...);
  }
  template <class... Args>
  void open(const SpanMetadata& site, const Args&... args) noexcept {
    check(site, args...);
  }
  template <class... Args>
  void open(const SpanLocation& site, std::string_view name, const Args&... args) noexcept {
    check(site, name, args...);
  }

  [[nodiscard]] std::uint64_t id() const noexcept { return 0; }
  [[nodiscard]] SpanContext context() const noexcept { return {}; }
  template <class... Args>
  void set(const Args&... /*properties*/) {
    static_assert(detail::check_properties<Args...>());
  }
  void end() noexcept {}

 private:
  template <class... Args>
  static void check(const SpanMetadata& /*site*/, const Args&... args) {
    with_parent(args...);
  }
  template <class... Args>
  static void check(const SpanLocation& /*site*/, std::string_view /*name*/, const Args&... args) {
    with_parent(args...);
  }
  template <class... Args>
  static void with_parent(const SpanContext& /*parent*/, const Args&... /*properties*/) {
    static_assert(detail::check_properties<Args...>());
  }
  template <class... Args>
  static void with_parent(const Args&... /*properties*/) {
    static_assert(detail::check_properties<Args...>());
  }
};

namespace detail {

template <class A>
struct Awaited {
  A&& awaitable;
  A in(const AsyncSpan& /*span*/) && { return std::forward<A>(awaitable); }
};
struct SpanName {
  void open(std::string_view /*name*/) noexcept {}
  template <class A>
  Awaited<A> awaited(A&& awaitable) noexcept {
    return {std::forward<A>(awaitable)};
  }
};

}  // namespace detail
}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_RECORDER_H_
