// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// For programs that fork and then go on in the child, under AddressSanitizer. LeakSanitizer looks
// at this process only: a child inherits what its parent's threads own, without the threads that
// would free it. And there is no quarantine of freed memory: another thread may hold its lock at
// the fork, and then the child waits for ever.
#ifndef MICROMEGAS_TESTS_SUPPORT_FORKED_LEAKS_H_
#define MICROMEGAS_TESTS_SUPPORT_FORKED_LEAKS_H_

#include <unistd.h>

#include "micromegas/tests/support/sanitizer_fork.h"

namespace micromegas::testing {
inline const pid_t kFirstProcess = getpid();
}  // namespace micromegas::testing

// LeakSanitizer asks it, if it is there.
extern "C" __attribute__((weak, used)) int __lsan_is_turned_off() {  // NOLINT: its name
  return getpid() != micromegas::testing::kFirstProcess ? 1 : 0;
}

// AddressSanitizer asks it, if it is there.
extern "C" __attribute__((weak, used)) const char* __asan_default_options() {  // NOLINT: its name
  return "quarantine_size_mb=0:thread_local_quarantine_size_kb=0";
}

#endif  // MICROMEGAS_TESTS_SUPPORT_FORKED_LEAKS_H_
