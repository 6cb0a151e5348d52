// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Metric macros; docs/reference.md.
//
//   MM_IMETRIC("queue_depth", "count", depth);
//   MM_FMETRIC("request_time", "ms", elapsed, "route"_k = route, "status"_k = 200);
//   MM_IMETRIC_DYN(name, unit, value);
//
// Integers are unsigned, 64 bits: a negative one is dropped and counted. _DYN: name and unit known
// at run time, copied. Behind the value: properties, "key"_k = value and at most one PropertySet.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_METRIC_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_METRIC_H_

#include "micromegas/pipeline/instrument/log.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/pipeline/instrument/source_path.h"
#include "micromegas/pipeline/instrument/verbosity.h"

#define MICROMEGAS_METRIC_IMPL_(record, verbosity_, target_, name_, unit_, ...) \
  do {                                                                          \
    if constexpr (MICROMEGAS_HAS_VERBOSITY_(verbosity_)) {                      \
      static constinit ::micromegas::StaticMetricMetadata micromegas_site{      \
          .verbosity = ::micromegas::Verbosity::verbosity_,                     \
          .name = (name_),                                                      \
          .unit = (unit_),                                                      \
          .target = (target_),                                                  \
          .file = MICROMEGAS_SOURCE_FILE_,                                      \
          .line = __LINE__};                                                    \
      if (::micromegas::queue::enabled(micromegas_site)) {                      \
        ::micromegas::detail::record{micromegas_site, __VA_ARGS__};             \
      }                                                                         \
    }                                                                           \
  } while (false)

#define MICROMEGAS_IMETRIC_T(target, name, unit, ...) \
  MICROMEGAS_METRIC_IMPL_(IntegerMetric, MM_DEFAULT_VERBOSITY, target, name, unit, __VA_ARGS__)
#define MICROMEGAS_FMETRIC_T(target, name, unit, ...) \
  MICROMEGAS_METRIC_IMPL_(FloatMetric, MM_DEFAULT_VERBOSITY, target, name, unit, __VA_ARGS__)
#define MICROMEGAS_IMETRIC(name, unit, ...) \
  MICROMEGAS_IMETRIC_T(MM_DEFAULT_TARGET, name, unit, __VA_ARGS__)
#define MICROMEGAS_FMETRIC(name, unit, ...) \
  MICROMEGAS_FMETRIC_T(MM_DEFAULT_TARGET, name, unit, __VA_ARGS__)

// Name and unit are copied, at most 1 KiB each.
#define MICROMEGAS_IMETRIC_DYN_T(target, name, unit, ...)                                     \
  MICROMEGAS_METRIC_IMPL_(IntegerMetricDyn, MM_DEFAULT_VERBOSITY, target, "", "", name, unit, \
                          __VA_ARGS__)
#define MICROMEGAS_FMETRIC_DYN_T(target, name, unit, ...)                                   \
  MICROMEGAS_METRIC_IMPL_(FloatMetricDyn, MM_DEFAULT_VERBOSITY, target, "", "", name, unit, \
                          __VA_ARGS__)
#define MICROMEGAS_IMETRIC_DYN(name, unit, ...) \
  MICROMEGAS_IMETRIC_DYN_T(MM_DEFAULT_TARGET, name, unit, __VA_ARGS__)
#define MICROMEGAS_FMETRIC_DYN(name, unit, ...) \
  MICROMEGAS_FMETRIC_DYN_T(MM_DEFAULT_TARGET, name, unit, __VA_ARGS__)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_METRIC_H_
