// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The module behind the page: what the page's script may call. Everything that is logged, here and
// in word_count.cc, is on the browser's console when the call returns.

#include <emscripten/emscripten.h>

#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "micromegas/examples/word_count.h"
#include "micromegas/telemetry.h"

namespace {

// Once per page, whoever comes first; kept for the page's life, whose end no program sees.
void start_telemetry() {
  static std::once_flag once;
  std::call_once(once, [] {
    static const auto& telemetry =
        *new auto(micromegas::init_telemetry({.console_filter = micromegas::LevelFilter::kDebug}));
    if (!telemetry) std::fprintf(stderr, "%s\n", telemetry.error().message().c_str());
  });
}

// The words are ASCII letters: nothing to escape.
std::string to_json(const indexer::Index& index, std::size_t different) {
  std::string json =
      "{\"bytes\":" + std::to_string(index.bytes) + ",\"lines\":" + std::to_string(index.lines) +
      ",\"words\":" + std::to_string(index.words) + ",\"different\":" + std::to_string(different) +
      ",\"skipped\":" + std::to_string(index.skipped) + ",\"frequent\":[";
  for (const auto& [word, n] : index.frequent) {
    if (json.back() != '[') json += ',';
    json += "[\"" + word + "\"," + std::to_string(n) + "]";
  }
  return json + "]}";
}

}  // namespace

// The result as JSON, valid until the next call.
extern "C" EMSCRIPTEN_KEEPALIVE const char* count_words(const char* name, const char* content,
                                                        std::size_t size) {
  MM_SPAN_FN();
  start_telemetry();
  if (size == 0) MM_WARN_T("page", "{} is empty", name);
  indexer::WordCount counted;
  if (const auto counts = counted.add(name, {content, size})) {
    indexer::WordCount::log(name, *counts);
  } else {
    MM_ERROR_T("page", "{} is not text", name);
  }
  static std::string json;
  const indexer::Index index = counted.finish();
  json = to_json(index, counted.different_words());
  return json.c_str();
}
