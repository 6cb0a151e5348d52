// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Where counters and histograms add up: a cell for each of them in each thread that adds, on cache
// lines of its own. No event, no lock; what the flush actor takes out once a period is exact.
//
// A call site finds its cell by the set that it had at its first call; with another set it asks for
// the right one, under a lock.
//
// Counter: `value` only grows, and only its thread writes it, so a plain addition is enough;
// `wraps` follows when it has passed 2^64. The actor reports what they have grown by since it last
// looked: an addition is seen now or the next time, and once. What happened before a flush() is
// seen by it: the request to the actor orders it.
//
// Histogram: the thread takes the bank out of its cell (exchange, acquire), adds to what is now its
// own, and puts it back (release). The actor replaces a bank that is there by an empty one
// (compare-exchange, acquire): then it is the actor's alone, whole, and the thread finds the other.
// A bank that is not there is in the middle of one addition: the actor comes back for it, for some
// milliseconds at a flush() and longer at the end, else in the next period. Nobody ever waits for
// the actor.
//
// A thread's cells stay with its slot (thread_slot.h) when it ends: the next thread of that slot
// goes on in them, ordered by the runtime's lock.
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
  std::atomic<std::uint64_t> wraps{0};  // the thread's; release
  std::uint64_t reported = 0;           // the actor's: both as it last took them
  std::uint64_t reported_wraps = 0;
  std::uint32_t property_set = 0;  // whose it is; 0: of none

  // The thread's.
  void add(std::uint64_t n) noexcept {
    const std::uint64_t sum = value.load(std::memory_order_relaxed) + n;
    value.store(sum, std::memory_order_relaxed);
    if (__builtin_expect(sum < n, 0)) {
      wraps.store(wraps.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
  }
  // The actor's: what has been added since the last call; the greatest value if it is more. Read
  // between the two stores it is too little, perhaps less than last time: the rest comes next time.
  std::uint64_t take() noexcept {
    const std::uint64_t wrapped = wraps.load(std::memory_order_acquire);
    const std::uint64_t now = value.load(std::memory_order_relaxed);
    if (wrapped == reported_wraps && now < reported) return 0;
    const std::uint64_t borrow = now < reported ? 1 : 0;
    const bool fits = wrapped - reported_wraps == borrow;
    const std::uint64_t grown = now - reported;
    reported = now;
    reported_wraps = wrapped;
    return fits ? grown : std::numeric_limits<std::uint64_t>::max();
  }
};

// Sixteen buckets in each power of two, from about 1e-6 to 1.8e13: a value is known to 1/32.
template <class Bucket>
struct alignas(64) BasicHistogram {
  static constexpr int kLowestExponent = -20;
  static constexpr int kHighestExponent = 44;
  static constexpr std::size_t kBuckets =
      std::size_t{16} * (kHighestExponent - kLowestExponent) + 2;

  std::uint64_t count = 0;
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  // The first is for all that is smaller, the negative too, the last for what is larger. They and
  // the sum stop at the greatest value.
  std::array<Bucket, kBuckets> buckets{};

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
    Bucket& bucket = buckets[bucket_of(value)];
    bucket += static_cast<Bucket>(bucket != std::numeric_limits<Bucket>::max());
  }
  template <class Other>
  void add(const BasicHistogram<Other>& other) noexcept {
    count += other.count;
    sum = finite(sum + finite(other.sum));
    min = other.min < min ? other.min : min;
    max = other.max > max ? other.max : max;
    for (std::size_t i = 0; i < kBuckets; ++i) buckets[i] += other.buckets[i];
  }
  static constexpr double finite(double value) noexcept {
    constexpr double kMax = std::numeric_limits<double>::max();
    return value > kMax ? kMax : (value < -kMax ? -kMax : value);
  }
  // The least value that `percent` % of all do not pass, to 1/32. Precondition: count > 0.
  [[nodiscard]] double percentile(unsigned percent) const noexcept {
    // Rounded up, without a product that overflows.
    std::uint64_t rank = count / 100 * percent + (count % 100 * percent + 99) / 100;
    if (rank == 0) rank = 1;
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

using HistogramBank = BasicHistogram<std::uint32_t>;  // a thread's
using HistogramSum = BasicHistogram<std::uint64_t>;   // of all threads

struct alignas(64) HistogramCell {
  HistogramCell() = default;
  ~HistogramCell() { delete bank.load(std::memory_order_relaxed); }
  HistogramCell(const HistogramCell&) = delete;
  HistogramCell& operator=(const HistogramCell&) = delete;

  std::atomic<HistogramBank*> bank{nullptr};
  std::uint64_t taken_in = 0;      // the last collection that got it; the actor's
  std::uint32_t property_set = 0;  // as above
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_AGGREGATE_CELLS_H_
