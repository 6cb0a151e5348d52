// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// In the place of the page's module: ends as the text says.

#include <emscripten/emscripten.h>

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "micromegas/telemetry.h"

extern "C" EMSCRIPTEN_KEEPALIVE const char* count_words(const char* /*name*/, const char* content,
                                                        std::size_t size) {
  static const auto& telemetry = *new auto(micromegas::init_telemetry());
  if (!telemetry) return "";
  const std::string_view how(content, size);
  MM_INFO("ending: {}", how);
  if (how == "trap") __builtin_trap();
  if (how == "abort") std::abort();
  if (how == "terminate") std::terminate();
  if (how == "throw") throw 1;
  return "";
}
