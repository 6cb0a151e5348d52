// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The thread that empties the queues: live lines to the sinks within tens of milliseconds, blocks
// by size, by period, on request, at a thread's end and at the end. All its state is its own;
// others talk to it in messages. It runs whether or not anything is uploaded.
#ifndef MICROMEGAS_PIPELINE_FLUSH_FLUSH_ACTOR_H_
#define MICROMEGAS_PIPELINE_FLUSH_FLUSH_ACTOR_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "micromegas/pipeline/flush/published_clock.h"
#include "micromegas/pipeline/queue/room_wait.h"
#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/platform/result.h"

namespace micromegas::pipeline {

struct FlushOptions {
  std::chrono::milliseconds tick{20};        // how late a live line may be
  std::chrono::milliseconds period{60'000};  // how long an event waits for its block at most
  std::size_t log_block_bytes = 4U << 20;    // a block is cut when its records pass this
  std::size_t metrics_block_bytes = 1U << 20;
  std::size_t thread_block_bytes = 4U << 20;
  std::size_t image_block_bytes = 1U << 20;
  // While only windows of spans are wanted: how long after its end a block may be chosen, and how
  // much waits for that.
  std::chrono::milliseconds sample_hold{10'000};
  std::size_t sample_hold_bytes = 32U << 20;
  bool log_origin = false;  // logs carry their thread and the span that they were recorded in
  // Of which kinds the sink had better not get more, for those that a thread waits for
  // (SessionOptions::wait). Asked on the actor's thread after each block and each tick.
  std::function<queue::Kinds()> full = {};
  // Once a second, on the actor's thread: what this side of the sinks has recorded and dropped.
  std::function<void(const EventStats&)> on_books = {};
  // Each tick, on the actor's thread; must be cheap.
  std::function<void()> on_tick = {};
};

class Captures;
using ChangeCaptures = std::function<void(Captures&, const std::shared_ptr<const ProcessInfo>&)>;

using Deadline = std::chrono::steady_clock::time_point;

class FlushActor {
 public:
  // Starts the thread. `clock` is kept current by the actor. The process's start stamps are taken
  // by the caller. `sink` gets on_startup() first and on_shutdown() last, on the thread.
  static Result<std::shared_ptr<FlushActor>> start(const FlushOptions& options,
                                                   std::shared_ptr<EventSink> sink,
                                                   std::shared_ptr<const ProcessInfo> process,
                                                   const ClockModel& model, PublishedClock& clock);
  ~FlushActor();
  FlushActor(const FlushActor&) = delete;
  FlushActor& operator=(const FlushActor&) = delete;

  // The following are for any thread but the actor's own (a sink that calls them gets `false` at
  // once). They wait for the actor until the deadline; false when it passed, or when the actor
  // could not do it for want of memory.

  // Everything recorded before the call has been given to the sink in blocks.
  bool flush(Deadline deadline);
  // The same, but for spans that are held back for a window: they stay so.
  bool cut_all(Deadline deadline);
  // Everything logged before the call has been shown to the live sinks.
  bool show_live(Deadline deadline);
  // Adds what is held in queues and builders, handed to the sink as `delivered`, and dropped here.
  // `also` runs on the actor at the same instant, to read the sink's own books. After the end: at
  // once, and without the queues.
  bool add_stats(EventStats& stats, const std::function<void()>& also, Deadline deadline);
  bool thread_streams(std::vector<ThreadStream>& out, Deadline deadline);
  // As cut_all(), and then, before anything else is read, `change` on the actor's thread; it may
  // run after the deadline. `must_run`: it does, whatever the answer, unless the actor ends.
  bool change_captures(ChangeCaptures change, Deadline deadline, bool must_run);
  // The last cut, on_shutdown(), the thread's end. On false the thread has been left to itself: a
  // sink did not return.
  bool stop(Deadline deadline);
  // Whether the thread has come to its end.
  [[nodiscard]] bool ended() const noexcept;

  [[nodiscard]] bool on_this_thread() const noexcept;

  // Asks for a drain soon. Never blocks; any thread.
  void wake() noexcept;
  // In a forked child: forgets the thread, which does not exist there.
  void abandon_after_fork() noexcept;

 private:
  struct Impl;
  FlushActor();
  std::shared_ptr<Impl> impl_;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_FLUSH_ACTOR_H_
