// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/record_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>

namespace micromegas {
namespace {

constexpr std::size_t kFirst = 1024;
constexpr std::size_t kLarge = 256U << 10;  // from here on mapped
constexpr std::size_t kMaxStock = 16U << 20;
constexpr std::size_t kPage = 4096;

constexpr std::size_t whole_pages(std::size_t bytes) noexcept {
  return (bytes + kPage - 1) / kPage * kPage;
}

// Null: no memory.
std::byte* map(std::size_t bytes) noexcept {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory != MAP_FAILED ? static_cast<std::byte*>(memory) : nullptr;
}
std::byte* remap(std::byte* bytes, std::size_t from, std::size_t to) noexcept {
  void* memory = mremap(bytes, from, to, MREMAP_MAYMOVE);
  return memory != MAP_FAILED ? static_cast<std::byte*>(memory) : nullptr;
}

// Of mapped memory. Taken with try_lock only: who does not get it does without, in a forked child
// for ever.
class Stock {
 public:
  // The largest piece, or null.
  std::byte* take(std::size_t& capacity) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return nullptr;
    const auto largest =
        std::max_element(pieces_.begin(), pieces_.end(),
                         [](const auto& a, const auto& b) { return a.capacity < b.capacity; });
    if (largest->bytes == nullptr) return nullptr;
    total_ -= largest->capacity;
    capacity = std::exchange(largest->capacity, 0);
    return std::exchange(largest->bytes, nullptr);
  }

  // False if it has no place for it.
  bool give(std::byte* bytes, std::size_t capacity) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || total_ + capacity > kMaxStock) return false;
    const auto free = std::find_if(pieces_.begin(), pieces_.end(),
                                   [](const Piece& p) { return p.bytes == nullptr; });
    if (free == pieces_.end()) return false;
    *free = {bytes, capacity};
    total_ += capacity;
    return true;
  }

  void clear() noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
    for (Piece& piece : pieces_) {
      if (piece.bytes != nullptr) munmap(piece.bytes, piece.capacity);
      piece = {};
    }
    total_ = 0;
  }

 private:
  struct Piece {
    std::byte* bytes = nullptr;
    std::size_t capacity = 0;
  };
  std::mutex mutex_;
  std::array<Piece, 16> pieces_;
  std::size_t total_ = 0;
};

Stock& stock() noexcept {
  static Stock* const stock = new Stock;  // blocks may outlive static destruction
  return *stock;
}

// `capacity` becomes what it really has. Null, or an exception: no memory.
std::byte* allocate(std::size_t& capacity) {
  if (capacity < kLarge) return new std::byte[capacity];  // not cleared
  const std::size_t wanted = whole_pages(capacity);
  std::byte* const old = stock().take(capacity);
  if (old == nullptr) {
    capacity = wanted;
    return map(wanted);
  }
  if (capacity >= wanted) return old;
  std::byte* const bytes = remap(old, capacity, wanted);
  if (bytes == nullptr) munmap(old, capacity);
  capacity = wanted;
  return bytes;
}

}  // namespace

void RecordBuffer::grow(std::size_t count) {
  std::size_t capacity = std::max({kFirst, capacity_ * 2, size_ + count});
  if (capacity_ >= kLarge) {
    capacity = whole_pages(capacity);
    std::byte* const bytes = remap(bytes_, capacity_, capacity);
    if (bytes == nullptr) throw std::bad_alloc();
    bytes_ = bytes;
    capacity_ = capacity;
    return;
  }
  std::byte* const bytes = allocate(capacity);
  if (bytes == nullptr) throw std::bad_alloc();
  if (size_ != 0) std::memcpy(bytes, bytes_, size_);
  delete[] bytes_;
  bytes_ = bytes;
  capacity_ = capacity;
}

void RecordBuffer::give_back() noexcept {
  if (capacity_ < kLarge) {
    delete[] bytes_;
  } else if (!stock().give(bytes_, capacity_)) {
    munmap(bytes_, capacity_);
  }
  bytes_ = nullptr;
  size_ = capacity_ = 0;
}

void RecordBuffer::trim() noexcept {
  if (capacity_ <= size_ + size_ / 4) return;
  if (size_ >= kLarge) {
    const std::size_t capacity = whole_pages(size_);
    std::byte* const bytes = remap(bytes_, capacity_, capacity);
    if (bytes == nullptr) return;
    bytes_ = bytes;
    capacity_ = capacity;
    return;
  }
  std::byte* const bytes = new (std::nothrow) std::byte[size_];
  if (bytes == nullptr) return;
  const std::size_t size = size_;
  if (size != 0) std::memcpy(bytes, bytes_, size);
  give_back();
  bytes_ = bytes;
  size_ = capacity_ = size;
}

void RecordBuffer::drop_stock() noexcept { stock().clear(); }

}  // namespace micromegas
