// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/image_queue.h"

#include <utility>

namespace micromegas::queue {

void ImageQueue::open(std::size_t budget) {
  std::vector<std::shared_ptr<Image>> leftovers;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  leftovers.swap(images_);
  any_.store(false, std::memory_order_relaxed);
  open_ = true;
  budget_ = budget;
  bytes_ = 0;
  recorded_ = 0;
}

void ImageQueue::close() noexcept {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

ImageQueue::Pushed ImageQueue::push(std::shared_ptr<Image> image) {
  const std::size_t bytes = image->memory_bytes();
  const std::lock_guard lock(mutex_);
  if (!open_) return Pushed::kClosed;
  if (bytes > budget_ - bytes_) return Pushed::kFull;
  images_.push_back(std::move(image));
  bytes_ += bytes;
  ++recorded_;
  any_.store(true, std::memory_order_release);
  return Pushed::kDone;
}

void ImageQueue::take(std::vector<std::shared_ptr<Image>>& out) {
  out.clear();
  // One that is pushed now is seen the next time; what was pushed before a flush() is seen by it.
  if (!any_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  out.swap(images_);
  any_.store(false, std::memory_order_relaxed);
}

void ImageQueue::release(std::size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  bytes_ -= bytes < bytes_ ? bytes : bytes_;  // of an earlier session, after open()
}

std::uint64_t ImageQueue::recorded() const {
  const std::lock_guard lock(mutex_);
  return recorded_;
}

std::uint64_t ImageQueue::held() const {
  const std::lock_guard lock(mutex_);
  return images_.size();
}

void ImageQueue::after_fork_child() noexcept {
  open_ = false;
  images_.clear();
  any_.store(false, std::memory_order_relaxed);
  bytes_ = 0;
  recorded_ = 0;
}

}  // namespace micromegas::queue
