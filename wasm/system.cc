// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What platform/ asks the operating system for natively.

#include <emscripten/emscripten.h>

#include <atomic>
#include <cstdint>

#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/uuid.h"
#include "micromegas/wasm/clock.h"
#include "micromegas/wasm/console.h"
#include "micromegas/wasm/text_buffer.h"

// clang-format off
EM_JS(void, micromegas_random, (std::uint8_t* to, int n), {
  // Apart from the wasm's memory, which may be shared: the generator does not write there.
  const bytes = new Uint8Array(n);
  try {
    (typeof crypto !== "undefined" ? crypto : require("crypto").webcrypto).getRandomValues(bytes);
  } catch (e) {
    for (let i = 0; i < n; ++i) bytes[i] = Math.random() * 256;
  }
  HEAPU8.set(bytes, to >>> 0);
});
// clang-format on

namespace micromegas {
namespace {

constexpr std::int64_t kQuietMicroseconds = 10'000'000;

std::atomic<DiagnosticHandler> g_handler{nullptr};

// The keys are literals, and few.
struct Said {
  std::atomic<const char*> key{nullptr};
  std::atomic<std::int64_t> at{0};
};
constinit Said g_said[8];

bool may_say(std::string_view key) noexcept {
  const std::int64_t now = wasm::now();
  for (Said& said : g_said) {
    const char* expected = nullptr;
    const bool is_new = said.key.compare_exchange_strong(expected, key.data());
    if (!is_new && expected != key.data()) continue;
    if (!is_new && now - said.at.load() < kQuietMicroseconds) return false;
    said.at.store(now);
    return true;
  }
  return false;
}

}  // namespace

Uuid Uuid::random() {
  Uuid id;
  micromegas_random(id.bytes.data(), static_cast<int>(id.bytes.size()));
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

void diagnose(std::string_view key, std::string_view message) noexcept {
  if (!may_say(key)) return;
  constexpr std::string_view kWho = "micromegas: ";
  if (const DiagnosticHandler handler = g_handler.load()) {
    wasm::TextBuffer line;
    line.append(kWho);
    line.append(message);
    handler(line.view());
  } else {
    wasm::write_to_console(Level::kError, kWho, message, {});
  }
}

void set_diagnostic_handler(DiagnosticHandler handler) noexcept { g_handler.store(handler); }

}  // namespace micromegas
