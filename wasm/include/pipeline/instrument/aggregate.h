// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Stands in for the native header of the same path: on wasm32 counters and histograms are silent,
// as all metrics are.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_AGGREGATE_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_AGGREGATE_H_

#include <type_traits>

#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::detail {

struct Counter {
  template <class T, class... Set>
  constexpr Counter(const StaticMetricMetadata& /*metadata*/, T /*value*/, const Set&... /*set*/) {
    static_assert(std::is_integral_v<T> && sizeof(T) <= 8, "a counter takes an integer");
    static_assert(sizeof...(Set) <= 1 && (std::is_same_v<Set, PropertySet> && ...),
                  "a counter or a histogram takes one PropertySet, and no pairs");
  }
};

struct Histogram {
  template <class T, class... Set>
  constexpr Histogram(const StaticMetricMetadata& /*metadata*/, T /*value*/,
                      const Set&... /*set*/) {
    static_assert(std::is_arithmetic_v<T>, "a histogram takes a number");
    static_assert(sizeof...(Set) <= 1 && (std::is_same_v<Set, PropertySet> && ...),
                  "a counter or a histogram takes one PropertySet, and no pairs");
  }
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_AGGREGATE_H_
