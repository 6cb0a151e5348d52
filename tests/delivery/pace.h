// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What pace_client.cc does and pace_test.cc expects.
#ifndef MICROMEGAS_TESTS_DELIVERY_PACE_H_
#define MICROMEGAS_TESTS_DELIVERY_PACE_H_

#include <cstddef>

namespace micromegas::pace {

// The defaults.
inline constexpr std::size_t kQueues = 64U << 20;
inline constexpr std::size_t kUpload = 256U << 20;
inline constexpr std::size_t kLogBlock = 4U << 20;
inline constexpr std::size_t kMetricsBlock = 1U << 20;

inline constexpr int kThreads = 2;

// Of each thread, as a log and as a metric.
constexpr int numbers(int events_per_second, int seconds) {
  return events_per_second / 2 / kThreads * seconds;
}

}  // namespace micromegas::pace

#endif  // MICROMEGAS_TESTS_DELIVERY_PACE_H_
