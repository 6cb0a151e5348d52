// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// One recording thread, and how its full segments reach the consumer.
#ifndef MICROMEGAS_PIPELINE_QUEUE_THREAD_SLOT_H_
#define MICROMEGAS_PIPELINE_QUEUE_THREAD_SLOT_H_

#include <atomic>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/sink/stats.h"

namespace micromegas::queue {

// Which of a thread's open scopes (dispatch.h) were recorded: the end of one that a filter left out
// must not stand for another's.
class OpenScopes {
 public:
  static constexpr std::uint32_t kMax = 4096;  // deeper ones cannot be recorded

  // First of all: what another owner (ThreadState::open_spans) has recorded ends with nothing.
  void own(std::uint32_t owner) noexcept {
    if (owner_ == owner) return;
    owner_ = owner;
    recorded_.reset();
  }
  [[nodiscard]] bool full() const noexcept { return depth_ >= kMax; }
  void push(bool recorded) noexcept {
    if (!full()) recorded_[depth_] = recorded;
    ++depth_;
  }
  // False too if there is none.
  bool pop() noexcept {
    if (depth_ == 0) return false;
    --depth_;
    return !full() && recorded_[depth_];
  }

 private:
  std::uint32_t owner_ = 0;
  std::uint32_t depth_ = 0;
  std::bitset<kMax> recorded_;
};

// One recording thread.
//
// Handing over a full segment, in this order: the owner writes where its records end, puts it into
// `full`, or into the full queue if there is one in `full` still, stores the new `segment`, stores
// the new `position` (release). The consumer reads the live segment only if the number in
// `position` (acquire) and the segment's own are the one that it expects next. A `segment` read
// after a `position` of number n is the segment n or a later one, never an earlier one that has
// gone back to the pool; and if it is a later one, the one expected is in `full` or in the full
// queue.
//
// A thread that gets no segment has given its full one away: `segment` is then the one that all
// threads share, whose number nobody expects.
//
// `spare` and `full` each hold one segment. They spare a thread that fills a segment every now and
// then the shared queues, whose memory other processors have in their caches: some 2 of 4 us.
//
// Aligned: what the actor writes at each tick is in no line that the host or another thread has.
struct alignas(64) ThreadSlot {
  ThreadState& state;  // never freed
  std::uint32_t owner =
      0;  // in open_spans, anew in each session; never reused; the runtime's mutex
  std::uint64_t thread_id = 0;
  std::string name;                  // guarded by the runtime's mutex
  std::atomic<bool> retired{false};  // the thread has ended (release): no record will follow
  Segment* kept = nullptr;  // owner: taken, but the full one found no way; the next one it takes
  std::atomic<std::uint64_t> dropped[kEventKinds][kDropReasons] = {};
  std::atomic<std::uint32_t> ended_elsewhere{0};  // of open_spans; others: add, owner: takes
  // Depths of the open spans that were said to be held where a coroutine suspended, and of some
  // that have ended since; the runtime's mutex.
  std::vector<std::uint32_t> held;
  std::atomic<std::uint64_t> left_out{0};  // by rate helpers
  OpenScopes scopes;                       // owner only
  std::vector<void*> cell_memory;          // of the state's cells; owner only
  struct Producer;  // the moodycamel token with which the thread gives full segments away
  std::unique_ptr<Producer> producer;

  // How far the consumer is; the consumer's alone.
  struct Drain {
    std::uint32_t expected = 1;                    // number of the segment being read
    std::uint32_t consumed = kSegmentHeaderBytes;  // offset in it
    std::deque<Segment*> full;                     // taken from the full queue, not yet read
    bool spare_out = false;                        // `spare` was filled, and not seen taken since
  };
  Drain drain[kQueueKinds];

  explicit ThreadSlot(ThreadState& hot);
  ~ThreadSlot();
  ThreadSlot(const ThreadSlot&) = delete;
  ThreadSlot& operator=(const ThreadSlot&) = delete;
};

inline constexpr std::uint64_t kFirstTrackId = 1U << 30;  // no system's threads have such ids
inline bool is_track(const ThreadSlot& slot) noexcept { return slot.thread_id >= kFirstTrackId; }

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_THREAD_SLOT_H_
