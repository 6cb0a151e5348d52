// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Walks records of this client's own layout without reading what they say: where each begins and
// ends, and which dependencies it refers to.
//
//   PackedRecords records(bytes, layout::of(kind).objects);
//   while (records.next()) records.for_each_reference([](std::uint64_t id) { ... });
//   if (!records.end()) return Error("...");   // not of this layout
#ifndef MICROMEGAS_TRANSPORT_WIRE_PACKED_RECORDS_H_
#define MICROMEGAS_TRANSPORT_WIRE_PACKED_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "micromegas/transport/wire/layout.h"

namespace micromegas::wire {

class PackedRecords {
 public:
  PackedRecords(std::string_view bytes, std::span<const layout::PackedType> types)
      : bytes_(bytes), types_(types) {}

  // Goes to the next record. False at the end, and at one that is not of the layout.
  bool next() {
    if (at_ == bytes_.size()) return false;
    const std::string_view rest = bytes_.substr(at_);
    const auto type = static_cast<std::uint8_t>(rest.front());
    if (type >= types_.size()) return false;
    std::size_t size = types_[type].size;
    std::size_t head = 1;
    if (size == 0) {
      std::uint32_t told = 0;
      head += sizeof(told);
      if (rest.size() < head) return false;
      std::memcpy(&told, rest.data() + 1, sizeof(told));
      size = told;
    }
    if (rest.size() - head < size) return false;
    type_ = type;
    record_ = rest.substr(0, head + size);
    body_ = rest.substr(head, size);
    at_ += head + size;
    return true;
  }

  [[nodiscard]] bool end() const { return at_ == bytes_.size(); }
  // Behind the current record.
  [[nodiscard]] std::size_t offset() const { return at_; }
  [[nodiscard]] std::uint8_t type() const { return type_; }
  [[nodiscard]] std::string_view record() const { return record_; }  // with type and length
  [[nodiscard]] std::string_view body() const { return body_; }

  // 0 where the record is too short.
  [[nodiscard]] std::uint64_t u64_at(std::size_t offset) const {
    std::uint64_t value = 0;
    if (offset + sizeof(value) <= body_.size()) {
      std::memcpy(&value, body_.data() + offset, sizeof(value));
    }
    return value;
  }

  template <class F>
  void for_each_reference(F f) const {
    for (const layout::PackedMember& member : types_[type_].members) {
      if (member.is_reference) f(u64_at(member.offset));
    }
    for (const std::uint32_t offset : types_[type_].references) f(u64_at(offset));
  }

 private:
  std::string_view bytes_;
  std::span<const layout::PackedType> types_;
  std::size_t at_ = 0;
  std::string_view record_;
  std::string_view body_;
  std::uint8_t type_ = 0;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_PACKED_RECORDS_H_
