// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// UTF-8 as UTF-16. The page's own TextDecoder would do, were it in every worker and willing to read
// shared memory.
#ifndef MICROMEGAS_WASM_UTF16_H_
#define MICROMEGAS_WASM_UTF16_H_

#include <cstddef>
#include <string_view>

namespace micromegas::wasm {

// Writes to `out`, which has room for text.size() units; returns how many it wrote. What is not
// UTF-8 becomes U+FFFD, as TextDecoder does it: one for each maximal part of a broken sequence.
std::size_t to_utf16(std::string_view text, char16_t* out) noexcept;

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_UTF16_H_
