// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The times whose spans are wanted, while only those of windows are sent.
#ifndef MICROMEGAS_PIPELINE_QUEUE_SAMPLE_WINDOWS_H_
#define MICROMEGAS_PIPELINE_QUEUE_SAMPLE_WINDOWS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "micromegas/pipeline/sink/span_sampling.h"

namespace micromegas::queue {

// Any thread; locks for moments. Times in nanoseconds since the epoch, of the process's clock.
class SampleWindows {
 public:
  // For a session: no windows.
  void begin(SpanSampling mode);
  void set_mode(SpanSampling mode) noexcept { mode_.store(mode, std::memory_order_relaxed); }
  [[nodiscard]] SpanSampling mode() const noexcept { return mode_.load(std::memory_order_relaxed); }
  // Both ends belong to it; in the past or to come.
  void add(std::int64_t begin, std::int64_t end);
  [[nodiscard]] bool overlap(std::int64_t begin, std::int64_t end) const;
  // Forgets those that end before `time`.
  void forget_before(std::int64_t time);
  // The lock may have been another thread's.
  void after_fork_child() noexcept;

 private:
  static constexpr std::size_t kMaxWindows = 1024;  // beyond, the two oldest become one

  struct Window {
    std::int64_t begin;
    std::int64_t end;
  };
  mutable std::mutex mutex_;
  std::atomic<SpanSampling> mode_{SpanSampling::kAll};
  std::vector<Window> windows_;  // apart from each other, oldest first
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_SAMPLE_WINDOWS_H_
