// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the macros of counter.h call: into the thread's cells.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_AGGREGATE_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_AGGREGATE_H_

#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/pipeline/queue/aggregate_cells.h"
#include "micromegas/pipeline/queue/hot.h"

namespace micromegas::detail {

// 0: none, which the empty set (1) is too.
inline std::uint32_t set_id() noexcept { return 0; }
inline std::uint32_t set_id(const PropertySet& set) noexcept {
  return set.id() == 1 ? 0 : set.id();
}

template <class Cell, class... Set>
MICROMEGAS_INLINE Cell* cell_of(const StaticMetricMetadata& metadata, bool histogram,
                                const Set&... set) noexcept {
  static_assert(sizeof...(Set) <= 1 && (std::is_same_v<Set, PropertySet> && ...),
                "a counter or a histogram takes one PropertySet, and no pairs");
  const queue::ThreadState* const thread = micromegas_v0_thread.state;
  const std::uint32_t index = queue::site_id(metadata.word);
  void* cell = nullptr;
  if (__builtin_expect(index < thread->cell_count, 1)) cell = thread->cells[index];
  if (__builtin_expect(cell == nullptr, 0)) {
    cell = micromegas_v0_aggregate_cell(&metadata, histogram, set_id(set...));
  }
  if constexpr (sizeof...(Set) == 1) {
    if (cell != nullptr &&
        __builtin_expect(static_cast<Cell*>(cell)->property_set != set_id(set...), 0)) {
      cell = micromegas_v0_aggregate_cell(&metadata, histogram, set_id(set...));
    }
  }
  return static_cast<Cell*>(cell);
}

struct Counter {
  template <class T, class... Set>
  MICROMEGAS_INLINE Counter(const StaticMetricMetadata& metadata, T value, const Set&... set) {
    static_assert(std::is_integral_v<T> && sizeof(T) <= 8, "a counter takes an integer");
    if (__builtin_expect(negative(value), 0)) {
      micromegas_v0_drop(EventKind::kIntegerMetric, DropReason::kInvalid, 1);
      return;
    }
    if (auto* cell = cell_of<queue::CounterCell>(metadata, false, set...)) {
      cell->add(static_cast<std::uint64_t>(value));
    }
  }
};

struct Histogram {
  template <class T, class... Set>
  MICROMEGAS_INLINE Histogram(const StaticMetricMetadata& metadata, T value, const Set&... set) {
    static_assert(std::is_arithmetic_v<T>, "a histogram takes a number");
    const auto number = static_cast<double>(value);
    constexpr std::uint64_t kExponent = std::uint64_t{0x7ff} << 52;
    if (__builtin_expect((std::bit_cast<std::uint64_t>(number) & kExponent) == kExponent, 0)) {
      micromegas_v0_drop(EventKind::kFloatMetric, DropReason::kInvalid, 1);  // infinite, or none
      return;
    }
    if (auto* cell = cell_of<queue::HistogramCell>(metadata, true, set...)) {
      queue::HistogramBank* const bank = cell->bank.exchange(nullptr, std::memory_order_acquire);
      // Not there: this is a signal handler, in the middle of this thread's addition.
      if (__builtin_expect(bank == nullptr, 0)) {
        micromegas_v0_drop(EventKind::kFloatMetric, DropReason::kInvalid, 1);
        return;
      }
      bank->add(number);
      cell->bank.store(bank, std::memory_order_release);
    }
  }
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_AGGREGATE_H_
