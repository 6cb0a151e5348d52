// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/segment_arena.h"

#include <sys/mman.h>

#include <new>
#include <utility>

#include "micromegas/platform/page_memory.h"

namespace micromegas::queue {

SegmentArena::Page::~Page() {
  if (memory != nullptr) munmap(memory, kHugePageBytes);
}

// Page by page: the members' destructors would go as deep as there are pages.
SegmentArena::~SegmentArena() {
  while (pages_ != nullptr) pages_ = std::move(pages_->next);
}

bool SegmentArena::grow() noexcept {
  std::unique_ptr<Page> page(new (std::nothrow) Page);
  if (page == nullptr) return false;
  page->memory = static_cast<std::byte*>(map_huge_page(kHugePageBytes));
  if (page->memory == nullptr) return false;
  page->next = std::move(pages_);
  pages_ = std::move(page);
  return true;
}

void* SegmentArena::take() noexcept {
  for (Page* page = pages_.get(); page != nullptr; page = page->next.get()) {
    if (page->taken < kPieces) return page->memory + page->taken++ * kSegmentBytes;
  }
  return nullptr;
}

void SegmentArena::give(void* piece) noexcept {
  for (std::unique_ptr<Page>* at = &pages_; *at != nullptr; at = &(*at)->next) {
    Page& page = **at;
    if (static_cast<std::size_t>(static_cast<std::byte*>(piece) - page.memory) >= kHugePageBytes) {
      continue;
    }
    if (++page.given == kPieces) {
      *at = std::move(page.next);
    } else {
      // First so that the system does not make it part of a huge page again, with all its memory.
      madvise(piece, kSegmentBytes, MADV_NOHUGEPAGE);
      madvise(piece, kSegmentBytes, MADV_DONTNEED);  // of locked memory an error: it waits
    }
    return;
  }
}

}  // namespace micromegas::queue
