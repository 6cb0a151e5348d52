// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The JavaScript console, for whoever has something to say: the console sink and diagnose().
#ifndef MICROMEGAS_WASM_CONSOLE_H_
#define MICROMEGAS_WASM_CONSOLE_H_

#include <span>
#include <string_view>

#include "micromegas/pipeline/instrument/level.h"
#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::wasm {

// One call of the method that fits the level, with `prefix` and `text` as one string and, if there
// are properties, an object of them. Never throws.
void write_to_console(Level level, std::string_view prefix, std::string_view text,
                      std::span<const Property> properties) noexcept;

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_CONSOLE_H_
