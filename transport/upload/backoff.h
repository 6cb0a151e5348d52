// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How long to wait after the n-th failure in a row: a random time between nothing and a limit that
// doubles up to a cap ("full jitter"), so that many clients of one server do not come back at once.
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_BACKOFF_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace micromegas::upload {

struct BackoffOptions {
  std::chrono::milliseconds min{100};   // limit after the first failure
  std::chrono::milliseconds max{5000};  // no wait is longer
};

class Backoff {
 public:
  // Fixed `seed`: the same waits, for tests.
  explicit Backoff(BackoffOptions options, std::uint64_t seed = std::random_device{}())
      : options_(options), random_(seed) {}

  // The limit after `failures` (from 1) in a row.
  [[nodiscard]] std::chrono::milliseconds limit(int failures) const {
    const int doublings = std::clamp(failures - 1, 0, 30);
    const auto wanted = options_.min * (std::int64_t{1} << doublings);
    return std::min(wanted, options_.max);
  }

  // From 1 ms to the limit.
  std::chrono::milliseconds wait(int failures) {
    const std::int64_t most = std::max<std::int64_t>(limit(failures).count(), 1);
    return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(1, most)(random_));
  }

 private:
  BackoffOptions options_;
  std::mt19937_64 random_;
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_BACKOFF_H_
