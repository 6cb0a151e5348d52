// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A log's text from its format string and arguments: what the flush actor does natively. The texts
// are the same, those of {fmt} 9.1; its code is in the program only where a floating-point number
// is logged, because it is ten times as large as all the rest.
#ifndef MICROMEGAS_WASM_FORMAT_H_
#define MICROMEGAS_WASM_FORMAT_H_

#include <cstddef>
#include <string_view>

#include "micromegas/wasm/format_arg.h"
#include "micromegas/wasm/text_buffer.h"

namespace micromegas::wasm {

// `text` has passed FormatChecker with arguments of these types. A width or precision that an
// argument gives and that cannot be shows in the text.
void format(TextBuffer& out, std::string_view text, const FormatArg* args, std::size_t count);

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_FORMAT_H_
