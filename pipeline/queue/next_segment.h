// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How a thread that has filled a segment goes on to the next one, as long as nothing is short.
#ifndef MICROMEGAS_PIPELINE_QUEUE_NEXT_SEGMENT_H_
#define MICROMEGAS_PIPELINE_QUEUE_NEXT_SEGMENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/queue/record.h"

namespace micromegas::queue {

// The old one is in `full` or in the full queue. Order: see ThreadSlot.
MICROMEGAS_INLINE void go_to(ThreadState& state, QueueKind queue, Segment* segment,
                             std::uint64_t position) noexcept {
  const auto q = static_cast<std::size_t>(queue);
  micromegas_v0_thread.queues[q] = {segment, position};
  state.queues[q].segment.store(segment, std::memory_order_release);
  state.queues[q].position.store(position, std::memory_order_release);
}

MICROMEGAS_INLINE void publish_segment(ThreadState& state, QueueKind queue,
                                       Segment* segment) noexcept {
  const auto q = static_cast<std::size_t>(queue);
  const std::uint32_t sequence =
      next_sequence(sequence_of(micromegas_v0_thread.queues[q].position));
  std::uint32_t end = kSegmentHeaderBytes;
  if (std::uint32_t& depth = state.pending_context_end[q]; __builtin_expect(depth != 0, 0)) {
    store64(segment->at(end),
            header_word(depth, RecordKind::kContextEnd, kNoFlags, kRecordHeaderBytes));
    store64(segment->at(end) + 8, 0);
    end += kRecordHeaderBytes;
    depth = 0;
  }
  segment->sequence = sequence;
  segment->thread_uid = state.uid;
  segment->kind = queue;
  go_to(state, queue, segment, position_at(sequence, end));
}

// What a thread goes through that fills a segment now and then: code that has gone cold since the
// last time, so it is little, goes straight on (see enabled() of hot.h) and can be inlined where
// the thread comes from; no memory but its own. For a thread that has no room. False:
// micromegas_v0_make_room() must do it.
MICROMEGAS_INLINE bool next_segment(QueueKind queue, std::uint32_t bytes) noexcept {
  const auto q = static_cast<std::size_t>(queue);
  ThreadState& state = *micromegas_v0_thread.state;
  // Of the state that threads share before they record, too: null.
  Segment* const spare = state.spare[q].load(std::memory_order_acquire);
  if (__builtin_expect(spare == nullptr, 0)) return false;
  if (__builtin_expect(state.full[q].load(std::memory_order_relaxed) != nullptr, 0)) return false;
  if (__builtin_expect(bytes > kSegmentBytes - kSegmentHeaderBytes, 0)) return false;
  state.spare[q].store(nullptr, std::memory_order_relaxed);
  // The consumer may have given the spare after the thread gave its segment away: there is none to
  // hand over then, and the one that all threads share is never read.
  const QueuePlace& place = micromegas_v0_thread.queues[q];
  if (Segment* const old = place.segment; old != &micromegas_v0_no_segment) {
    old->end = offset_of(place.position);
    state.full[q].store(old, std::memory_order_release);
  }
  publish_segment(state, queue, spare);
  return true;
}

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_NEXT_SEGMENT_H_
