// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/segment_arena.h"

#include <sys/mman.h>

#include <bit>
#include <new>

#include "micromegas/platform/page_memory.h"

namespace micromegas::queue {

bool SegmentArena::grow() noexcept {
  auto* page = new (std::nothrow) Page;
  if (page == nullptr) return false;
  page->memory = static_cast<std::byte*>(map_huge_page(kPageBytes));
  if (page->memory == nullptr) {
    delete page;
    return false;
  }
  page->free.store(~std::uint32_t{0}, std::memory_order_relaxed);
  page->next = pages_.load(std::memory_order_relaxed);
  pages_.store(page, std::memory_order_release);
  return true;
}

void* SegmentArena::take() noexcept {
  for (Page* page = pages_.load(std::memory_order_acquire); page != nullptr; page = page->next) {
    std::uint32_t free = page->free.load(std::memory_order_relaxed);
    while (free != 0) {
      const std::uint32_t lowest = free & (~free + 1);
      if (!page->free.compare_exchange_weak(free, free & ~lowest, std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
        continue;
      }
      std::byte* const piece = page->memory + std::countr_zero(lowest) * kSegmentBytes;
      populate(piece, kSegmentBytes);  // one that was given back has none
      return piece;
    }
  }
  return nullptr;
}

void SegmentArena::give(void* piece) noexcept {
  madvise(piece, kSegmentBytes, MADV_DONTNEED);
  for (Page* page = pages_.load(std::memory_order_acquire); page != nullptr; page = page->next) {
    const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(piece) - page->memory);
    if (offset >= kPageBytes) continue;
    page->free.fetch_or(std::uint32_t{1} << (offset / kSegmentBytes), std::memory_order_release);
    return;
  }
}

}  // namespace micromegas::queue
