// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// One straight piece of the relation between ticks and time.
#ifndef MICROMEGAS_PIPELINE_FLUSH_CLOCK_ANCHOR_H_
#define MICROMEGAS_PIPELINE_FLUSH_CLOCK_ANCHOR_H_

#include <cstdint>
#include <limits>

namespace micromegas {

// ns(t) = ns + (t - ticks) * mult / 2^kShift. 40 bits keep an hour exact to some nanoseconds and
// leave room for counters down to 1 kHz.
struct ClockAnchor {
  static constexpr unsigned kShift = 40;

  std::uint64_t ticks = 0;
  std::int64_t ns = 0;  // since the Unix epoch
  std::uint64_t mult = 0;

  // Never decreases with `t`; before `ticks` the line is continued backwards. Saturates.
  [[nodiscard]] std::int64_t to_ns(std::uint64_t t) const noexcept {
    __extension__ using Wide = __int128;
    constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
    constexpr Wide kMin = std::numeric_limits<std::int64_t>::min();
    const Wide result = t >= ticks ? ns + (static_cast<Wide>(t - ticks) * mult >> kShift)
                                   : ns - (static_cast<Wide>(ticks - t) * mult >> kShift);
    return static_cast<std::int64_t>(result > kMax ? kMax : (result < kMin ? kMin : result));
  }
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_FLUSH_CLOCK_ANCHOR_H_
