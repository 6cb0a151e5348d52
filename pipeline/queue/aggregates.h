// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The counters and histograms of the process: what they are called, and all their cells.
#ifndef MICROMEGAS_PIPELINE_QUEUE_AGGREGATES_H_
#define MICROMEGAS_PIPELINE_QUEUE_AGGREGATES_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/queue/aggregate_cells.h"

namespace micromegas::queue {

class Catalogue;

enum class AggregateKind : std::uint8_t { kCounter, kHistogram };

// One metric of a period.
struct AggregateMetric {
  std::uint32_t id;            // in the catalogue
  std::uint32_t property_set;  // 0: none
  bool is_float;
  std::uint64_t bits;  // the integer, or those of the double
};

class Aggregates {
 public:
  static constexpr std::size_t kMaxAggregates = 16384;
  static constexpr std::size_t kMaxHistogramBytes = std::size_t{128} << 20;  // of all threads

  // The index of this one, from 1; 0 if there are too many. Those of equal name, unit, target and
  // set are one, wherever they stand. Any thread; locks, allocates, may throw.
  std::uint32_t add(AggregateKind kind, const StaticMetricMetadata& metadata,
                    std::uint32_t property_set, Catalogue& catalogue);
  // A new cell of it, for one thread. As above. Stays valid. Null for a histogram once their memory
  // is spent: full().
  void* add_cell(std::uint32_t index);
  [[nodiscard]] bool full() const noexcept { return full_.load(std::memory_order_relaxed); }
  // Whether that is its set. Any thread; locks.
  bool is_of(std::uint32_t index, std::uint32_t property_set);

  // Consumer: what has been added since the last call, of those to which something was. A thread
  // may stand in the middle of adding to a histogram, with all it has added since: that is waited
  // for, `patience` in all. The lock is held only while the cells of one are listed. Returns how
  // many have not come: they stay for the next call.
  std::size_t collect(FunctionRef<void(const AggregateMetric&)> visit,
                      std::chrono::milliseconds patience);
  // With no consumer: forgets it.
  void discard();

  // For the fork hooks, as the catalogue's.
  std::mutex& mutex() noexcept { return mutex_; }
  // In the child, with the mutex held: the cells were other threads'.
  void after_fork_child() noexcept;

 private:
  static constexpr std::size_t kHistogramMetrics = 7;

  struct Aggregate {
    AggregateKind kind;
    std::uint32_t property_set;
    std::array<std::uint32_t, kHistogramMetrics> ids{};
    std::vector<std::unique_ptr<CounterCell>> counters;
    std::vector<std::unique_ptr<HistogramCell>> histograms;
  };
  bool take_bank(HistogramCell& cell);
  const Aggregate* list_cells(std::size_t at);
  std::uint64_t take_count();
  std::size_t take_histogram(std::chrono::steady_clock::time_point deadline);

  std::mutex mutex_;
  std::deque<Aggregate> all_;  // at index - 1; they and their cells stay where they are
  std::unordered_map<std::string, std::uint32_t> indices_;
  std::size_t histogram_bytes_ = 0;
  std::atomic<bool> full_{false};
  // The consumer's.
  std::uint64_t collection_ = 0;
  std::vector<CounterCell*> counters_;  // of the one that is being collected
  std::vector<HistogramCell*> histograms_;
  std::unique_ptr<HistogramBank> spare_;  // empty
  std::unique_ptr<HistogramBank> taken_;
  std::unique_ptr<HistogramSum> sum_;
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_AGGREGATES_H_
