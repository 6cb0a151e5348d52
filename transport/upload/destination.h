// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Whether the server is worth a try right now. Waiting is a property of the destination: no request
// holds a slot while it waits, and after a failure one request at a time finds out whether the
// server is back before all do. Not safe for several threads.
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_DESTINATION_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_DESTINATION_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "micromegas/transport/upload/backoff.h"

namespace micromegas::upload {

using TimePoint = std::chrono::steady_clock::time_point;

class Destination {
 public:
  Destination(BackoffOptions options, int max_in_flight, std::uint64_t seed)
      : backoff_(options, seed), max_in_flight_(max_in_flight) {}

  // Requests that may be under way at once: one after a failure, then twice as many with each
  // success, so that a server that has just come back is not met by all that has waited.
  [[nodiscard]] int allowed() const noexcept { return failures_ == 0 ? window_ : 1; }
  // Not before this.
  [[nodiscard]] TimePoint resume_at() const noexcept { return resume_at_; }

  // Kept by a request when it leaves, given back with its result.
  [[nodiscard]] std::uint64_t period() const noexcept { return period_; }

  // A pause that the server asked for stands.
  void succeeded() noexcept {
    window_ = failures_ == 0 ? std::min(window_ * 2, max_in_flight_) : std::min(2, max_in_flight_);
    failures_ = 0;
    if (!told_to_wait_) resume_at_ = TimePoint::min();
  }

  // Failures in a row.
  [[nodiscard]] int failures() const noexcept { return failures_; }

  // Several requests under way fail together: that is one failure.
  void failed(std::uint64_t period, std::optional<std::chrono::seconds> retry_after,
              TimePoint now) {
    if (period == period_) {
      ++period_;
      ++failures_;
      window_ = 1;
      told_to_wait_ = false;
      resume_at_ = now + wait_after(backoff_, failures_);
    }
    if (retry_after) {
      told_to_wait_ = true;
      resume_at_ = std::max(resume_at_, now + std::min(*retry_after, kLongestPause));
    }
  }

  // A stop is near: try again now, and wait little from now on.
  void hurry() noexcept {
    hurried_ = true;
    told_to_wait_ = false;
    resume_at_ = TimePoint::min();
    failures_ = 0;
    window_ = max_in_flight_;
  }

  // By the same rule for a single request.
  std::chrono::milliseconds wait_after(Backoff& backoff, int failures) const {
    const auto wait = backoff.wait(failures);
    return hurried_ ? std::min(wait, kLongestHurriedWait) : wait;
  }

 private:
  // However long a server wants us to wait.
  static constexpr std::chrono::seconds kLongestPause{600};
  // So that a deadline of a few seconds holds more than a few tries.
  static constexpr std::chrono::milliseconds kLongestHurriedWait{200};

  Backoff backoff_;
  int max_in_flight_;
  int window_ = max_in_flight_;
  int failures_ = 0;
  std::uint64_t period_ = 0;
  bool told_to_wait_ = false;
  bool hurried_ = false;
  TimePoint resume_at_ = TimePoint::min();
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_DESTINATION_H_
