// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Memory for segments in pieces of huge pages: an event after a sleep finds no translation of its
// segment's address in the processor, and the way to one is shorter than to a page of 4 KiB
// (docs/performance.md, "Paced p99.9").
#ifndef MICROMEGAS_PIPELINE_QUEUE_SEGMENT_ARENA_H_
#define MICROMEGAS_PIPELINE_QUEUE_SEGMENT_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "micromegas/pipeline/queue/hot.h"

namespace micromegas::queue {

// For the consumer alone.
class SegmentArena {
 public:
  static constexpr std::size_t kHugePageBytes = 2 * 1024 * 1024;
  static constexpr std::uint32_t kPieces = kHugePageBytes / kSegmentBytes;

  SegmentArena() = default;
  ~SegmentArena();
  SegmentArena(const SegmentArena&) = delete;
  SegmentArena& operator=(const SegmentArena&) = delete;

  // Another page, with all its memory. That may take the system milliseconds, if it must make room
  // for one. False: there is no memory.
  bool grow() noexcept;
  // kSegmentBytes with their memory, which are a piece of a huge page if grow() got one; null: none
  // is left.
  void* take() noexcept;
  // A piece is not taken a second time: its memory goes back to the system, which splits the page
  // for it when it needs some. With the last one the page goes.
  void give(void* piece) noexcept;

 private:
  struct Page {
    std::byte* memory = nullptr;
    std::uint32_t taken = 0;  // so far
    std::uint32_t given = 0;  // of those
    std::unique_ptr<Page> next;

    ~Page();
  };

  std::unique_ptr<Page> pages_;  // the youngest first
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_SEGMENT_ARENA_H_
