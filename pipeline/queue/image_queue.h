// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Images on their way from the threads that send them to the flush actor. An image is large: it is
// handed over whole, by pointer, under a lock that is held for moments, and not through a thread's
// segments.
#ifndef MICROMEGAS_PIPELINE_QUEUE_IMAGE_QUEUE_H_
#define MICROMEGAS_PIPELINE_QUEUE_IMAGE_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "micromegas/pipeline/sink/block.h"

namespace micromegas::queue {

inline constexpr std::uint32_t kMaxImageNameBytes = 1024;  // of a name, and of a format

// Any thread.
class ImageQueue {
 public:
  // `budget`: bytes of memory from push() to release(). Forgets what is left of an earlier session.
  void open(std::size_t budget);
  void close() noexcept;

  enum class Pushed : std::uint8_t { kDone, kClosed, kFull };
  Pushed push(std::shared_ptr<Image> image);

  // Takes all there is, in the order of their hand-over. `time` of an image is in ticks. Without a
  // lock if there is none.
  void take(std::vector<std::shared_ptr<Image>>& out);
  // Images that were taken have left the flush actor.
  void release(std::size_t bytes) noexcept;

  // Since open().
  [[nodiscard]] std::uint64_t recorded() const;
  // Not taken yet.
  [[nodiscard]] std::uint64_t held() const;

  // For the fork hooks: held over a fork so that the child finds the queue whole.
  std::mutex& mutex() noexcept { return mutex_; }
  // In the child, with the mutex held.
  void after_fork_child() noexcept;

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> any_{false};
  bool open_ = false;
  std::size_t budget_ = 0;
  std::size_t bytes_ = 0;  // of what was pushed and not released
  std::uint64_t recorded_ = 0;
  std::vector<std::shared_ptr<Image>> images_;
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_IMAGE_QUEUE_H_
