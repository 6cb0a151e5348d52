// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/span_records.h"

#include <algorithm>
#include <new>

namespace micromegas::detail {

void SpanRecords::take(SpanRecords& other) noexcept {
  heap_ = other.heap_;
  size_ = other.size_;
  name_bytes_ = other.name_bytes_;
  capacity_ = other.capacity_;
  if (heap_ == nullptr && size_ != 0) std::memcpy(inline_, other.inline_, size_);
  other.heap_ = nullptr;
  other.capacity_ = kInlineBytes;
  other.size_ = other.name_bytes_ = 0;
}

void SpanRecords::free_heap() noexcept {
  ::operator delete(heap_);
  heap_ = nullptr;
  capacity_ = kInlineBytes;
}

bool SpanRecords::grow(std::uint32_t bytes) noexcept {
  const std::uint32_t capacity = std::max(bytes, 2 * capacity_);
  auto* const heap = static_cast<std::byte*>(::operator new(capacity, std::nothrow));
  if (heap == nullptr) return false;
  std::memcpy(heap, data(), size_);
  ::operator delete(heap_);
  heap_ = heap;
  capacity_ = capacity;
  return true;
}

void SpanRecords::set_name(TextRef name) noexcept {
  auto bytes = static_cast<std::uint32_t>(name.bytes());
  std::byte* at = extend(bytes);
  if (at == nullptr) {
    micromegas_v0_count_cut();
    name = TextRef{"", 0};
    bytes = static_cast<std::uint32_t>(name.bytes());
    at = extend(bytes);
  }
  queue::RecordWriter w(at);
  name.write(w);
  name_bytes_ = bytes;
}

bool SpanRecords::append(const SpanRecords& other) noexcept {
  std::byte* const at = extend(other.size_);
  if (at == nullptr) return false;
  if (other.size_ != 0) std::memcpy(at, other.data(), other.size_);
  return true;
}

std::uint32_t SpanRecords::bytes_of(std::uint32_t id, std::uint32_t set) const noexcept {
  for (std::uint32_t at = name_bytes_; at < size_;) {
    const queue::RecordReader record(data() + at, size_ - at);
    if (record.id() == id && record.property_set() == set) {
      return static_cast<std::uint32_t>(record.bytes());
    }
    at += static_cast<std::uint32_t>(record.bytes());
  }
  return 0;
}

// set() in a loop does not add up.
void SpanRecords::remove(std::uint32_t id, std::uint32_t set) noexcept {
  std::byte* const bytes = heap_ != nullptr ? heap_ : inline_;
  for (std::uint32_t at = name_bytes_; at < size_;) {
    const queue::RecordReader record(bytes + at, size_ - at);
    const auto length = static_cast<std::uint32_t>(record.bytes());
    if (record.id() == id && record.property_set() == set) {
      std::memmove(bytes + at, bytes + at + length, size_ - at - length);
      size_ -= length;
    } else {
      at += length;
    }
  }
}

void SpanRecords::put_text(std::string_view key, std::string_view value) noexcept {
  const TextRef name{key.data(), key.size()};
  const TextRef text{value.data(), value.size()};
  const auto bytes =
      static_cast<std::uint32_t>(queue::kRecordHeaderBytes + name.bytes() + text.bytes());
  std::byte* const at = extend(bytes);
  if (at == nullptr) return micromegas_v0_count_lost_properties();
  queue::RecordWriter w(at);
  // Names and values that no call site knows stand behind those that it does: none.
  w.header_untimed(0, queue::RecordKind::kProperties, queue::kNoFlags, bytes);
  name.write(w);
  text.write(w);
}

}  // namespace micromegas::detail
