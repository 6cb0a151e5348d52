// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Asynchronous spans: what a task does, on whichever threads; docs/async.md.
//
//   asio::awaitable<Reply> handle(Request request) {
//     MM_ASYNC_SPAN_FN("size"_k = request.size());      // to the end of the coroutine
//     MM_ASYNC_SPAN_VAR(span, "fetch");                 // to the end of the block
//     Rows rows = co_await MM_ASYNC_SPAN("query", db.run(sql));  // and current inside
//     span.set("rows"_k = rows.size());
//   }
//   micromegas::AsyncSpan upload = MM_BEGIN_ASYNC_SPAN("upload");  // until upload.end()
//
// In front of the properties a parent may stand, a SpanContext; without one it is the current span.
// The end is recorded whatever happens: where it is not a normal one, the property micromegas.end
// tells: "exception", and of MM_ASYNC_SPAN also "cancelled" and "destroyed" (while it waited).
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_SPAN_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_SPAN_H_

#include <cstddef>

#include "micromegas/pipeline/instrument/async_recorder.h"
#include "micromegas/pipeline/instrument/span.h"

namespace micromegas::detail {

// The name of the function around a lambda.
template <std::size_t N>
struct FunctionText {
  char text[N] = {};
  consteval FunctionText(const char* from) noexcept {  // NOLINT: stands for the literal
    for (std::size_t i = 0; i + 1 < N; ++i) text[i] = from[i];
  }
};
// A copy, hidden, as kKeyText.
template <FunctionText Text>
__attribute__((visibility("hidden"))) inline constexpr FunctionText kFunctionText = Text;
template <FunctionText Text>
struct FunctionName {
  static constexpr const char* kText = kFunctionText<Text>.text;
};

}  // namespace micromegas::detail

// Properties are evaluated only for a span that is recorded, from left to right: see span.h.
#define MICROMEGAS_ASYNC_SPAN_IMPL_(site, variable, function, verbosity_, target_, name_, ...)   \
  static constinit ::micromegas::SpanMetadata site{                                              \
      .name = (name_), .location = MICROMEGAS_SPAN_LOCATION_IN_(function, verbosity_, target_)}; \
  ::micromegas::AsyncSpan variable;                                                              \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site.location, variable, site __VA_OPT__(, ) __VA_ARGS__)

#define MICROMEGAS_ASYNC_SPAN_DYN_IMPL_(site, variable, function, verbosity_, target_, ...) \
  static constinit ::micromegas::SpanLocation site MICROMEGAS_SPAN_LOCATION_IN_(            \
      function, verbosity_, target_);                                                       \
  ::micromegas::AsyncSpan variable;                                                         \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site, variable, site, __VA_ARGS__)

// A guard: to the end of the block, wherever that comes. _V: with a verbosity in front, as in
// verbosity.h.
#define MICROMEGAS_ASYNC_SPAN_VAR_V_T(verbosity, variable, target, ...)                            \
  MICROMEGAS_ASYNC_SPAN_IMPL_(MICROMEGAS_CONCAT_(variable, _site), variable, __builtin_FUNCTION(), \
                              verbosity, target, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_VAR_V_T(verbosity, variable, target, ...)      \
  MICROMEGAS_ASYNC_SPAN_DYN_IMPL_(MICROMEGAS_CONCAT_(variable, _site), variable, \
                                  __builtin_FUNCTION(), verbosity, target, __VA_ARGS__)
// The same without a name for the variable, named after the function.
#define MICROMEGAS_ASYNC_SPAN_FN_V(verbosity, ...)                                         \
  MICROMEGAS_SPAN_UNNAMED_(MICROMEGAS_ASYNC_SPAN_IMPL_, __COUNTER__, __builtin_FUNCTION(), \
                           verbosity, MM_DEFAULT_TARGET,                                   \
                           __builtin_FUNCTION() __VA_OPT__(, ) __VA_ARGS__)

// A span as the value of an expression. In a coroutine g++ 12 evaluates both sides of a conditional
// expression in what is awaited, and does not compile statements there; clang 14 does not let a
// lambda see structured bindings. So with g++ no property of these may contain a co_await.
#define MICROMEGAS_SPAN_VALUE_(kind, n, ...)                                 \
  MICROMEGAS_SPAN_VALUE_IMPL_(kind, MICROMEGAS_CONCAT_(micromegas_site_, n), \
                              MICROMEGAS_CONCAT_(micromegas_span_, n),       \
                              MICROMEGAS_CONCAT_(micromegas_function_, n), __VA_ARGS__)
#if defined(__clang__)
#define MICROMEGAS_SPAN_VALUE_IMPL_(kind, site, span, function, ...) \
  __extension__({                                                    \
    kind(site, span, __builtin_FUNCTION(), __VA_ARGS__);             \
    static_cast<decltype(span)&&>(span);                             \
  })
#else
// The function's name comes in from outside: here it would be operator(). In parentheses, or its
// commas would count where it stands in a macro's argument.
#define MICROMEGAS_SPAN_VALUE_IMPL_(kind, site, span, function, ...) \
  ([&]([[maybe_unused]] auto function) {                             \
    kind(site, span, decltype(function)::kText, __VA_ARGS__);        \
    return span;                                                     \
  }(MICROMEGAS_FUNCTION_NAME_))
#define MICROMEGAS_FUNCTION_NAME_                                        \
  ::micromegas::detail::FunctionName<::micromegas::detail::FunctionText< \
      __builtin_strlen(__builtin_FUNCTION()) + 1>(__builtin_FUNCTION())>()
#endif

// A span that ends by its end(), or when it is destroyed.
#define MICROMEGAS_BEGIN_ASYNC_SPAN_V_T(verbosity, target, ...) \
  MICROMEGAS_SPAN_VALUE_(MICROMEGAS_ASYNC_SPAN_IMPL_, __COUNTER__, verbosity, target, __VA_ARGS__)
#define MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_V_T(verbosity, target, ...)                       \
  MICROMEGAS_SPAN_VALUE_(MICROMEGAS_ASYNC_SPAN_DYN_IMPL_, __COUNTER__, verbosity, target, \
                         __VA_ARGS__)

// Around an awaitable; begins when that is awaited. In calls of members, so that the name, what is
// awaited and the properties are evaluated in this order.
#define MICROMEGAS_ASYNC_SPAN_V_T(verbosity, target, name, awaitable, ...)                 \
  ::micromegas::detail::SpanName().awaited(awaitable).in(                                  \
      MICROMEGAS_SPAN_VALUE_(MICROMEGAS_ASYNC_SPAN_LATER_, __COUNTER__, verbosity, target, \
                             name __VA_OPT__(, ) __VA_ARGS__))
#define MICROMEGAS_ASYNC_SPAN_DYN_V_T(verbosity, target, name, awaitable, ...)             \
  MICROMEGAS_SPAN_VALUE_(MICROMEGAS_SPAN_NAME_, __COUNTER__, verbosity, target, name)      \
      .awaited(awaitable)                                                                  \
      .in(MICROMEGAS_SPAN_VALUE_(MICROMEGAS_ASYNC_SPAN_DYN_LATER_, __COUNTER__, verbosity, \
                                 target __VA_OPT__(, ) __VA_ARGS__))
#define MICROMEGAS_ASYNC_SPAN_LATER_(site, variable, function, verbosity_, target_, name_, ...)  \
  static constinit ::micromegas::SpanMetadata site{                                              \
      .name = (name_), .location = MICROMEGAS_SPAN_LOCATION_IN_(function, verbosity_, target_)}; \
  ::micromegas::AsyncSpan variable;                                                              \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site.location, variable, ::micromegas::AsyncSpan::Later(),   \
                        site __VA_OPT__(, ) __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_LATER_(site, variable, function, verbosity_, target_, ...) \
  static constinit ::micromegas::SpanLocation site MICROMEGAS_SPAN_LOCATION_IN_(             \
      function, verbosity_, target_);                                                        \
  ::micromegas::AsyncSpan variable;                                                          \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site, variable, ::micromegas::AsyncSpan::Later(),        \
                        site __VA_OPT__(, ) __VA_ARGS__)
