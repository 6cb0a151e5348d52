// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How much detail a metric or span is: kMin is always wanted, kMax only when looking closely.
//
//   MM_SPAN_V(kMin, "frame");                      // MM_SPAN("frame") has MM_DEFAULT_VERBOSITY
//   MM_IMETRIC_V(kMed, "cache_hits", "count", hits);
//
// set_max_verbosity() (telemetry.h) says how much is recorded; what is left out evaluates no value.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_VERBOSITY_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_VERBOSITY_H_

#include "micromegas/pipeline/instrument/level.h"

// Metrics and spans above this verbosity are not compiled: 0 (none) to 3 (all).
#ifndef MICROMEGAS_STATIC_MAX_VERBOSITY
#define MICROMEGAS_STATIC_MAX_VERBOSITY 3
#endif

// The verbosity of what has no explicit one; may be set per Bazel target.
#ifndef MM_DEFAULT_VERBOSITY
#define MM_DEFAULT_VERBOSITY kMax
#endif

namespace micromegas::detail {

// The maximum is an argument, because it may differ between the files of a program.
constexpr bool compiled_in(Verbosity verbosity, int max_verbosity) noexcept {
  return static_cast<int>(verbosity) <= max_verbosity;
}

}  // namespace micromegas::detail

#define MICROMEGAS_HAS_VERBOSITY_(verbosity)                            \
  ::micromegas::detail::compiled_in(::micromegas::Verbosity::verbosity, \
                                    MICROMEGAS_STATIC_MAX_VERBOSITY)

// The verbosity comes first, before the target: a constant, kMin, kMed or kMax.
#define MICROMEGAS_IMETRIC_V_T(verbosity, target, name, unit, ...) \
  MICROMEGAS_METRIC_IMPL_(IntegerMetric, verbosity, target, name, unit, __VA_ARGS__)
#define MICROMEGAS_FMETRIC_V_T(verbosity, target, name, unit, ...) \
  MICROMEGAS_METRIC_IMPL_(FloatMetric, verbosity, target, name, unit, __VA_ARGS__)
#define MICROMEGAS_IMETRIC_DYN_V_T(verbosity, target, ...) \
  MICROMEGAS_METRIC_IMPL_(IntegerMetricDyn, verbosity, target, "", "", __VA_ARGS__)
#define MICROMEGAS_FMETRIC_DYN_V_T(verbosity, target, ...) \
  MICROMEGAS_METRIC_IMPL_(FloatMetricDyn, verbosity, target, "", "", __VA_ARGS__)
#define MICROMEGAS_IMETRIC_V(verbosity, ...) \
  MICROMEGAS_IMETRIC_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_FMETRIC_V(verbosity, ...) \
  MICROMEGAS_FMETRIC_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_IMETRIC_DYN_V(verbosity, ...) \
  MICROMEGAS_IMETRIC_DYN_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_FMETRIC_DYN_V(verbosity, ...) \
  MICROMEGAS_FMETRIC_DYN_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)

#define MICROMEGAS_SPAN_V_T(verbosity, target, ...) \
  MICROMEGAS_SPAN_UNNAMED_(MICROMEGAS_SPAN_IMPL_, __COUNTER__, verbosity, target, __VA_ARGS__)
#define MICROMEGAS_SPAN_V(verbosity, ...) \
  MICROMEGAS_SPAN_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_SPAN_FN_V(verbosity, ...) \
  MICROMEGAS_SPAN_V(verbosity, __builtin_FUNCTION() __VA_OPT__(, ) __VA_ARGS__)
#define MICROMEGAS_SPAN_DYN_V_T(verbosity, target, ...) \
  MICROMEGAS_SPAN_UNNAMED_(MICROMEGAS_SPAN_DYN_IMPL_, __COUNTER__, verbosity, target, __VA_ARGS__)
#define MICROMEGAS_SPAN_DYN_V(verbosity, ...) \
  MICROMEGAS_SPAN_DYN_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)

#define MICROMEGAS_SPAN_VAR_V_T(verbosity, variable, target, ...)                         \
  MICROMEGAS_SPAN_IMPL_(MICROMEGAS_CONCAT_(variable, _site), variable, verbosity, target, \
                        __VA_ARGS__)
#define MICROMEGAS_SPAN_VAR_V(verbosity, variable, ...) \
  MICROMEGAS_SPAN_VAR_V_T(verbosity, variable, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_SPAN_DYN_VAR_V_T(verbosity, variable, target, ...)                         \
  MICROMEGAS_SPAN_DYN_IMPL_(MICROMEGAS_CONCAT_(variable, _site), variable, verbosity, target, \
                            __VA_ARGS__)
#define MICROMEGAS_SPAN_DYN_VAR_V(verbosity, variable, ...) \
  MICROMEGAS_SPAN_DYN_VAR_V_T(verbosity, variable, MM_DEFAULT_TARGET, __VA_ARGS__)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_VERBOSITY_H_
