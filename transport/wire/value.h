// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a record of a block holds once its references are resolved. Views only: everything belongs
// to the block that is being read.
#ifndef MICROMEGAS_TRANSPORT_WIRE_VALUE_H_
#define MICROMEGAS_TRANSPORT_WIRE_VALUE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace micromegas::wire {

struct Object;

// Bytes of an image; text is a std::string_view of valid UTF-8.
struct Bytes {
  std::string_view data;
};

using Value = std::variant<std::uint8_t, std::uint32_t, std::uint64_t, std::int64_t, double,
                           std::string_view, Bytes, const Object*>;

struct Member {
  std::string_view name;
  Value value;
};

// An event, a descriptor or a property set (type "property_set", members of text).
struct Object {
  std::string_view type;
  std::span<const Member> members;  // in the order of the wire; names may repeat

  // The first member of this name, or null.
  [[nodiscard]] const Value* find(std::string_view name) const noexcept;

  // The same, converted as the official reader converts: either 64-bit integer reads as the other
  // (modulo 2^64), a u8 reads as u32, nothing else. Empty if there is none or of another type.
  [[nodiscard]] std::optional<std::int64_t> get_i64(std::string_view name) const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> get_u64(std::string_view name) const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> get_u32(std::string_view name) const noexcept;
  [[nodiscard]] std::optional<double> get_f64(std::string_view name) const noexcept;
  [[nodiscard]] std::optional<std::string_view> get_text(std::string_view name) const noexcept;
  [[nodiscard]] const Object* get_object(std::string_view name) const noexcept;  // or null
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_VALUE_H_
