// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Thread spans: what a thread does, from here to the end of the block; docs/reference.md.
//
//   void parse() {
//     MM_SPAN_FN();                 // named after the function
//     MM_SPAN("decode");            // to the end of the block
//     MM_SPAN("decode", "codec"_k = codec);  // with properties
//     MM_SPAN_DYN(asset_name);      // name known at run time, copied (at most 1 KiB)
//     MM_SPAN_VAR(span, "fetch");   // a guard called span
//     span.set("rows"_k = n);       // properties known later
//   }
//
// Begin and end are recorded together or not at all: a begin leaves room for its end. Not for code
// that suspends (a coroutine resumes elsewhere).
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_H_

#include "micromegas/pipeline/instrument/log.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/pipeline/instrument/source_path.h"
#include "micromegas/pipeline/instrument/verbosity.h"

#define MICROMEGAS_CONCAT_INNER_(a, b) a##b
#define MICROMEGAS_CONCAT_(a, b) MICROMEGAS_CONCAT_INNER_(a, b)

#define MICROMEGAS_SPAN_LOCATION_(verbosity_, target_) \
  MICROMEGAS_SPAN_LOCATION_IN_(__builtin_FUNCTION(), verbosity_, target_)
#define MICROMEGAS_SPAN_LOCATION_IN_(function_, verbosity_, target_)           \
  {                                                                            \
    .verbosity = ::micromegas::Verbosity::verbosity_, .target = (target_),     \
    .function = (function_), .file = MICROMEGAS_SOURCE_FILE_, .line = __LINE__ \
  }

// A statement of its own opens the guard, so that properties are evaluated only for a span that is
// recorded; in braces, so that they are from left to right. The guard is not initialised with it:
// where an argument has a co_await, g++ 12 copies the initialiser and destroys both.
#define MICROMEGAS_OPEN_SPAN_(verbosity_, location_, ...)                                    \
  if (!(MICROMEGAS_HAS_VERBOSITY_(verbosity_) && ::micromegas::queue::enabled(location_))) { \
  } else                                                                                     \
    ::micromegas::detail::Open { __VA_ARGS__ }

#define MICROMEGAS_SPAN_IMPL_(site, variable, verbosity_, target_, name_, ...)      \
  static constinit ::micromegas::SpanMetadata site{                                 \
      .name = (name_), .location = MICROMEGAS_SPAN_LOCATION_(verbosity_, target_)}; \
  ::micromegas::SpanGuard variable;                                                 \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site.location, variable, site __VA_OPT__(, ) __VA_ARGS__)

#define MICROMEGAS_SPAN_DYN_IMPL_(site, variable, verbosity_, target_, ...)                        \
  static constinit ::micromegas::SpanLocation site MICROMEGAS_SPAN_LOCATION_(verbosity_, target_); \
  ::micromegas::NamedSpanGuard variable;                                                           \
  MICROMEGAS_OPEN_SPAN_(verbosity_, site, variable, site, __VA_ARGS__)

#define MICROMEGAS_SPAN_UNNAMED_(kind, n, ...)                                                \
  kind(MICROMEGAS_CONCAT_(micromegas_span_site_, n), MICROMEGAS_CONCAT_(micromegas_span_, n), \
       __VA_ARGS__)

#define MICROMEGAS_SPAN_T(target, ...)                                                       \
  MICROMEGAS_SPAN_UNNAMED_(MICROMEGAS_SPAN_IMPL_, __COUNTER__, MM_DEFAULT_VERBOSITY, target, \
                           __VA_ARGS__)
#define MICROMEGAS_SPAN(...) MICROMEGAS_SPAN_T(MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_SPAN_FN(...) \
  MICROMEGAS_SPAN_T(MM_DEFAULT_TARGET, __builtin_FUNCTION() __VA_OPT__(, ) __VA_ARGS__)
#define MICROMEGAS_SPAN_DYN_T(target, ...)                                                       \
  MICROMEGAS_SPAN_UNNAMED_(MICROMEGAS_SPAN_DYN_IMPL_, __COUNTER__, MM_DEFAULT_VERBOSITY, target, \
                           __VA_ARGS__)
#define MICROMEGAS_SPAN_DYN(...) MICROMEGAS_SPAN_DYN_T(MM_DEFAULT_TARGET, __VA_ARGS__)

// A guard with a name, for properties that are known later: variable.set("rows"_k = n).
#define MICROMEGAS_SPAN_VAR_T(variable, target, ...)                                         \
  MICROMEGAS_SPAN_IMPL_(MICROMEGAS_CONCAT_(variable, _site), variable, MM_DEFAULT_VERBOSITY, \
                        target, __VA_ARGS__)
#define MICROMEGAS_SPAN_VAR(variable, ...) \
  MICROMEGAS_SPAN_VAR_T(variable, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_SPAN_DYN_VAR_T(variable, target, ...)                                         \
  MICROMEGAS_SPAN_DYN_IMPL_(MICROMEGAS_CONCAT_(variable, _site), variable, MM_DEFAULT_VERBOSITY, \
                            target, __VA_ARGS__)
#define MICROMEGAS_SPAN_DYN_VAR(variable, ...) \
  MICROMEGAS_SPAN_DYN_VAR_T(variable, MM_DEFAULT_TARGET, __VA_ARGS__)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_H_
