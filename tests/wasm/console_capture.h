// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the console was called with, from the construction of a ConsoleCapture to its end.
#ifndef MICROMEGAS_TESTS_WASM_CONSOLE_CAPTURE_H_
#define MICROMEGAS_TESTS_WASM_CONSOLE_CAPTURE_H_

#include <emscripten/emscripten.h>

#include <cstdlib>
#include <string>

// clang-format off
EM_JS(void, test_capture_console, (), {
  const calls = [];
  const fake = {};
  for (const method of ["error", "warn", "info", "debug", "log"]) {
    fake[method] = (...args) => { calls.push([method, ...args]); };
  }
  Module["capture"] = { calls, console: globalThis.console };
  globalThis.console = fake;
});
EM_JS(void, test_release_console, (), {
  globalThis.console = Module["capture"].console;
});
EM_JS(char*, test_console_calls, (), {
  const json = Module["capture"].calls.map((call) => JSON.stringify(call)).join(",");
  const size = lengthBytesUTF8(json) + 1;
  const text = _malloc(size);
  stringToUTF8(json, text, size);
  return text;
});
// 0: none; 1: without methods; 2: with one that throws; 3: the real one.
EM_JS(void, test_break_console, (int how), {
  Module["console"] = Module["console"] || globalThis.console;
  if (how == 0) delete globalThis.console;
  if (how == 1) globalThis.console = {};
  if (how == 2) globalThis.console = { get info() { throw new Error("broken"); } };
  if (how == 3) globalThis.console = Module["console"];
});
// clang-format on

namespace micromegas::testing {

// One at a time. The calls do not reach the real console.
class ConsoleCapture {
 public:
  ConsoleCapture() { test_capture_console(); }
  ~ConsoleCapture() { test_release_console(); }
  ConsoleCapture(const ConsoleCapture&) = delete;
  ConsoleCapture& operator=(const ConsoleCapture&) = delete;

  // The calls so far as JSON: ["method","line"],["method","line",{"name":"value"}]
  [[nodiscard]] std::string calls() const {
    char* text = test_console_calls();
    std::string result(text);
    std::free(text);
    return result;
  }
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_WASM_CONSOLE_CAPTURE_H_