// The site only asks whether the span will be recorded.
#define MICROMEGAS_SPAN_NAME_(site, variable, function, verbosity_, target_, name) \
  static constinit ::micromegas::SpanLocation site MICROMEGAS_SPAN_LOCATION_IN_(   \
      function, verbosity_, target_);                                              \
  ::micromegas::detail::SpanName variable;                                         \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site, variable, name)

// Each with the file's verbosity, with the file's target, with both.
#define MICROMEGAS_ASYNC_SPAN_FN(...) MICROMEGAS_ASYNC_SPAN_FN_V(MM_DEFAULT_VERBOSITY, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_T(target, ...) \
  MICROMEGAS_ASYNC_SPAN_V_T(MM_DEFAULT_VERBOSITY, target, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_V(verbosity, ...) \
  MICROMEGAS_ASYNC_SPAN_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN(...) \
  MICROMEGAS_ASYNC_SPAN_V_T(MM_DEFAULT_VERBOSITY, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_T(target, ...) \
  MICROMEGAS_ASYNC_SPAN_DYN_V_T(MM_DEFAULT_VERBOSITY, target, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_V(verbosity, ...) \
  MICROMEGAS_ASYNC_SPAN_DYN_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN(...) \
  MICROMEGAS_ASYNC_SPAN_DYN_V_T(MM_DEFAULT_VERBOSITY, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_BEGIN_ASYNC_SPAN_T(target, ...) \
  MICROMEGAS_BEGIN_ASYNC_SPAN_V_T(MM_DEFAULT_VERBOSITY, target, __VA_ARGS__)
#define MICROMEGAS_BEGIN_ASYNC_SPAN_V(verbosity, ...) \
  MICROMEGAS_BEGIN_ASYNC_SPAN_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_BEGIN_ASYNC_SPAN(...) \
  MICROMEGAS_BEGIN_ASYNC_SPAN_V_T(MM_DEFAULT_VERBOSITY, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_T(target, ...) \
  MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_V_T(MM_DEFAULT_VERBOSITY, target, __VA_ARGS__)
#define MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_V(verbosity, ...) \
  MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_BEGIN_ASYNC_SPAN_DYN(...) \
  MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_V_T(MM_DEFAULT_VERBOSITY, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_VAR_T(variable, target, ...) \
  MICROMEGAS_ASYNC_SPAN_VAR_V_T(MM_DEFAULT_VERBOSITY, variable, target, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_VAR_V(verbosity, variable, ...) \
  MICROMEGAS_ASYNC_SPAN_VAR_V_T(verbosity, variable, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_VAR(variable, ...) \
  MICROMEGAS_ASYNC_SPAN_VAR_V_T(MM_DEFAULT_VERBOSITY, variable, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_VAR_T(variable, target, ...) \
  MICROMEGAS_ASYNC_SPAN_DYN_VAR_V_T(MM_DEFAULT_VERBOSITY, variable, target, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_VAR_V(verbosity, variable, ...) \
  MICROMEGAS_ASYNC_SPAN_DYN_VAR_V_T(verbosity, variable, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_VAR(variable, ...) \
  MICROMEGAS_ASYNC_SPAN_DYN_VAR_V_T(MM_DEFAULT_VERBOSITY, variable, MM_DEFAULT_TARGET, __VA_ARGS__)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_SPAN_H_
