// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The properties that logs carry without naming them: of scopes, of the thread, of the process. A
// program that gives none is not linked with context.cc.
#ifndef MICROMEGAS_WASM_CONTEXT_H_
#define MICROMEGAS_WASM_CONTEXT_H_

#include <atomic>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/property.h"

namespace micromegas::wasm {

using Deliver = FunctionRef<void(std::span<const Property>)>;

// Calls `deliver` with a log's own properties and behind them the context's whose names it has not.
// Null until there is a context.
using WithContext = void (*)(std::span<const Property> own, Deliver deliver);
extern constinit std::atomic<WithContext>
    g_with_context;  // NOLINT(bugprone-dynamic-static-initializers)

void set_process_context(std::vector<std::pair<std::string, std::string>> properties);

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_CONTEXT_H_
