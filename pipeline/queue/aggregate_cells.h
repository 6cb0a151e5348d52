// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Where counters and histograms add up: a cell for each of them in each thread that adds, on cache
// lines of its own. No event, no lock; what the flush actor takes out once a period is exact.
//
// Counter: `value` only grows, and only its thread writes it, so a plain addition is enough. The
// actor reports what it has grown by since it last looked: an addition is seen now or the next
// time, and once. What happened before a flush() is seen by it: the request to the actor orders it.
//
// Histogram: the thread takes the bank out of its cell (exchange, acquire), adds to what is now its
// own, and puts it back (release). The actor replaces a bank that is there by an empty one
// (compare-exchange, acquire): then it is the actor's alone, whole, and the thread finds the other.
// A bank that is not there is in the middle of one addition: the actor comes back for it, for some
// milliseconds at a flush() and longer at the end, else in the next period. Nobody ever waits for
// the actor.
//
// A thread's cells stay with its slot (runtime.h) when it ends: the next thread of that slot goes
// on in them, ordered by the runtime's lock.
#ifndef MICROMEGAS_PIPELINE_QUEUE_AGGREGATE_CELLS_H_
#define MICROMEGAS_PIPELINE_QUEUE_AGGREGATE_CELLS_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace micromegas::queue {

struct alignas(64) CounterCell {
  std::atomic<std::uint64_t> value{0};  // the thread's; relaxed
  std::uint64_t reported = 0;           // the actor's
};

// Sixteen buckets in each power of two, from about 1e-6 to 1.8e13: a value is known to 1/32.
struct alignas(64) HistogramBank {
  static constexpr int kLowestExponent = -20;
  static constexpr int kHighestExponent = 44;
  static constexpr std::size_t kBuckets =
      std::size_t{16} * (kHighestExponent - kLowestExponent) + 2;

  std::uint64_t count = 0;
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  // The first is for all that is smaller, the last for what is larger.
  std::array<std::uint32_t, kBuckets> buckets{};

  // The four highest bits of the fraction stand behind the exponent: together they are the bucket.
  static constexpr std::size_t bucket_of(double value) noexcept {
    if (!(value >= lowest())) return 0;
    constexpr std::uint64_t kFirst = (1023 + kLowestExponent) * 16;
    const std::uint64_t bucket = (std::bit_cast<std::uint64_t>(value) >> 48) - kFirst + 1;
    return bucket < kBuckets ? static_cast<std::size_t>(bucket) : kBuckets - 1;
  }
  // The middle of a bucket that is neither the first nor the last.
  static constexpr double middle_of(std::size_t bucket) noexcept {
    constexpr std::uint64_t kFirst = (1023 + kLowestExponent) * 16;
    return std::bit_cast<double>((bucket - 1 + kFirst) << 48 | std::uint64_t{1} << 47);
  }
  static constexpr double lowest() noexcept {
    return std::bit_cast<double>(std::uint64_t{1023 + kLowestExponent} << 52);
  }

  void add(double value) noexcept {
    ++count;
    sum += value;
    min = value < min ? value : min;
    max = value > max ? value : max;
    ++buckets[bucket_of(value)];
  }
  void add(const HistogramBank& other) noexcept {
    count += other.count;
    sum += other.sum;
    min = other.min < min ? other.min : min;
    max = other.max > max ? other.max : max;
    for (std::size_t i = 0; i < kBuckets; ++i) buckets[i] += other.buckets[i];
  }
  // The value that the fraction `q` of all does not pass, to 1/32. Precondition: count > 0.
  [[nodiscard]] double quantile(double q) const noexcept {
    const auto rank = static_cast<std::uint64_t>(q * static_cast<double>(count - 1)) + 1;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets[i];
      if (seen < rank) continue;
      if (i == 0) return min;
      if (i == kBuckets - 1) return max;
      const double middle = middle_of(i);
      return middle < min ? min : (middle > max ? max : middle);
    }
    return max;
  }
};

struct alignas(64) HistogramCell {
  std::atomic<HistogramBank*> bank{nullptr};
  std::uint64_t taken_in = 0;  // the last collection that got it; the actor's
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_AGGREGATE_CELLS_H_
