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

#include "micromegas/pipeline/instrument/log.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/recorder.h"

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
