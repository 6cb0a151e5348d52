// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A text in the making: short ones stay on the stack.
#ifndef MICROMEGAS_WASM_TEXT_BUFFER_H_
#define MICROMEGAS_WASM_TEXT_BUFFER_H_

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace micromegas::wasm {

// Without memory, the text ends where it ended.
class TextBuffer {
 public:
  TextBuffer() noexcept = default;
  ~TextBuffer() {
    if (data_ != short_) std::free(data_);
  }
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;

  [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }
  void clear() noexcept { size_ = 0; }
  void append(std::string_view text) noexcept {
    if (text.empty() || !reserve(text.size())) return;
    std::memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  // A piece of what is here already.
  void append_own(std::size_t begin, std::size_t size) noexcept {
    if (!reserve(size)) return;
    std::memcpy(data_ + size_, data_ + begin, size);
    size_ += size;
  }

 private:
  bool reserve(std::size_t more) noexcept {
    if (more <= capacity_ - size_) return true;
    const std::size_t wanted = 2 * capacity_ + more;
    char* grown =
        static_cast<char*>(data_ == short_ ? std::malloc(wanted) : std::realloc(data_, wanted));
    if (grown == nullptr) return false;
    if (data_ == short_) std::memcpy(grown, short_, size_);
    data_ = grown;
    capacity_ = wanted;
    return true;
  }

  char short_[256];
  char* data_ = short_;
  std::size_t size_ = 0;
  std::size_t capacity_ = sizeof(short_);
};

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_TEXT_BUFFER_H_
