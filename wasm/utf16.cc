// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/utf16.h"

#include <cstdint>

namespace micromegas::wasm {

std::size_t to_utf16(std::string_view text, char16_t* out) noexcept {
  std::size_t units = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) {
      out[units++] = lead;
      continue;
    }
    const int more = lead >= 0xc2 && lead < 0xe0   ? 1
                     : (lead & 0xf0U) == 0xe0      ? 2
                     : lead >= 0xf0 && lead < 0xf5 ? 3
                                                   : 0;
    // Neither overlong forms, nor surrogates, nor what is beyond U+10FFFF: all show in the second
    // byte.
    unsigned lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    std::uint32_t code = lead & (0x3fU >> more);
    int left = more;
    for (; left > 0 && at < text.size(); --left, ++at) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte < lowest || byte > highest) break;
      code = code << 6 | (byte & 0x3fU);
      lowest = 0x80;
      highest = 0xbf;
    }
    if (more == 0 || left > 0) {
      out[units++] = 0xfffd;
    } else if (code < 0x10000) {
      out[units++] = static_cast<char16_t>(code);
    } else {
      out[units++] = static_cast<char16_t>(0xd7c0 + (code >> 10));
      out[units++] = static_cast<char16_t>(0xdc00 + (code & 0x3ff));
    }
  }
  return units;
}

}  // namespace micromegas::wasm
