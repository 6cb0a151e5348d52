// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What an asynchronous span carries to its end: its name, if that was given at run time, then the
// records that hold its properties (queue/record.h). Small ones in the object, larger ones on the
// heap. One thread at a time.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_RECORDS_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "micromegas/pipeline/instrument/values.h"
#include "micromegas/pipeline/queue/record.h"

namespace micromegas::detail {

class SpanRecords {
 public:
  static constexpr std::uint32_t kMaxBytes = 16 * 1024;

  SpanRecords() noexcept {}  // NOLINT(modernize-use-equals-default): leaves inline_ alone
  SpanRecords(SpanRecords&& other) noexcept { take(other); }
  SpanRecords& operator=(SpanRecords&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  MICROMEGAS_INLINE ~SpanRecords() {
    if (__builtin_expect(heap_ != nullptr, 0)) free_heap();
  }

  [[nodiscard]] MICROMEGAS_INLINE std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] const std::byte* data() const noexcept {
    return heap_ != nullptr ? heap_ : inline_;
  }
  void clear() noexcept {
    if (heap_ != nullptr) free_heap();
    size_ = name_bytes_ = 0;
  }

  // First of all, once. Without memory the name is empty.
  void set_name(TextRef name) noexcept;
  // Of the name as it is encoded; 0: there is none.
  [[nodiscard]] MICROMEGAS_INLINE std::uint32_t name_bytes() const noexcept { return name_bytes_; }

  // A record with these values; in place of one with the same keys and set. False if there is no
  // room; that one is kept then.
  template <class Set, class... Values>
  bool put(std::uint32_t id, Set set, Values&&... values) noexcept {
    const std::uint32_t fixed = queue::kRecordHeaderBytes + Set::kBytes;
    const std::uint32_t old = size_ != name_bytes_ ? bytes_of(id, set.id()) : 0;
    const std::uint32_t used = size_ - old;
    // Something of each text, too.
    constexpr std::uint32_t kLeast = (0 + ... + (std::remove_cvref_t<Values>::kIsText ? 16U : 8U));
    if (used + fixed + kLeast > kMaxBytes) return false;
    const std::uint32_t bytes = fit(kMaxBytes - used, fixed, values...);
    if (__builtin_expect(used + bytes > capacity_, 0) && !grow(used + bytes)) return false;
    if (old != 0) remove(id, set.id());
    queue::RecordWriter w(extend(bytes));
    w.header_untimed(id, queue::RecordKind::kProperties, Set::kFlags, bytes);
    set.write(w);
    (values.write(w), ...);
    return true;
  }
  // All of the other's. False without memory.
  bool append(const SpanRecords& other) noexcept;
  // A property that is the library's own.
  void put_text(std::string_view key, std::string_view value) noexcept;

 private:
  void take(SpanRecords& other) noexcept;
  void free_heap() noexcept;
  // Room for `bytes` more; null without memory.
  MICROMEGAS_INLINE std::byte* extend(std::uint32_t bytes) noexcept {
    if (__builtin_expect(size_ + bytes > capacity_, 0) && !grow(size_ + bytes)) return nullptr;
    std::byte* const at = (heap_ != nullptr ? heap_ : inline_) + size_;
    size_ += bytes;
    return at;
  }
  bool grow(std::uint32_t bytes) noexcept;
  // Of the record with these keys and set; 0: there is none.
  [[nodiscard]] std::uint32_t bytes_of(std::uint32_t id, std::uint32_t set) const noexcept;
  void remove(std::uint32_t id, std::uint32_t set) noexcept;

  static constexpr std::uint32_t kInlineBytes = 88;

  std::byte* heap_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t name_bytes_ = 0;
  std::uint32_t capacity_ = kInlineBytes;
  alignas(8) std::byte inline_[kInlineBytes];
};

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_SPAN_RECORDS_H_
