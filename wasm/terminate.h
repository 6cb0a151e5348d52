// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// std::terminate(), called directly, logs before it ends the program. (Uncaught throws, abort() and
// traps never reach a handler.)
#ifndef MICROMEGAS_WASM_TERMINATE_H_
#define MICROMEGAS_WASM_TERMINATE_H_

namespace micromegas::wasm {

// Not from several threads at once.
void install_terminate_handler() noexcept;
// Puts back what was there, unless the program has put its own on top.
void remove_terminate_handler() noexcept;

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_TERMINATE_H_
