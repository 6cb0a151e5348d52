// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// [[fill]align][sign][#][0][width][.precision][L][type] taken apart, and what has a width put into
// it.
#ifndef MICROMEGAS_WASM_FORMAT_SPEC_H_
#define MICROMEGAS_WASM_FORMAT_SPEC_H_

#include <cstddef>
#include <string_view>

#include "micromegas/wasm/text_buffer.h"

namespace micromegas::wasm {

struct FormatSpec {
  std::string_view fill = " ";  // one character
  char align = '\0';            // '<', '>', '^'; '=': zeros behind the sign; none: the type's own
  char sign = '-';
  bool alternate = false;
  std::size_t width = 0;
  std::size_t precision = std::string_view::npos;
  char type = '\0';

  // The text has passed FormatChecker.
  explicit FormatSpec(std::string_view text) noexcept;
};

// `prefix` (sign, 0x) then `text`, which is `columns` wide, in a field of spec.width.
void append_padded(TextBuffer& out, const FormatSpec& spec, char default_align,
                   std::string_view prefix, std::string_view text, std::size_t columns) noexcept;

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_FORMAT_SPEC_H_
