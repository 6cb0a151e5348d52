// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_WASM_CLOCK_H_
#define MICROMEGAS_WASM_CLOCK_H_

#include <emscripten/html5.h>

#include <cstdint>

namespace micromegas::wasm {

// Microseconds since the Unix epoch, in steps of 1000: Date.now().
inline std::int64_t now() noexcept {
  return static_cast<std::int64_t>(emscripten_date_now()) * 1000;
}

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_CLOCK_H_
