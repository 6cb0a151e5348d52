// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A growing run of bytes that keeps its memory when cleared, for records of native little-endian
// memory: room() once per record, then plain stores.
#ifndef MICROMEGAS_TRANSPORT_WIRE_BYTE_BUFFER_H_
#define MICROMEGAS_TRANSPORT_WIRE_BYTE_BUFFER_H_

#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace micromegas::wire {

static_assert(std::endian::native == std::endian::little, "records are little-endian memory");

class ByteBuffer {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const char* data() const noexcept { return bytes_.get(); }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }
  void clear() noexcept { size_ = 0; }

  // Appends `count` bytes that the caller fills at once. The pointer lives until the next call.
  char* room(std::size_t count) {
    if (capacity_ - size_ < count) [[unlikely]] {
      grow(count);
    }
    char* at = bytes_.get() + size_;
    size_ += count;
    return at;
  }

  // What was appended at `position`.
  template <class T>
  void overwrite(std::size_t position, T value) noexcept {
    std::memcpy(bytes_.get() + position, &value, sizeof value);
  }

  void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }

  // Gives memory back that one large block needed and the next ones do not.
  void shrink_to(std::size_t limit) {
    if (capacity_ > limit && size_ == 0) {
      bytes_.reset();
      capacity_ = 0;
    }
  }

 private:
  void grow(std::size_t count) {
    std::size_t wanted = capacity_ * 2 < 4096 ? 4096 : capacity_ * 2;
    if (wanted < size_ + count) wanted = size_ + count;
    std::unique_ptr<char[]> bytes(new char[wanted]);
    if (size_ != 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Stores `value` at `at` and returns the place behind it.
template <class T>
char* put(char* at, T value) noexcept {
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

inline char* put_text(char* at, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_BYTE_BUFFER_H_
