// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/sample_windows.h"

#include <algorithm>
#include <new>

namespace micromegas::queue {

void SampleWindows::begin(SpanSampling mode) {
  const std::lock_guard lock(mutex_);
  windows_.clear();
  set_mode(mode);
}

void SampleWindows::add(std::int64_t begin, std::int64_t end) {
  if (end < begin) return;
  const std::lock_guard lock(mutex_);
  // Those that it touches become one with it.
  const auto first =
      std::lower_bound(windows_.begin(), windows_.end(), begin,
                       [](const Window& w, std::int64_t time) { return w.end < time; });
  auto last = first;
  for (; last != windows_.end() && last->begin <= end; ++last) {
    begin = std::min(begin, last->begin);
    end = std::max(end, last->end);
  }
  if (first == last) {
    windows_.insert(first, {begin, end});
  } else {
    *first = {begin, end};
    windows_.erase(first + 1, last);
  }
  if (windows_.size() > kMaxWindows) {
    windows_[1].begin = windows_[0].begin;
    windows_.erase(windows_.begin());
  }
}

bool SampleWindows::overlap(std::int64_t begin, std::int64_t end) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(windows_.begin(), windows_.end(),
                     [&](const Window& w) { return w.begin <= end && begin <= w.end; });
}

void SampleWindows::forget_before(std::int64_t time) {
  const std::lock_guard lock(mutex_);
  std::erase_if(windows_, [&](const Window& w) { return w.end < time; });
}

void SampleWindows::after_fork_child() noexcept {
  new (&mutex_) std::mutex;
  new (&windows_) std::vector<Window>;  // the old storage is left behind
}

}  // namespace micromegas::queue
