// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/value.h"

namespace micromegas::wire {

const Value* Object::find(std::string_view name) const noexcept {
  for (const Member& member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

std::optional<std::uint64_t> Object::get_u64(std::string_view name) const noexcept {
  const Value* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<std::uint64_t>(value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(value)) {
    return static_cast<std::uint64_t>(*number);
  }
  return std::nullopt;
}

std::optional<std::int64_t> Object::get_i64(std::string_view name) const noexcept {
  const std::optional<std::uint64_t> value = get_u64(name);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<std::uint32_t> Object::get_u32(std::string_view name) const noexcept {
  const Value* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<std::uint32_t>(value)) return *number;
  if (const auto* number = std::get_if<std::uint8_t>(value)) return *number;
  return std::nullopt;
}

std::optional<double> Object::get_f64(std::string_view name) const noexcept {
  const Value* const value = find(name);
  const auto* const number = value != nullptr ? std::get_if<double>(value) : nullptr;
  if (number == nullptr) return std::nullopt;
  return *number;
}

std::optional<std::string_view> Object::get_text(std::string_view name) const noexcept {
  const Value* const value = find(name);
  const auto* const text = value != nullptr ? std::get_if<std::string_view>(value) : nullptr;
  if (text == nullptr) return std::nullopt;
  return *text;
}

const Object* Object::get_object(std::string_view name) const noexcept {
  const Value* const value = find(name);
  const auto* const object = value != nullptr ? std::get_if<const Object*>(value) : nullptr;
  return object != nullptr ? *object : nullptr;
}

}  // namespace micromegas::wire
