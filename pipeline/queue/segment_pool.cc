// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/segment_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

#include "micromegas/platform/page_memory.h"

namespace micromegas::queue {
namespace {

constexpr std::uint32_t kPageBytes = 4096;
constexpr std::size_t kMinReady = 2;
constexpr std::size_t kMaxReady = 64;
constexpr unsigned kSurplusTicks = 100;  // ticks that a surplus must last before it shrinks

Segment* make_in_arena(void* piece) {
  return new (piece) Segment{.touched = true, .of_arena = true};
}

}  // namespace

SegmentPool::SegmentPool(bool huge_pages)
    : full_consumer_(full_), empty_producer_(empty_), huge_pages_(huge_pages) {}

void SegmentPool::set_budget(std::size_t bytes) noexcept {
  budget_.store(bytes, std::memory_order_relaxed);
  while (this->bytes() > bytes) {
    void* const piece = arena_.take();
    Segment* segment = piece != nullptr ? make_in_arena(piece) : take_ready();
    if (segment == nullptr) return;
    discard(segment);
  }
}

bool SegmentPool::reserve(std::size_t segments) noexcept {
  std::size_t have = segments_.load(std::memory_order_relaxed);
  do {
    if ((have + segments) * kSegmentBytes > budget_.load(std::memory_order_relaxed)) return false;
  } while (!segments_.compare_exchange_weak(have, have + segments, std::memory_order_relaxed));
  return true;
}

Segment* SegmentPool::allocate(bool touched) noexcept {
  if (!reserve(1)) return nullptr;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (touched ? MAP_POPULATE : 0);
  void* memory = mmap(nullptr, kSegmentBytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) {
    segments_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto* segment = new (memory) Segment;
  segment->touched = touched;
  return segment;
}

Segment* SegmentPool::in_arena(Segment* segment) noexcept {
  if (segment->of_arena || !segment->touched) return segment;
  void* piece = arena_.take();
  if (piece == nullptr && huge_pages_ && may_grow_ && reserve(SegmentArena::kPieces)) {
    may_grow_ = false;
    if (arena_.grow()) {
      piece = arena_.take();
    } else {
      segments_.fetch_sub(SegmentArena::kPieces, std::memory_order_relaxed);
    }
  }
  if (piece == nullptr) return segment;
  discard(segment);
  return make_in_arena(piece);
}

void SegmentPool::touch(Segment* segment, std::uint32_t filled) noexcept {
  if (segment->touched || filled <= kPageBytes) return;
  populate(segment, kSegmentBytes);  // if it cannot, the owner's faults do it
  segment->touched = true;
}

void SegmentPool::discard(Segment* segment) noexcept {
  if (segment->of_arena) {
    arena_.give(segment);
  } else {
    munmap(segment, kSegmentBytes);
  }
  segments_.fetch_sub(1, std::memory_order_relaxed);
}

Segment* SegmentPool::take_ready() noexcept {
  Segment* segment = nullptr;
  // Producer-less dequeue is avoided: all empties come from one producer, so this is one array.
  if (!empty_.try_dequeue_from_producer(empty_producer_, segment)) return nullptr;
  empties_.fetch_sub(1, std::memory_order_relaxed);
  return segment;
}

Segment* SegmentPool::take(bool first, bool& fresh) noexcept {
  Segment* segment = take_ready();
  fresh = segment == nullptr;
  return fresh ? allocate(/*touched=*/!first) : segment;
}

void SegmentPool::give(Segment* segment) noexcept {
  ++given_;
  put_back(in_arena(segment));
}

void SegmentPool::put_back(Segment* segment) noexcept {
  empties_.fetch_add(1, std::memory_order_relaxed);
  bool queued = false;
  try {
    queued = empty_.enqueue(empty_producer_, segment);
  } catch (...) {  // out of memory: one segment less
  }
  if (!queued) {
    empties_.fetch_sub(1, std::memory_order_relaxed);
    discard(segment);
  }
}

bool SegmentPool::push_full(ThreadSlot::Producer& producer, Segment* segment) noexcept {
  try {
    return full_.enqueue(producer.token, segment);
  } catch (...) {
    return false;
  }
}

void SegmentPool::tend() noexcept {
  may_grow_ = true;
  // What is free in a huge page is a part of the budget: when that is spent, threads must find it.
  while (bytes() + kSegmentBytes > budget_.load(std::memory_order_relaxed)) {
    void* const piece = arena_.take();
    if (piece == nullptr) break;
    put_back(make_in_arena(piece));
  }
  const std::size_t total = segments_.load(std::memory_order_relaxed);
  const std::size_t empties = empties_.load(std::memory_order_relaxed);
  const std::size_t in_use = total > empties ? total - empties : 0;
  const std::size_t wanted = std::clamp(std::exchange(given_, 0), kMinReady, kMaxReady);
  if (empties < wanted) {
    if (in_use == 0) return;
    surplus_ticks_ = 0;
    for (std::size_t i = empties; i < wanted; ++i) {
      void* const piece = arena_.take();
      Segment* segment = piece != nullptr ? make_in_arena(piece) : allocate(/*touched=*/true);
      if (segment == nullptr) return;
      put_back(segment);
    }
  } else if (empties > 2 * wanted + kMaxReady) {
    if (++surplus_ticks_ < kSurplusTicks) return;
    for (std::size_t i = 0; i < (empties - wanted) / 16 + 1; ++i) {
      Segment* const segment = take_ready();
      if (segment == nullptr) return;
      discard(segment);
    }
  } else {
    surplus_ticks_ = 0;
  }
}

}  // namespace micromegas::queue
