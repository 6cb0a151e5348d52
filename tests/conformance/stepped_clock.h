// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A system clock that can be set. A program that links this has its own clock_gettime(), which the
// dynamic linker gives to everyone in the process: the library under test runs unchanged.
#ifndef MICROMEGAS_TESTS_CONFORMANCE_STEPPED_CLOCK_H_
#define MICROMEGAS_TESTS_CONFORMANCE_STEPPED_CLOCK_H_

#include <chrono>

namespace micromegas::conformance {

// Sets CLOCK_REALTIME forward or back, for this process. Any thread.
void step_system_clock(std::chrono::nanoseconds by);

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_STEPPED_CLOCK_H_
