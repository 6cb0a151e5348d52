// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A 128-bit identifier of a process, stream or block (RFC 9562).
#ifndef MICROMEGAS_PLATFORM_UUID_H_
#define MICROMEGAS_PLATFORM_UUID_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace micromegas {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // A random (version 4) id from the operating system's generator. Never fails: falls back to a
  // per-process seed when the kernel refuses. Any thread.
  static Uuid random();

  // Accepts 32 hexadecimal digits with or without the four hyphens, any case, optional braces.
  static std::optional<Uuid> parse(std::string_view text);

  // Hyphenated lower case, 36 characters.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Uuid&, const Uuid&) = default;
  // Written out: the libc++ of older Emscriptens has no <=> for arrays.
  friend constexpr std::strong_ordering operator<=>(const Uuid& a, const Uuid& b) noexcept {
    for (std::size_t i = 0; i < a.bytes.size(); ++i) {
      if (a.bytes[i] != b.bytes[i]) return a.bytes[i] <=> b.bytes[i];
    }
    return std::strong_ordering::equal;
  }
};

}  // namespace micromegas

template <>
struct std::hash<micromegas::Uuid> {
  std::size_t operator()(const micromegas::Uuid& id) const noexcept {
    std::uint64_t h = 1469598103934665603ULL;
    for (std::uint8_t b : id.bytes) h = (h ^ b) * 1099511628211ULL;
    return static_cast<std::size_t>(h);
  }
};

#endif  // MICROMEGAS_PLATFORM_UUID_H_
