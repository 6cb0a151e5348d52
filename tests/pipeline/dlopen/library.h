// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the test asks of each of its shared libraries, by dlsym().
#ifndef MICROMEGAS_TESTS_PIPELINE_DLOPEN_LIBRARY_H_
#define MICROMEGAS_TESTS_PIPELINE_DLOPEN_LIBRARY_H_

#include <cstdint>

namespace micromegas::dlopen_test {

// What the process has one of, as the library sees it.
struct Registry {
  const void* runtime = nullptr;
  const void* thread_state = nullptr;  // address of the calling thread's pointer
  const void* hot_page = nullptr;
  const void* nobody = nullptr;  // the state of threads that have not recorded
  const void* sessions = nullptr;
  const void* properties = nullptr;  // an interned set, always the same content
};

using RecordFunction = void(int thread, int events);
using RegistryFunction = void(Registry* out);
using ScopesFunction = void(int scopes);
using PlaceFunction = const char*();

}  // namespace micromegas::dlopen_test

#endif  // MICROMEGAS_TESTS_PIPELINE_DLOPEN_LIBRARY_H_
