// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/page_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "micromegas/tests/support/pages.h"

namespace micromegas {
namespace {

constexpr std::size_t kHuge = 2 * 1024 * 1024;

TEST(PageMemoryTest, AHugePageBeginsAtAMultipleOfItself) {
  for (int i = 0; i < 4; ++i) {
    void* const page = map_huge_page(kHuge);
    ASSERT_NE(page, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(page) % kHuge, 0u);
    std::memset(page, 1, kHuge);
    EXPECT_EQ(testing::pages_there(page, kHuge), testing::pages_in(kHuge));
    EXPECT_EQ(munmap(page, kHuge), 0);
  }
}

// The address space has a part of it mapped, and nothing beside.
TEST(PageMemoryTest, WhatLiesAroundAHugePageIsGivenBack) {
  const auto mapped = [] {
    std::size_t bytes = 0;
    std::ifstream maps("/proc/self/statm");
    maps >> bytes;
    return bytes * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  };
  const std::size_t before = mapped();
  void* const page = map_huge_page(kHuge);
  EXPECT_LT(mapped() - before, 2 * kHuge);
  munmap(page, kHuge);
}

// AnonHugePages of the mapping that begins there or before, in kB.
std::size_t huge_kb_at(const void* memory) {
  std::ifstream smaps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) {
      const auto address = reinterpret_cast<std::uintptr_t>(memory);
      here = begin <= address && address < end;
    }
    std::size_t kb = 0;
    if (here && std::sscanf(line.c_str(), "AnonHugePages: %zu kB", &kb) == 1) return kb;
  }
  return 0;
}

// Huge pages that the kernel was asked for, by anybody, and did not have.
std::uint64_t fallbacks() {
  std::ifstream vmstat("/proc/vmstat");
  std::string name;
  for (std::uint64_t count = 0; vmstat >> name >> count;) {
    if (name == "thp_fault_fallback") return count;
  }
  return 0;
}

TEST(PageMemoryTest, WhereTheSystemHasHugePagesAHugePageIsOne) {
  constexpr int kTries = 8;  // it may have none just now
  std::size_t kb = 0;
  std::vector<void*> pages;
  const std::uint64_t before = fallbacks();
  for (int i = 0; i < kTries; ++i) {
    pages.push_back(map_huge_page(kHuge));
    kb = std::max(kb, huge_kb_at(pages.back()));
  }
  for (void* page : pages) munmap(page, kHuge);
  if (kb == 0 && has_huge_pages(kHuge) && fallbacks() - before >= kTries) {
    GTEST_SKIP() << "the kernel had no huge page in " << kTries << " tries";
  }
  EXPECT_EQ(kb >= kHuge / 1024, has_huge_pages(kHuge));
}

TEST(PageMemoryTest, NoSystemHasHugePagesOfAnOddSize) { EXPECT_FALSE(has_huge_pages(12'288)); }

TEST(PageMemoryTest, PopulateKeepsWhatIsThere) {
  constexpr std::size_t kBytes = 64 * 1024;
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const bytes = static_cast<char*>(memory);
  bytes[5'000] = 7;
  const bool can = populate(memory, kBytes);
  EXPECT_EQ(testing::pages_there(memory, kBytes), can ? testing::pages_in(kBytes) : 1);
  EXPECT_EQ(bytes[5'000], 7);
  munmap(memory, kBytes);
}

}  // namespace
}  // namespace micromegas
