// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A log's text from its format string and arguments: what the flush actor does natively. The texts
// are the same, those of {fmt} 9.1; its code is in the program only where a floating-point number
// is logged, because it is ten times as large as all the rest.
#ifndef MICROMEGAS_WASM_FORMAT_H_
#define MICROMEGAS_WASM_FORMAT_H_

#include <cstddef>
#include <string_view>

#include "micromegas/pipeline/instrument/argument_numbers.h"
#include "micromegas/pipeline/instrument/format_check.h"
#include "micromegas/wasm/format_arg.h"
#include "micromegas/wasm/text_buffer.h"

namespace micromegas::wasm {

// What is known of the arguments once the text is made.
struct Mentions {
  // `keys`: of the arguments that are pairs; null: there are none.
  Mentions(const std::string_view* keys, std::size_t count) noexcept : numbers(keys, count) {}

  detail::ArgumentNumbers numbers;  // and names
  struct Place {
    std::size_t begin = 0;
    std::size_t size = 0;
    bool found = false;
  };
  Place first[detail::kMaxArguments] = {};  // where the text shows argument i first
};

// `text` has passed FormatChecker with arguments of these types. A width or precision that an
// argument gives and that cannot be shows in the text.
void format(TextBuffer& out, std::string_view text, const FormatArg* args, std::size_t count,
            Mentions& mentions);

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_FORMAT_H_
