// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How large a body may be, learned from how requests fare; larger ones are cut before they are
// sent.
//
// * 413: less than that, until one of the size is taken after all.
// * Slow, or not answered in time: half of it. A request that takes a quarter of its time limit is
// on
//   its way to fail, and everything behind it waits.
// * Quick, and near the limit: twice the limit.
//
// Only the time that the size costs counts: what the smallest requests take as well is the server's
// own, and smaller bodies would only make more of it. Between kMin and no limit; quick and slow are
// a factor of four apart and a step is two, so it settles. Not safe for several threads.
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_SIZE_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_SIZE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace micromegas::upload {

class RequestSize {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::size_t kMin = std::size_t{64} << 10;
  static constexpr std::size_t kNoLimit = SIZE_MAX;

  // `slow`: time of a request whose body is too large.
  explicit RequestSize(Duration slow) : slow_(slow) {}

  [[nodiscard]] std::size_t limit() const noexcept { return std::min(limit_, ceiling_); }

  void accepted(std::size_t bytes, Duration took) noexcept {
    if (bytes > ceiling_) ceiling_ = kNoLimit;
    if (bytes < kSmall) {
      // The least, forgotten by and by: it may have become more.
      own_time_ = own_time_ ? std::min(took, *own_time_ * 2 + std::chrono::milliseconds(1)) : took;
      return;
    }
    const Duration of_size = took - std::min(took, own_time_.value_or(Duration{}));
    if (of_size > slow_) {
      halve(bytes);
    } else if (of_size < slow_ / 4 && bytes > limit_ / 2) {
      limit_ = limit_ >= kGone / 2 ? kNoLimit : limit_ * 2;
    }
  }
  // No answer in time although it had begun to leave.
  void timed_out(std::size_t bytes) noexcept { halve(bytes); }
  // 413.
  void refused(std::size_t bytes) noexcept {
    if (bytes > 0) ceiling_ = std::min(ceiling_, bytes - 1);
  }

 private:
  static constexpr std::size_t kSmall = kMin / 4;
  static constexpr std::size_t kGone = std::size_t{100} << 20;  // no body is larger

  // Several that were under way together count as one.
  void halve(std::size_t bytes) noexcept {
    if (bytes >= kMin) limit_ = std::min(limit_, std::max(bytes / 2, kMin));
  }

  Duration slow_;
  std::optional<Duration> own_time_;  // the server's, whatever the size
  std::size_t limit_ = kNoLimit;
  std::size_t ceiling_ = kNoLimit;  // what a 413 has told
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_SIZE_H_
