// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The bytes of a block's records: grows at its end and moves. A block of some megabytes lives for
// milliseconds, and each 4 KiB of a fresh mapping cost a page fault, as much as its records cost
// otherwise. So large memory is mapped, to grow and shrink without a copy, and comes from a small
// stock of what earlier blocks have given back.
#ifndef MICROMEGAS_PIPELINE_SINK_RECORD_BUFFER_H_
#define MICROMEGAS_PIPELINE_SINK_RECORD_BUFFER_H_

#include <cstddef>
#include <cstring>
#include <utility>

namespace micromegas {

// One thread at a time; the stock is safe from any.
class RecordBuffer {
 public:
  RecordBuffer() = default;
  ~RecordBuffer() { give_back(); }
  RecordBuffer(RecordBuffer&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  RecordBuffer& operator=(RecordBuffer&& other) noexcept {
    if (this != &other) {
      give_back();
      bytes_ = std::exchange(other.bytes_, nullptr);
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }

  [[nodiscard]] const std::byte* data() const noexcept { return bytes_; }
  [[nodiscard]] std::byte* data() noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  // Room for `count` more bytes, which the caller fills; valid until the next call. Throws
  // std::bad_alloc, with nothing changed.
  std::byte* extend(std::size_t count) {
    if (capacity_ - size_ < count) [[unlikely]] {
      grow(count);
    }
    std::byte* at = bytes_ + size_;
    size_ += count;
    return at;
  }

  // Gives room back that is more than a quarter of what is used. Keeps it if memory is short.
  void trim() noexcept;

  // Frees the stock.
  static void drop_stock() noexcept;

 private:
  void grow(std::size_t count);
  void give_back() noexcept;

  std::byte* bytes_ = nullptr;  // on the heap, or mapped if capacity_ is large
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_RECORD_BUFFER_H_
