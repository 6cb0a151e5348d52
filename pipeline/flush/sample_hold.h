// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Blocks of spans of which it is not known yet whether they are wanted: held back until a window
// chooses them, or it is too late for one. The flush actor's alone.
#ifndef MICROMEGAS_PIPELINE_FLUSH_SAMPLE_HOLD_H_
#define MICROMEGAS_PIPELINE_FLUSH_SAMPLE_HOLD_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <utility>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/stats.h"

namespace micromegas::pipeline {

// What a sink knows of a thread's stream.
struct SampledStream {
  ThreadStream info;
  bool announced = false;
  bool ended = false;    // no block follows those that are held
  std::size_t held = 0;  // blocks
};

class SampleHold {
 public:
  struct Block {
    std::shared_ptr<SampledStream> stream;
    std::shared_ptr<const ThreadBlock> block;
    std::array<std::uint32_t, kEventKinds> kinds{};
    std::int64_t begin = 0;       // its first event
    std::int64_t end = 0;         // its last one
    std::int64_t held_since = 0;  // its end; its cut, if a track's time is ahead of it
  };

  void add(Block block) {
    blocks_.push_back(std::move(block));  // or nothing has happened
    bytes_ += blocks_.back().block->memory_bytes();
    ++blocks_.back().stream->held;
  }

  // Hands out from the front, in the order of add(), what is decided: chosen(block) says whether it
  // is wanted; else it is out once it is held since before `too_late`, or while more than
  // `max_bytes` are held. give(block, wanted) gets each. What stands behind an undecided one waits
  // with it.
  template <class Chosen, class Give>
  void decide(std::int64_t too_late, std::size_t max_bytes, Chosen chosen, Give give) {
    while (!blocks_.empty()) {
      Block& front = blocks_.front();
      const bool wanted = chosen(front);
      if (!wanted && front.held_since >= too_late && bytes_ <= max_bytes) return;
      Block block = std::move(front);
      blocks_.pop_front();
      bytes_ -= block.block->memory_bytes();
      --block.stream->held;
      give(block, wanted);
    }
  }

  [[nodiscard]] bool empty() const noexcept { return blocks_.empty(); }
  // Where the earliest of those begins that are held.
  [[nodiscard]] std::int64_t oldest() const noexcept {
    std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
    for (const Block& block : blocks_) oldest = std::min(oldest, block.begin);
    return oldest;
  }
  void add_held(EventStats& stats) const {
    for (const Block& block : blocks_) {
      for (std::size_t kind = 0; kind < kEventKinds; ++kind) stats[kind].held += block.kinds[kind];
    }
  }

 private:
  std::deque<Block> blocks_;
  std::size_t bytes_ = 0;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_SAMPLE_HOLD_H_
