// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// libFuzzer target of the decoder; exercise.h says what an input is. Run as a plain test it replays
// fuzz_decode_corpus/, which holds the golden vectors and the captured requests.

#include <cstddef>
#include <cstdint>

#include "micromegas/tests/wire/exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  micromegas::wire::testing::exercise_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
