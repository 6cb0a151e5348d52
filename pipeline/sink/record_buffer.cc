// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/record_buffer.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>

namespace micromegas {
namespace {

constexpr std::size_t kFirst = 1024;
constexpr std::size_t kLarge = 256U << 10;
constexpr std::size_t kMaxStock = 16U << 20;

// Taken with try_lock only: who does not get it does without, in a forked child for ever.
class Stock {
 public:
  // The largest buffer of at least `bytes`, or none.
  std::unique_ptr<std::byte[]> take(std::size_t bytes, std::size_t& capacity) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return nullptr;
    auto best =
        std::max_element(buffers_.begin(), buffers_.end(),
                         [](const auto& a, const auto& b) { return a.capacity < b.capacity; });
    if (best->capacity < bytes || best->bytes == nullptr) return nullptr;
    total_ -= best->capacity;
    capacity = std::exchange(best->capacity, 0);
    return std::move(best->bytes);
  }

  void give(std::unique_ptr<std::byte[]>& bytes, std::size_t capacity) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || total_ + capacity > kMaxStock) return;
    const auto free = std::find_if(buffers_.begin(), buffers_.end(),
                                   [](const Buffer& b) { return b.bytes == nullptr; });
    if (free == buffers_.end()) return;
    *free = {std::move(bytes), capacity};
    total_ += capacity;
  }

  void clear() noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
    for (Buffer& buffer : buffers_) buffer = {};
    total_ = 0;
  }

 private:
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity = 0;
  };
  std::mutex mutex_;
  std::array<Buffer, 16> buffers_;
  std::size_t total_ = 0;
};

Stock& stock() noexcept {
  static Stock* const stock = new Stock;  // blocks may outlive static destruction
  return *stock;
}

}  // namespace

void RecordBuffer::grow(std::size_t count) {
  std::size_t capacity = std::max({kFirst, capacity_ * 2, size_ + count});
  std::unique_ptr<std::byte[]> bytes;
  if (capacity >= kLarge) bytes = stock().take(capacity, capacity);
  if (bytes == nullptr) bytes.reset(new std::byte[capacity]);  // not cleared
  if (size_ != 0) std::memcpy(bytes.get(), bytes_.get(), size_);
  const std::size_t size = size_;
  give_back();
  bytes_ = std::move(bytes);
  size_ = size;
  capacity_ = capacity;
}

void RecordBuffer::give_back() noexcept {
  if (capacity_ >= kLarge) stock().give(bytes_, capacity_);
  bytes_.reset();
  size_ = capacity_ = 0;
}

void RecordBuffer::trim() noexcept {
  if (capacity_ <= size_ + size_ / 4) return;
  std::unique_ptr<std::byte[]> bytes(new (std::nothrow) std::byte[size_]);
  if (bytes == nullptr) return;
  if (size_ != 0) std::memcpy(bytes.get(), bytes_.get(), size_);
  const std::size_t size = size_;
  give_back();
  bytes_ = std::move(bytes);
  size_ = capacity_ = size;
}

void RecordBuffer::drop_stock() noexcept { stock().clear(); }

}  // namespace micromegas
