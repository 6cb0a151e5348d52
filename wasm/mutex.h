// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Locks where there are threads (-pthread); elsewhere nothing, in a log that costs tens of
// nanoseconds altogether.
#ifndef MICROMEGAS_WASM_MUTEX_H_
#define MICROMEGAS_WASM_MUTEX_H_

#if defined(__EMSCRIPTEN_PTHREADS__)

#include <condition_variable>
#include <mutex>

namespace micromegas::wasm {

using Mutex = std::mutex;
using Condition = std::condition_variable;

}  // namespace micromegas::wasm

#else

#include <mutex>

namespace micromegas::wasm {

class Mutex {
 public:
  void lock() noexcept {}
  void unlock() noexcept {}
};

class Condition {
 public:
  void notify_all() noexcept {}
  // Nobody else is there to make it true.
  template <class Lock, class Duration, class Predicate>
  bool wait_for(Lock& /*lock*/, Duration /*timeout*/, Predicate predicate) {
    return predicate();
  }
};

}  // namespace micromegas::wasm

#endif

#endif  // MICROMEGAS_WASM_MUTEX_H_
