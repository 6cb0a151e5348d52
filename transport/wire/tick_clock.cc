// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <cmath>
#include <limits>

#include "micromegas/transport/wire/row_reader.h"

namespace micromegas::wire {
namespace {

constexpr double kNanoseconds = 1e9;

std::int64_t wrapping_add(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// As Rust's `as i64`.
std::int64_t saturate(double value) noexcept {
  if (std::isnan(value)) return 0;
  if (value >= 9223372036854775808.0) return std::numeric_limits<std::int64_t>::max();
  if (value < -9223372036854775808.0) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

}  // namespace

Result<TickClock> TickClock::make(const DecodedProcess& process, const DecodedBlock& block) {
  auto frequency = static_cast<double>(process.info.tsc_frequency);
  if (process.info.tsc_frequency <= 0) {
    const double elapsed =
        static_cast<double>(wrapping_subtract(block.end_time, process.info.start_time)) /
        kNanoseconds;
    frequency = std::round(static_cast<double>(block.end_ticks) / elapsed);
    if (!(frequency > 0) || std::isinf(frequency)) {
      return Error("the process has no tsc_frequency, and none can be estimated from the block");
    }
  }
  return TickClock(frequency, process.info.start_ticks, process.info.start_time);
}

std::int64_t TickClock::time(std::int64_t ticks) const noexcept {
  const auto elapsed = static_cast<double>(wrapping_subtract(ticks, start_ticks_));
  return wrapping_add(start_time_, saturate(std::round(elapsed * kNanoseconds / frequency_)));
}

}  // namespace micromegas::wire
