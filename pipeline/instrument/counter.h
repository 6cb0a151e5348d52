// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Counters and histograms: rates that nobody wants as events; docs/reference.md.
//
//   MM_COUNTER("requests", "count", 1);
//   MM_HISTOGRAM("latency", "ms", elapsed);
//
// Each adds to a number of its thread's, and records nothing. Once in a flush period, and at each
// flush(), what was added since the last time becomes metrics: of a counter the sum, under its
// name; of a histogram "latency.count", ".sum", ".min", ".max", ".p50", ".p90", ".p99". Of those to
// which nothing was added, nothing.
//
// Equal name, unit and target are one, wherever they stand. Behind the value: one PropertySet. The
// first one of a call site is fast; each other costs a lock there.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_COUNTER_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_COUNTER_H_

#include "micromegas/pipeline/instrument/aggregate.h"
#include "micromegas/pipeline/instrument/metric.h"

#define MICROMEGAS_COUNTER_V_T(verbosity, target, name, unit, ...) \
  MICROMEGAS_METRIC_IMPL_(Counter, verbosity, target, name, unit, __VA_ARGS__)
#define MICROMEGAS_HISTOGRAM_V_T(verbosity, target, name, unit, ...) \
  MICROMEGAS_METRIC_IMPL_(Histogram, verbosity, target, name, unit, __VA_ARGS__)
#define MICROMEGAS_COUNTER_V(verbosity, ...) \
  MICROMEGAS_COUNTER_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_HISTOGRAM_V(verbosity, ...) \
  MICROMEGAS_HISTOGRAM_V_T(verbosity, MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_COUNTER_T(target, ...) \
  MICROMEGAS_COUNTER_V_T(MM_DEFAULT_VERBOSITY, target, __VA_ARGS__)
#define MICROMEGAS_HISTOGRAM_T(target, ...) \
  MICROMEGAS_HISTOGRAM_V_T(MM_DEFAULT_VERBOSITY, target, __VA_ARGS__)
#define MICROMEGAS_COUNTER(...) MICROMEGAS_COUNTER_T(MM_DEFAULT_TARGET, __VA_ARGS__)
#define MICROMEGAS_HISTOGRAM(...) MICROMEGAS_HISTOGRAM_T(MM_DEFAULT_TARGET, __VA_ARGS__)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_COUNTER_H_
