// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which pages of memory are there. A range begins at one.
#ifndef MICROMEGAS_TESTS_SUPPORT_PAGES_H_
#define MICROMEGAS_TESTS_SUPPORT_PAGES_H_

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace micromegas::testing {

inline std::size_t pages_in(std::size_t bytes) {
  return bytes / static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

inline std::size_t pages_there(void* memory, std::size_t bytes) {
  std::vector<unsigned char> pages(pages_in(bytes));
  EXPECT_EQ(mincore(memory, bytes, pages.data()), 0);
  return static_cast<std::size_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char page) { return page & 1; }));
}

inline bool is_mapped(void* memory) {
  unsigned char page = 0;
  return mincore(memory, 1, &page) == 0;
}

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_SUPPORT_PAGES_H_
