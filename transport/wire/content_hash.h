// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A fast seeded hash for tables that live as long as a block. Not for anything that is stored.
#ifndef MICROMEGAS_TRANSPORT_WIRE_CONTENT_HASH_H_
#define MICROMEGAS_TRANSPORT_WIRE_CONTENT_HASH_H_

#include <cstdint>
#include <cstring>
#include <string_view>

#include "micromegas/platform/uuid.h"

namespace micromegas::wire {

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// The construction of wyhash: 128-bit products, folded.
inline std::uint64_t content_hash(std::string_view content, std::uint64_t seed) noexcept {
  const auto load = [](const char* at, std::size_t bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, bytes);
    return word;
  };
  constexpr std::uint64_t kA = 0xa0761d6478bd642fU;
  constexpr std::uint64_t kB = 0xe7037ed1a0b428dbU;
  const char* at = content.data();
  std::size_t left = content.size();
  std::uint64_t state = mix(seed ^ kA, left ^ kB);
  while (left > 16) {
    state = mix(load(at, 8) ^ kA, load(at + 8, 8) ^ state);
    at += 16;
    left -= 16;
  }
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  if (left >= 8) {
    first = load(at, 8);
    second = load(at + left - 8, 8);
  } else if (left >= 4) {
    first = load(at, 4);
    second = load(at + left - 4, 4);
  } else if (left > 0) {
    first = static_cast<unsigned char>(at[0]) | load(at + left / 2, 1) << 8 |
            load(at + left - 1, 1) << 16;
  }
  return mix(kB ^ left, mix(first ^ kB, second ^ state));
}

// Unpredictable to whoever chooses the content.
inline std::uint64_t random_seed() {
  const Uuid id = Uuid::random();
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::memcpy(&low, id.bytes.data(), 8);
  std::memcpy(&high, id.bytes.data() + 8, 8);
  return low ^ high;
}

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_CONTENT_HASH_H_
