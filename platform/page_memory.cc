// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/page_memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <cstdint>
#include <optional>
#include <string>

#include "micromegas/platform/small_file.h"

namespace micromegas {
namespace {

constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, which Linux before 5.14 has no name for

}  // namespace

bool has_huge_pages(std::size_t bytes) noexcept {
  constexpr std::size_t kLimit = 64;
  try {
    const std::string dir = "/sys/kernel/mm/transparent_hugepage/";
    const auto never = [](const std::optional<std::string>& setting) {
      return setting && setting->find("[never]") != std::string::npos;
    };
    const auto all = read_small_file(dir + "enabled", kLimit);
    // Since Linux 6.8.
    const auto these =
        read_small_file(dir + "hugepages-" + std::to_string(bytes / 1024) + "kB/enabled", kLimit);
    const bool inherit = !these || these->find("[inherit]") != std::string::npos;
    const auto size = read_small_file(dir + "hpage_pmd_size", kLimit);
    return all && !never(these) && !(inherit && never(all)) && size &&
           *size == std::to_string(bytes) + "\n" && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0;
  } catch (...) {
    return false;
  }
}

void* map_huge_page(std::size_t bytes) noexcept {
  void* const mapped =
      mmap(nullptr, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  // Where one may begin; what lies before and behind goes back.
  auto* const begin = static_cast<std::byte*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(mapped) % bytes;
  std::byte* const page = begin + before;
  if (before != 0) munmap(begin, before);
  munmap(page + bytes, bytes - before);
  madvise(page, bytes, MADV_HUGEPAGE);
  // The first write brings the whole of it; where it is of small ones, each has its own.
  for (std::size_t at = 0; at < bytes; at += 4096) {
    *reinterpret_cast<volatile std::byte*>(page + at) = std::byte{0};
  }
  return page;
}

bool populate(void* memory, std::size_t bytes) noexcept {
  const int before = errno;
  const bool done = madvise(memory, bytes, kPopulateWrite) == 0;
  errno = before;
  return done;
}

}  // namespace micromegas
