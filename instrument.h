// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Everything that instrumented code needs:
//
//   #include "micromegas/instrument.h"
//
//   void resize(int width, int height) {
//     MM_SPAN_FN();
//     MM_INFO("resizing to {} x {}", width, height);
//     MM_IMETRIC("pixels", "count", width * height);
//   }
//
// Any thread may record at any time: before telemetry is started (telemetry.h) and after it has
// ended nothing is recorded. Not from signal handlers. The full list of macros: docs/reference.md.
#ifndef MICROMEGAS_INSTRUMENT_H_
#define MICROMEGAS_INSTRUMENT_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include "micromegas/pipeline/instrument/async_span.h"
#include "micromegas/pipeline/instrument/context.h"
#include "micromegas/pipeline/instrument/counter.h"
#include "micromegas/pipeline/instrument/image.h"
#include "micromegas/pipeline/instrument/log.h"
#include "micromegas/pipeline/instrument/metric.h"
#include "micromegas/pipeline/instrument/rate.h"
#include "micromegas/pipeline/instrument/span.h"
#include "micromegas/pipeline/instrument/track.h"

// The canonical names are MICROMEGAS_...; define MICROMEGAS_NO_SHORT_MACROS to have only those.
#ifndef MICROMEGAS_NO_SHORT_MACROS
#define MM_LOG(...) MICROMEGAS_LOG(__VA_ARGS__)
#define MM_LOG_T(...) MICROMEGAS_LOG_T(__VA_ARGS__)
#define MM_FATAL(...) MICROMEGAS_FATAL(__VA_ARGS__)
#define MM_ERROR(...) MICROMEGAS_ERROR(__VA_ARGS__)
#define MM_WARN(...) MICROMEGAS_WARN(__VA_ARGS__)
#define MM_INFO(...) MICROMEGAS_INFO(__VA_ARGS__)
#define MM_DEBUG(...) MICROMEGAS_DEBUG(__VA_ARGS__)
#define MM_TRACE(...) MICROMEGAS_TRACE(__VA_ARGS__)
#define MM_FATAL_T(...) MICROMEGAS_FATAL_T(__VA_ARGS__)
#define MM_ERROR_T(...) MICROMEGAS_ERROR_T(__VA_ARGS__)
#define MM_WARN_T(...) MICROMEGAS_WARN_T(__VA_ARGS__)
#define MM_INFO_T(...) MICROMEGAS_INFO_T(__VA_ARGS__)
#define MM_DEBUG_T(...) MICROMEGAS_DEBUG_T(__VA_ARGS__)
#define MM_TRACE_T(...) MICROMEGAS_TRACE_T(__VA_ARGS__)
#define MM_LOG_ENABLED(...) MICROMEGAS_LOG_ENABLED(__VA_ARGS__)
#define MM_LOG_ENABLED_T(...) MICROMEGAS_LOG_ENABLED_T(__VA_ARGS__)
#define MM_LOG_FN() MICROMEGAS_LOG_FN()
#define MM_LOG_EVERY_N(...) MICROMEGAS_LOG_EVERY_N(__VA_ARGS__)
#define MM_LOG_EVERY_N_T(...) MICROMEGAS_LOG_EVERY_N_T(__VA_ARGS__)
#define MM_LOG_FIRST_N(...) MICROMEGAS_LOG_FIRST_N(__VA_ARGS__)
#define MM_LOG_FIRST_N_T(...) MICROMEGAS_LOG_FIRST_N_T(__VA_ARGS__)
#define MM_LOG_EVERY_MS(...) MICROMEGAS_LOG_EVERY_MS(__VA_ARGS__)
#define MM_LOG_EVERY_MS_T(...) MICROMEGAS_LOG_EVERY_MS_T(__VA_ARGS__)
#define MM_IMETRIC(...) MICROMEGAS_IMETRIC(__VA_ARGS__)
#define MM_IMETRIC_T(...) MICROMEGAS_IMETRIC_T(__VA_ARGS__)
#define MM_FMETRIC(...) MICROMEGAS_FMETRIC(__VA_ARGS__)
#define MM_FMETRIC_T(...) MICROMEGAS_FMETRIC_T(__VA_ARGS__)
#define MM_IMETRIC_DYN(...) MICROMEGAS_IMETRIC_DYN(__VA_ARGS__)
#define MM_IMETRIC_DYN_T(...) MICROMEGAS_IMETRIC_DYN_T(__VA_ARGS__)
#define MM_FMETRIC_DYN(...) MICROMEGAS_FMETRIC_DYN(__VA_ARGS__)
#define MM_FMETRIC_DYN_T(...) MICROMEGAS_FMETRIC_DYN_T(__VA_ARGS__)
#define MM_COUNTER(...) MICROMEGAS_COUNTER(__VA_ARGS__)
#define MM_COUNTER_T(...) MICROMEGAS_COUNTER_T(__VA_ARGS__)
#define MM_HISTOGRAM(...) MICROMEGAS_HISTOGRAM(__VA_ARGS__)
#define MM_HISTOGRAM_T(...) MICROMEGAS_HISTOGRAM_T(__VA_ARGS__)
#define MM_SPAN(...) MICROMEGAS_SPAN(__VA_ARGS__)
#define MM_SPAN_T(...) MICROMEGAS_SPAN_T(__VA_ARGS__)
#define MM_SPAN_FN(...) MICROMEGAS_SPAN_FN(__VA_ARGS__)
#define MM_SPAN_DYN(...) MICROMEGAS_SPAN_DYN(__VA_ARGS__)
#define MM_SPAN_DYN_T(...) MICROMEGAS_SPAN_DYN_T(__VA_ARGS__)
#define MM_SPAN_VAR(...) MICROMEGAS_SPAN_VAR(__VA_ARGS__)
#define MM_SPAN_VAR_T(...) MICROMEGAS_SPAN_VAR_T(__VA_ARGS__)
#define MM_SPAN_DYN_VAR(...) MICROMEGAS_SPAN_DYN_VAR(__VA_ARGS__)
#define MM_SPAN_DYN_VAR_T(...) MICROMEGAS_SPAN_DYN_VAR_T(__VA_ARGS__)
#define MM_ASYNC_SPAN(...) MICROMEGAS_ASYNC_SPAN(__VA_ARGS__)
#define MM_ASYNC_SPAN_T(...) MICROMEGAS_ASYNC_SPAN_T(__VA_ARGS__)
#define MM_ASYNC_SPAN_DYN(...) MICROMEGAS_ASYNC_SPAN_DYN(__VA_ARGS__)
#define MM_ASYNC_SPAN_DYN_T(...) MICROMEGAS_ASYNC_SPAN_DYN_T(__VA_ARGS__)
#define MM_ASYNC_SPAN_FN(...) MICROMEGAS_ASYNC_SPAN_FN(__VA_ARGS__)
#define MM_ASYNC_SPAN_VAR(...) MICROMEGAS_ASYNC_SPAN_VAR(__VA_ARGS__)
#define MM_ASYNC_SPAN_VAR_T(...) MICROMEGAS_ASYNC_SPAN_VAR_T(__VA_ARGS__)
#define MM_ASYNC_SPAN_DYN_VAR(...) MICROMEGAS_ASYNC_SPAN_DYN_VAR(__VA_ARGS__)
#define MM_ASYNC_SPAN_DYN_VAR_T(...) MICROMEGAS_ASYNC_SPAN_DYN_VAR_T(__VA_ARGS__)
#define MM_BEGIN_ASYNC_SPAN(...) MICROMEGAS_BEGIN_ASYNC_SPAN(__VA_ARGS__)
#define MM_BEGIN_ASYNC_SPAN_T(...) MICROMEGAS_BEGIN_ASYNC_SPAN_T(__VA_ARGS__)
#define MM_BEGIN_ASYNC_SPAN_DYN(...) MICROMEGAS_BEGIN_ASYNC_SPAN_DYN(__VA_ARGS__)
#define MM_BEGIN_ASYNC_SPAN_DYN_T(...) MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_T(__VA_ARGS__)
#define MM_IMETRIC_V(...) MICROMEGAS_IMETRIC_V(__VA_ARGS__)
#define MM_IMETRIC_V_T(...) MICROMEGAS_IMETRIC_V_T(__VA_ARGS__)
#define MM_FMETRIC_V(...) MICROMEGAS_FMETRIC_V(__VA_ARGS__)
#define MM_FMETRIC_V_T(...) MICROMEGAS_FMETRIC_V_T(__VA_ARGS__)
#define MM_IMETRIC_DYN_V(...) MICROMEGAS_IMETRIC_DYN_V(__VA_ARGS__)
#define MM_IMETRIC_DYN_V_T(...) MICROMEGAS_IMETRIC_DYN_V_T(__VA_ARGS__)
#define MM_FMETRIC_DYN_V(...) MICROMEGAS_FMETRIC_DYN_V(__VA_ARGS__)
#define MM_FMETRIC_DYN_V_T(...) MICROMEGAS_FMETRIC_DYN_V_T(__VA_ARGS__)
#define MM_COUNTER_V(...) MICROMEGAS_COUNTER_V(__VA_ARGS__)
#define MM_COUNTER_V_T(...) MICROMEGAS_COUNTER_V_T(__VA_ARGS__)
#define MM_HISTOGRAM_V(...) MICROMEGAS_HISTOGRAM_V(__VA_ARGS__)
#define MM_HISTOGRAM_V_T(...) MICROMEGAS_HISTOGRAM_V_T(__VA_ARGS__)
#define MM_SPAN_V(...) MICROMEGAS_SPAN_V(__VA_ARGS__)
#define MM_SPAN_V_T(...) MICROMEGAS_SPAN_V_T(__VA_ARGS__)
#define MM_SPAN_FN_V(...) MICROMEGAS_SPAN_FN_V(__VA_ARGS__)
#define MM_SPAN_DYN_V(...) MICROMEGAS_SPAN_DYN_V(__VA_ARGS__)
#define MM_SPAN_DYN_V_T(...) MICROMEGAS_SPAN_DYN_V_T(__VA_ARGS__)
#define MM_SPAN_VAR_V(...) MICROMEGAS_SPAN_VAR_V(__VA_ARGS__)
#define MM_SPAN_VAR_V_T(...) MICROMEGAS_SPAN_VAR_V_T(__VA_ARGS__)
#define MM_SPAN_DYN_VAR_V(...) MICROMEGAS_SPAN_DYN_VAR_V(__VA_ARGS__)
#define MM_SPAN_DYN_VAR_V_T(...) MICROMEGAS_SPAN_DYN_VAR_V_T(__VA_ARGS__)
#define MM_ASYNC_SPAN_FN_V(...) MICROMEGAS_ASYNC_SPAN_FN_V(__VA_ARGS__)
#define MM_ASYNC_SPAN_V(...) MICROMEGAS_ASYNC_SPAN_V(__VA_ARGS__)
#define MM_ASYNC_SPAN_V_T(...) MICROMEGAS_ASYNC_SPAN_V_T(__VA_ARGS__)
#define MM_ASYNC_SPAN_DYN_V(...) MICROMEGAS_ASYNC_SPAN_DYN_V(__VA_ARGS__)
#define MM_ASYNC_SPAN_DYN_V_T(...) MICROMEGAS_ASYNC_SPAN_DYN_V_T(__VA_ARGS__)
#define MM_BEGIN_ASYNC_SPAN_V(...) MICROMEGAS_BEGIN_ASYNC_SPAN_V(__VA_ARGS__)
#define MM_BEGIN_ASYNC_SPAN_V_T(...) MICROMEGAS_BEGIN_ASYNC_SPAN_V_T(__VA_ARGS__)
#define MM_BEGIN_ASYNC_SPAN_DYN_V(...) MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_V(__VA_ARGS__)
#define MM_BEGIN_ASYNC_SPAN_DYN_V_T(...) MICROMEGAS_BEGIN_ASYNC_SPAN_DYN_V_T(__VA_ARGS__)
#define MM_ASYNC_SPAN_VAR_V(...) MICROMEGAS_ASYNC_SPAN_VAR_V(__VA_ARGS__)
#define MM_ASYNC_SPAN_VAR_V_T(...) MICROMEGAS_ASYNC_SPAN_VAR_V_T(__VA_ARGS__)
#define MM_ASYNC_SPAN_DYN_VAR_V(...) MICROMEGAS_ASYNC_SPAN_DYN_VAR_V(__VA_ARGS__)
#define MM_ASYNC_SPAN_DYN_VAR_V_T(...) MICROMEGAS_ASYNC_SPAN_DYN_VAR_V_T(__VA_ARGS__)
#endif  // MICROMEGAS_NO_SHORT_MACROS

#endif  // MICROMEGAS_INSTRUMENT_H_
