// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Bytes that the program has allocated and not freed: what a leak adds to, and no page that the
// allocator merely keeps.
#ifndef MICROMEGAS_TESTS_SUPPORT_LIVE_MEMORY_H_
#define MICROMEGAS_TESTS_SUPPORT_LIVE_MEMORY_H_

#include <malloc.h>

#include <cstddef>

// There if a sanitizer with an allocator of its own is.
extern "C" __attribute__((weak)) std::size_t
__sanitizer_get_current_allocated_bytes();  // NOLINT: its name

namespace micromegas::testing {

inline std::size_t live_heap_bytes() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return __sanitizer_get_current_allocated_bytes();
  }
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;  // in arenas and in mappings of their own
}

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_SUPPORT_LIVE_MEMORY_H_
