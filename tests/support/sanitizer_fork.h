// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Forks of processes with several threads, under clang 14's AddressSanitizer: before LLVM 18 it
// does not hold its own locks over fork() (llvm/llvm-project pull request 75290), so that a child
// waits for ever for memory if another thread was asking for some at that moment. Including this in
// a program holds those of threads, memory and stacks, in the order of that change; the
// quarantine's has no name (forked_leaks.h). Others' runtimes have other names or none: nothing is
// done. Nor is it needed without a sanitizer: glibc's allocator holds its own.
#ifndef MICROMEGAS_TESTS_SUPPORT_SANITIZER_FORK_H_
#define MICROMEGAS_TESTS_SUPPORT_SANITIZER_FORK_H_

#if defined(__clang__) && __clang_major__ < 17 && defined(__has_feature)
#if __has_feature(address_sanitizer)

#include <pthread.h>

// The runtime's, which is linked into the program.
namespace __lsan {  // NOLINT: its name
void LockThreadRegistry();
void UnlockThreadRegistry();
void LockAllocator();
void UnlockAllocator();
}  // namespace __lsan
namespace __sanitizer {  // NOLINT: its name
void StackDepotLockAll();
void StackDepotUnlockAll();
}  // namespace __sanitizer

namespace micromegas::testing {

inline void lock_sanitizer() {
  __lsan::LockThreadRegistry();
  __lsan::LockAllocator();
  __sanitizer::StackDepotLockAll();
}

inline void unlock_sanitizer() {
  __sanitizer::StackDepotUnlockAll();
  __lsan::UnlockAllocator();
  __lsan::UnlockThreadRegistry();
}

// Before main(), where this library registers none: the last to lock, the first to unlock, so that
// all other handlers may use memory.
inline const int kSanitizerForks =
    pthread_atfork(&lock_sanitizer, &unlock_sanitizer, &unlock_sanitizer);

}  // namespace micromegas::testing

#endif
#endif

#endif  // MICROMEGAS_TESTS_SUPPORT_SANITIZER_FORK_H_
