// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/support/short_memory.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constinit thread_local bool t_poor = false;
std::atomic<bool> g_short{false};
std::atomic<std::uint64_t> g_refused{0};

void* allocate(std::size_t bytes) {
  if (t_poor && g_short.load()) {
    ++g_refused;
    throw std::bad_alloc();
  }
  void* memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return std::malloc(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return std::malloc(bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace micromegas::testing_support {

void set_poor(bool poor) noexcept { t_poor = poor; }
void set_memory_short(bool is_short) noexcept { g_short = is_short; }
std::uint64_t refused_memory() noexcept { return g_refused; }

}  // namespace micromegas::testing_support
