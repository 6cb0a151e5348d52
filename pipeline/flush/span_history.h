// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which span of a thread was the innermost one when: the actor reads a thread's logs and its spans
// from two queues, and is further in the one than in the other. The flush actor's alone.
#ifndef MICROMEGAS_PIPELINE_FLUSH_SPAN_HISTORY_H_
#define MICROMEGAS_PIPELINE_FLUSH_SPAN_HISTORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <string>
#include <utility>

namespace micromegas::pipeline {

class SpanHistory {
 public:
  struct Span {
    std::uint32_t id = 0;  // 0: none
    std::string name;      // if it was given at run time
  };

  // Times are raw ticks: two readings of the clock model may differ by more than two events do.

  // The next add() forgets the oldest change.
  [[nodiscard]] bool full() const noexcept { return changes_.size() >= kMaxChanges; }
  // From this time on. Times rise, unless the counter has been set back: then the older ones are
  // forgotten.
  void add(std::uint64_t time, Span innermost) {
    if (time < last_time()) changes_.clear();
    changes_.push_back({time, std::move(innermost)});
    if (changes_.size() <= kMaxChanges) return;
    changes_.pop_front();
    forgot_ = true;
  }
  // Of the last change.
  [[nodiscard]] std::uint64_t last_time() const noexcept {
    return changes_.empty() ? 0 : changes_.back().time;
  }
  // At a time; of an event that stands where a span begins or ends, in front of that. Null if it is
  // forgotten or before all of them.
  [[nodiscard]] const Span* at(std::uint64_t time) const {
    const auto after = std::lower_bound(
        changes_.begin(), changes_.end(), time,
        [](const Change& change, std::uint64_t value) { return change.time < value; });
    return after == changes_.begin() ? nullptr : &std::prev(after)->innermost;
  }
  // Whether at() may know nothing of a time although there was a span.
  [[nodiscard]] bool has_forgotten() const noexcept { return forgot_; }
  // Nobody will ask for a time before this one.
  void forget_before(std::uint64_t time) {
    while (changes_.size() > 1 && changes_[1].time < time) changes_.pop_front();
  }

 private:
  static constexpr std::size_t kMaxChanges = 16384;
  struct Change {
    std::uint64_t time;
    Span innermost;
  };
  std::deque<Change> changes_;
  bool forgot_ = false;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_SPAN_HISTORY_H_
