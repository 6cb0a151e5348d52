// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/hot.h"

// Itanium C++ ABI: Exception Handling, 2.2.2: each thread has one of these, as long as it lives.
// Declared here, as libc++abi's <cxxabi.h> does not.
extern "C" {
struct MicromegasEhGlobals {
  void* caught_exceptions;
  unsigned uncaught_exceptions;
};
MicromegasEhGlobals* __cxa_get_globals() noexcept;  // NOLINT(bugprone-reserved-identifier)

MICROMEGAS_COLD const unsigned* micromegas_v0_find_uncaught_exceptions() noexcept {
  const unsigned* const count = &__cxa_get_globals()->uncaught_exceptions;
  micromegas_v0_thread.uncaught_exceptions = count;
  return count;
}
}
