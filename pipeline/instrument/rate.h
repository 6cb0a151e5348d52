// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Logs of a statement that may run too often:
//
//   MM_LOG_EVERY_N(kWarn, 100, "slow answer from {}", server);   // the 1st, 101st, 201st ...
//   MM_LOG_FIRST_N(kError, 3, "cannot write {}", path);          // 3 while the program runs
//   MM_LOG_EVERY_MS(kInfo, 1000, "{} left", remaining);          // one a second at most
//
// Each call site counts for itself, all threads together, and only while its log is enabled. What
// it leaves out evaluates no argument and costs an atomic operation (EVERY_MS: and a read of the
// system's clock). Nothing goes unsaid: the next log has the property "left_out", how many were
// left out before it. FIRST_N has no next log: its logs have "remaining", how many will follow, and
// what it leaves out after the last (0) is only in the sum of all, TelemetryStats::left_out_logs.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_RATE_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_RATE_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "micromegas/pipeline/instrument/key_value.h"
#include "micromegas/pipeline/instrument/log.h"

namespace micromegas::detail {

// One more log that was left out, for the stats.
void count_left_out() noexcept;

// An n or ms, of any type of integer; what does not fit is the greatest value.
template <class T>
constexpr std::int64_t limit_of(T n) noexcept {
  const auto limit = +n;  // an unscoped enumerator is its number
  using Limit = std::remove_const_t<decltype(limit)>;
  static_assert(std::is_integral_v<Limit>, "n and ms are integers");
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if constexpr (std::is_unsigned_v<Limit> && sizeof(Limit) == sizeof kMax) {
    if (limit > static_cast<std::uint64_t>(kMax)) return kMax;
  }
  return static_cast<std::int64_t>(limit);
}

// The limiters: whether this log is let through; if so, `told` is what its property says. Any
// thread; a static of the call site.

class EveryN {
 public:
  bool pass(std::int64_t n, std::uint64_t& told) noexcept {
    std::uint64_t seen = seen_.load(std::memory_order_relaxed);
    for (;;) {
      const bool passes = seen == 0 || static_cast<std::int64_t>(seen) >= n;
      if (!seen_.compare_exchange_weak(seen, passes ? 1 : seen + 1, std::memory_order_relaxed)) {
        continue;
      }
      if (passes) {
        told = seen == 0 ? 0 : seen - 1;
      } else {
        count_left_out();
      }
      return passes;
    }
  }

 private:
  std::atomic<std::uint64_t> seen_{0};  // since the last one that passed, and that one
};

class FirstN {
 public:
  bool pass(std::int64_t n, std::uint64_t& told) noexcept {
    std::int64_t passed = passed_.load(std::memory_order_relaxed);
    while (passed < n) {
      if (!passed_.compare_exchange_weak(passed, passed + 1, std::memory_order_relaxed)) continue;
      told = static_cast<std::uint64_t>(n - passed - 1);
      return true;
    }
    count_left_out();
    return false;
  }

 private:
  std::atomic<std::int64_t> passed_{0};
};

class EveryMs {
 public:
  bool pass(std::int64_t ms, std::uint64_t& told) noexcept;
  // `now` in nanoseconds.
  bool pass_at(std::int64_t now, std::int64_t ms, std::uint64_t& told) noexcept {
    constexpr std::int64_t kLongest = 1'000'000'000'000;  // keeps the product in range
    const std::int64_t wait = ms < 0 ? 0 : (ms < kLongest ? ms : kLongest);
    std::int64_t next = next_.load(std::memory_order_relaxed);
    if (now < next ||
        !next_.compare_exchange_strong(next, now + wait * 1'000'000, std::memory_order_relaxed)) {
      left_out_.fetch_add(1, std::memory_order_relaxed);
      count_left_out();
      return false;
    }
    told = left_out_.exchange(0, std::memory_order_relaxed);
    return true;
  }

 private:
  std::atomic<std::int64_t> next_{std::numeric_limits<std::int64_t>::min()};
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace micromegas::detail

#define MICROMEGAS_LOG_RATE_(Limiter, key, level, target, limit, text, ...)              \
  do {                                                                                   \
    [[maybe_unused]] static constinit ::micromegas::detail::Limiter micromegas_limiter;  \
    [[maybe_unused]] ::std::uint64_t micromegas_told = 0;                                \
    MICROMEGAS_LOG_IF_(                                                                  \
        micromegas_limiter.pass(::micromegas::detail::limit_of(limit), micromegas_told), \
        ::micromegas::Level::level, target, text,                                        \
        ::micromegas::kv<key>(micromegas_told) __VA_OPT__(, ) __VA_ARGS__);              \
  } while (false)

// The level is a constant. n and ms are integers, evaluated each time that the log is enabled; n
// and ms below 1 let everything through, but FIRST_N then nothing.
#define MICROMEGAS_LOG_EVERY_N_T(level, target, n, ...) \
  MICROMEGAS_LOG_RATE_(EveryN, "left_out", level, target, n, __VA_ARGS__)
#define MICROMEGAS_LOG_FIRST_N_T(level, target, n, ...) \
  MICROMEGAS_LOG_RATE_(FirstN, "remaining", level, target, n, __VA_ARGS__)
#define MICROMEGAS_LOG_EVERY_MS_T(level, target, ms, ...) \
  MICROMEGAS_LOG_RATE_(EveryMs, "left_out", level, target, ms, __VA_ARGS__)
#define MICROMEGAS_LOG_EVERY_N(level, n, ...) \
  MICROMEGAS_LOG_EVERY_N_T(level, MM_DEFAULT_TARGET, n, __VA_ARGS__)
#define MICROMEGAS_LOG_FIRST_N(level, n, ...) \
  MICROMEGAS_LOG_FIRST_N_T(level, MM_DEFAULT_TARGET, n, __VA_ARGS__)
#define MICROMEGAS_LOG_EVERY_MS(level, ms, ...) \
  MICROMEGAS_LOG_EVERY_MS_T(level, MM_DEFAULT_TARGET, ms, __VA_ARGS__)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_RATE_H_
