// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The yardstick: the same line without us.

#include <emscripten/emscripten.h>

// clang-format off
EM_JS(void, say, (), { console.info("[INFO] hello"); });
// clang-format on

int main() { say(); }
