// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How large a body may be, learned from how requests fare; larger ones are cut before they are
// sent.
//
// * 413: less than that, for some minutes; then one that is larger asks whether it still holds.
// * Slow, or not answered in time: half of it. A request that takes a quarter of its time limit is
//   on its way to fail, and everything behind it waits.
// * Quick, and near the limit: twice the limit.
//
// Only the time that the size costs counts (RequestTimes): smaller bodies would only make more of
// the rest. Between kMin and no limit; quick and slow are a factor of four apart and a step is two,
// so it settles. Not safe for several threads.
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_SIZE_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_SIZE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "micromegas/transport/upload/request_times.h"

namespace micromegas::upload {

class RequestSize {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kMin = std::size_t{64} << 10;
  static constexpr std::size_t kNoLimit = SIZE_MAX;
  // From a 413 to the next request that may be answered by one.
  static constexpr std::chrono::minutes kAskAgain{5};

  // `slow`: time of a request whose body is too large.
  explicit RequestSize(Duration slow) : slow_(slow), times_(slow) {}

  [[nodiscard]] std::size_t limit() const noexcept { return std::min(limit_, ceiling_); }

  // What a body is to do that wants to be sent now. kAsk: it goes although it is larger than what a
  // 413 has told, the only one for kAskAgain.
  enum class Advice { kSend, kAsk, kCut };
  Advice advise(std::size_t bytes, TimePoint now) noexcept {
    if (bytes > limit_ || bytes > kGone) return Advice::kCut;
    if (bytes <= ceiling_) return Advice::kSend;
    if (now < ask_at_) return Advice::kCut;
    ask_at_ = now + kAskAgain;
    return Advice::kAsk;
  }

  void accepted(std::size_t bytes, Duration took) noexcept {
    if (bytes > ceiling_) ceiling_ = kNoLimit;
    const Duration of_size = times_.add(bytes, took);
    if (of_size > slow_) {
      halve(bytes);
    } else if (of_size < slow_ / 4 && bytes > limit_ / 2) {
      limit_ = limit_ >= kGone / 2 ? kNoLimit : limit_ * 2;
    }
  }
  // No answer in time although it had begun to leave. How long it would have taken nobody knows.
  void timed_out(std::size_t bytes) noexcept { halve(bytes); }
  // 413.
  void refused(std::size_t bytes, TimePoint now) noexcept {
    if (bytes == 0) return;
    ceiling_ = std::min(ceiling_, bytes - 1);
    ask_at_ = now + kAskAgain;
  }

 private:
  static constexpr std::size_t kGone = std::size_t{100} << 20;  // no server takes a larger one

  // Several that were under way together count as one.
  void halve(std::size_t bytes) noexcept {
    if (bytes >= kMin) limit_ = std::min(limit_, std::max(bytes / 2, kMin));
  }

  Duration slow_;
  RequestTimes times_;
  std::size_t limit_ = kNoLimit;
  std::size_t ceiling_ = kNoLimit;  // what a 413 has told
  TimePoint ask_at_{};              // whether that still holds
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_SIZE_H_
