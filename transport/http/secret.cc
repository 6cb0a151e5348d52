// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/secret.h"

#include <sys/mman.h>

#include <new>

namespace micromegas::http {

// A mapping each: a few for each request, which costs microseconds and shares no page with others.
void* take_secret_memory(std::size_t bytes) {
  if (bytes == 0) bytes = 1;
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  madvise(memory, bytes, MADV_DONTDUMP);
  return memory;
}

void give_secret_memory_back(void* memory, std::size_t bytes) noexcept {
  if (bytes == 0) bytes = 1;
  explicit_bzero(memory, bytes);  // another thread's core may be under way
  munmap(memory, bytes);
}

}  // namespace micromegas::http
