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

#include "micromegas/pipeline/instrument/async_recorder.h"
#include "micromegas/pipeline/instrument/span.h"

// Properties are evaluated only for a span that is recorded, from left to right: see span.h.
#define MICROMEGAS_ASYNC_SPAN_IMPL_(site, variable, verbosity_, target_, name_, ...) \
  static constinit ::micromegas::SpanMetadata site{                                  \
      .name = (name_), .location = MICROMEGAS_SPAN_LOCATION_(verbosity_, target_)};  \
  ::micromegas::AsyncSpan variable;                                                  \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site.location, variable, site __VA_OPT__(, ) __VA_ARGS__)

#define MICROMEGAS_ASYNC_SPAN_DYN_IMPL_(site, variable, verbosity_, target_, ...)                  \
  static constinit ::micromegas::SpanLocation site MICROMEGAS_SPAN_LOCATION_(verbosity_, target_); \
  ::micromegas::AsyncSpan variable;                                                                \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site, variable, site, __VA_ARGS__)

// A guard: to the end of the block, wherever that comes. _V: with a verbosity in front, as in
// verbosity.h.
#define MICROMEGAS_ASYNC_SPAN_VAR_V_T(verbosity, variable, target, ...)                         \
  MICROMEGAS_ASYNC_SPAN_IMPL_(MICROMEGAS_CONCAT_(variable, _site), variable, verbosity, target, \
                              __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_VAR_V_T(verbosity, variable, target, ...)                 \
  MICROMEGAS_ASYNC_SPAN_DYN_IMPL_(MICROMEGAS_CONCAT_(variable, _site), variable, verbosity, \
                                  target, __VA_ARGS__)
// The same without a name for the variable, named after the function.
#define MICROMEGAS_ASYNC_SPAN_FN_V(verbosity, ...)                                                 \
  MICROMEGAS_SPAN_UNNAMED_(MICROMEGAS_ASYNC_SPAN_IMPL_, __COUNTER__, verbosity, MM_DEFAULT_TARGET, \
                           __builtin_FUNCTION() __VA_OPT__(, ) __VA_ARGS__)

// A span as the value of an expression. In a coroutine g++ 12 evaluates both sides of a conditional
// expression in what is awaited, and does not compile statements there; clang 14 does not let a
// lambda see structured bindings. So with g++ no property of these may contain a co_await.
#if defined(__clang__)
#define MICROMEGAS_SPAN_VALUE_(...)                          \
  __extension__({                                            \
    __VA_ARGS__;                                             \
    static_cast<::micromegas::AsyncSpan&&>(micromegas_span); \
  })
#else
#define MICROMEGAS_SPAN_VALUE_(...) \
  [&] {                             \
    __VA_ARGS__;                    \
    return micromegas_span;         \
  }()
#endif

// A span that ends by its end(), or when it is destroyed.
#define MICROMEGAS_BEGIN_ASYNC_SPAN_V_T(verbosity, target, ...)                                   \
  MICROMEGAS_SPAN_VALUE_(MICROMEGAS_ASYNC_SPAN_IMPL_(micromegas_site, micromegas_span, verbosity, \
                                                     target, __VA_ARGS__))
#define MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_V_T(verbosity, target, ...)                        \
  MICROMEGAS_SPAN_VALUE_(MICROMEGAS_ASYNC_SPAN_DYN_IMPL_(micromegas_site, micromegas_span, \
                                                         verbosity, target, __VA_ARGS__))

// Around an awaitable; begins when that is awaited.
#define MICROMEGAS_ASYNC_SPAN_V_T(verbosity_, target, name, awaitable, ...)                    \
  ::micromegas::detail::span_around(MICROMEGAS_SPAN_VALUE_(MICROMEGAS_ASYNC_SPAN_LATER_(       \
                                        verbosity_, target, name __VA_OPT__(, ) __VA_ARGS__)), \
                                    awaitable)
#define MICROMEGAS_ASYNC_SPAN_DYN_V_T(verbosity_, target, name, awaitable, ...)                \
  ::micromegas::detail::span_around(MICROMEGAS_SPAN_VALUE_(MICROMEGAS_ASYNC_SPAN_DYN_LATER_(   \
                                        verbosity_, target, name __VA_OPT__(, ) __VA_ARGS__)), \
                                    awaitable)
#define MICROMEGAS_ASYNC_SPAN_LATER_(verbosity_, target_, name_, ...)               \
  static constinit ::micromegas::SpanMetadata micromegas_site{                      \
      .name = (name_), .location = MICROMEGAS_SPAN_LOCATION_(verbosity_, target_)}; \
  ::micromegas::AsyncSpan micromegas_span;                                          \
  MICROMEGAS_OPEN_SPAN_(verbosity_, micromegas_site.location, micromegas_span,      \
                        ::micromegas::AsyncSpan::Later(),                           \
                        micromegas_site __VA_OPT__(, ) __VA_ARGS__)
#define MICROMEGAS_ASYNC_SPAN_DYN_LATER_(verbosity_, target_, ...)                       \
  static constinit ::micromegas::SpanLocation micromegas_site MICROMEGAS_SPAN_LOCATION_( \
      verbosity_, target_);                                                              \
  ::micromegas::AsyncSpan micromegas_span;                                               \
  MICROMEGAS_OPEN_SPAN_(verbosity_, micromegas_site, micromegas_span,                    \
                        ::micromegas::AsyncSpan::Later(), micromegas_site, __VA_ARGS__)

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
