// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_PLATFORM_DEADLINE_H_
#define MICROMEGAS_PLATFORM_DEADLINE_H_

#include <algorithm>
#include <chrono>

namespace micromegas {

// This time from now; a century if it is more, so that neither this nor what is added to it
// overflows the clock's nanoseconds; now if it is negative.
inline std::chrono::steady_clock::time_point deadline_in(std::chrono::milliseconds time) noexcept {
  constexpr std::chrono::milliseconds kCentury = std::chrono::hours(24) * 36525;
  return std::chrono::steady_clock::now() +
         std::clamp(time, std::chrono::milliseconds(0), kCentury);
}

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_DEADLINE_H_
