// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Memory for segments in pieces of huge pages: an event after a sleep finds no translation of its
// segment's address in the processor, and the way to one is shorter than to a page of 4 KiB
// (docs/performance.md, "Paced p99.9"). Holds up to 2 MiB more than is taken.
#ifndef MICROMEGAS_PIPELINE_QUEUE_SEGMENT_ARENA_H_
#define MICROMEGAS_PIPELINE_QUEUE_SEGMENT_ARENA_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "micromegas/pipeline/queue/hot.h"

namespace micromegas::queue {

// Who takes a piece has it alone; `free` of its page says so: taken with acquire, given back with
// release, so that who takes it next is behind what the one before has done with it. Pages are
// added by one thread, the consumer, and never removed, not even with the arena: what is left of
// one that is not used is addresses.
class SegmentArena {
 public:
  static constexpr std::size_t kPageBytes = 2 * 1024 * 1024;
  static constexpr std::uint32_t kPieces = kPageBytes / kSegmentBytes;

  // Another page with all its memory, which may take the system a millisecond. False: there is no
  // memory. Consumer.
  bool grow() noexcept;
  // kSegmentBytes with their memory; null: none is free. Any thread.
  void* take() noexcept;
  // Its memory goes back to the system, its place can be taken again. Any thread.
  void give(void* piece) noexcept;

 private:
  struct Page {
    std::byte* memory;
    std::atomic<std::uint32_t> free;  // a bit for each piece
    Page* next;
  };
  static_assert(kPieces == 32);

  std::atomic<Page*> pages_{nullptr};  // the consumer pushes (release), anyone reads (acquire)
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_SEGMENT_ARENA_H_
