// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Memory by the page, huge pages too. Everything here: any thread, also in a forked child.
#ifndef MICROMEGAS_PLATFORM_PAGE_MEMORY_H_
#define MICROMEGAS_PLATFORM_PAGE_MEMORY_H_

#include <cstddef>

namespace micromegas {

// Whether the system has transparent huge pages of this size for who asks. Reads /sys.
bool has_huge_pages(std::size_t bytes) noexcept;

// A huge page with its memory; where the system has none just now, small ones in its place. Null:
// no addresses left. Freed with munmap.
void* map_huge_page(std::size_t bytes) noexcept;

// Has the system give the range the memory that it does not have yet. False before Linux 5.14: a
// page then comes with the first write to it. Keeps what the range holds, and errno.
bool populate(void* memory, std::size_t bytes) noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_PAGE_MEMORY_H_
