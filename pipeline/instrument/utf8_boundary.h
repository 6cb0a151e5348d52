// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Where a text that is too long may be cut.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_UTF8_BOUNDARY_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_UTF8_BOUNDARY_H_

#include <cstdint>

namespace micromegas::detail {

// The largest n <= limit at which UTF-8 text can be cut without splitting a character; text[limit]
// is read.
inline std::uint32_t utf8_boundary(const char* text, std::uint32_t limit) noexcept {
  std::uint32_t n = limit;
  while (n > 0 && limit - n < 4 && (static_cast<unsigned char>(text[n]) & 0xc0U) == 0x80U) --n;
  return limit - n < 4 ? n : limit;
}

}  // namespace micromegas::detail

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_UTF8_BOUNDARY_H_
