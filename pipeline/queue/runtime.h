// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The process-wide side of recording: who records (threads), where (segments and their budget),
// what (the catalogue) and whether (filters). One object per process, never destroyed, so that
// events from static and thread-local destructors find it.
//
// Threading: the application's threads come in through the cold functions of hot.h. The flush actor
// is the only caller of the functions marked "consumer". Locks guard registration and filters only.
#ifndef MICROMEGAS_PIPELINE_QUEUE_RUNTIME_H_
#define MICROMEGAS_PIPELINE_QUEUE_RUNTIME_H_

#include <pthread.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/queue/aggregates.h"
#include "micromegas/pipeline/queue/catalogue.h"
#include "micromegas/pipeline/queue/filters.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/queue/image_queue.h"
#include "micromegas/pipeline/queue/open_async_spans.h"
#include "micromegas/pipeline/queue/room_wait.h"
#include "micromegas/pipeline/queue/sample_windows.h"
#include "micromegas/pipeline/queue/thread_slot.h"
#include "micromegas/pipeline/queue/thread_states.h"
#include "micromegas/pipeline/sink/event_context.h"
#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/platform/thread.h"

namespace micromegas::queue {

class SegmentPool;

// What the process's events carry from a moment on.
struct ProcessContext {
  std::uint64_t ticks;
  EventContextPtr context;
};

// Ends of asynchronous spans for which there was no room in a queue.
struct LateEnds {
  std::vector<std::byte> records;  // in the order of their times
  std::uint32_t count = 0;
};

// A thread span whose guard has ended on another thread.
struct EndedElsewhere {
  std::uint32_t thread_uid;  // where it is open
  std::uint32_t id;          // its begin's
  std::uint32_t depth;       // from 1
};

class Runtime {
 public:
  static Runtime& get() noexcept;

  // --- life ---

  // Before a session: sets the budget, throws away what a stopped session left in the queues (it
  // was counted as held then) and lets the books begin anew. No consumer may be running.
  void prepare(std::size_t queue_bytes);
  // Lets events in. `wake` is called by a recording thread that found no empty segment, and now and
  // then by one that ends; it must be cheap, and never block.
  void open(const Filters& filters, void (*wake)() noexcept);
  // From here on call sites find themselves disabled. A thread that was just past the check may
  // still commit one event.
  void close() noexcept;
  [[nodiscard]] bool running() const noexcept { return running_.load(std::memory_order_relaxed); }

  // --- filters; any thread, each change reaches every call site at its next event ---

  void change_filters(FunctionRef<void(Filters&)> change);
  [[nodiscard]] Filters filters() const;
  // For a target known at run time. No lock.
  [[nodiscard]] bool log_enabled(Level level, std::string_view target) const noexcept;

  // --- threads: threads.cc ---

  // Registers the calling thread if it is not yet; null if that failed.
  ThreadSlot* current_thread() noexcept;
  // Null if it is not.
  static ThreadSlot* registered_thread() noexcept;
  void set_thread_name(std::string_view name);
  // The first event's work, early: registration and the first segment of each queue.
  void prepare_current_thread() noexcept;
  std::string thread_name(const ThreadSlot& slot) const;
  // The thread's queues end here, as if it had ended; its next event registers it anew.
  void retire_current_thread() noexcept;
  // The first of kSpanIds - 1 ids; the calling thread takes the others next.
  std::uint64_t new_span_ids() noexcept;

  // --- tracks (instrument/track.h): tracks.cc ---

  ThreadState* enter_track(TrackData& track, std::uint32_t events) noexcept;
  static void leave_track(TrackData& track, ThreadState* before) noexcept;
  void close_track(TrackData& track) noexcept;

  // --- context: process_context.cc ---

  // Null: none. Any thread; also before a session and for all to come. `refused`, `cut`: properties
  // and values that it lacks, counted in the session that it is set in, else in the next.
  void set_process_context(EventContextPtr context, std::size_t refused = 0, std::size_t cut = 0);
  // Consumer: appends what has changed since `seen` (0 at first), oldest first; false if nothing.
  bool take_process_contexts(std::uint64_t& seen, std::vector<ProcessContext>& out);

  // --- consumer: read_queues.cc ---

  // All threads that have recorded and were not released.
  void threads(std::vector<ThreadSlot*>& out);
  // Moves segments from the full queue to their threads' Drain; returns how many.
  std::size_t collect_full();
  // Hands every committed, unread run of records of one queue to `read`, oldest first, and gives
  // segments that are through back to the pool; until `read` returns false: enough for now. True if
  // nothing that was committed before the call is left unread.
  bool read_queue(ThreadSlot& slot, QueueKind queue,
                  FunctionRef<bool(const std::byte* records, std::size_t bytes)> read);
  // One record has been read: its event does not belong to a later session.
  void count_read(EventKind kind, std::uint64_t records = 1) noexcept {
    read_[static_cast<std::size_t>(kind)] += records;
  }
  // Ends a retired thread whose queues have been read to the end.
  void release(ThreadSlot* slot) noexcept;
  // Keeps some touched segments ready, gives memory back after a burst.
  void tend_pool() noexcept;
  // Appends what has ended on other threads since the last call. The begins are committed.
  // misplaced_spans.cc
  void take_ended_elsewhere(std::vector<EndedElsewhere>& out);
  // What was kept of ends without room, unless `out` has some still. Returns the stream that they
  // belong to, null if there are none. Throws without memory: they wait. late_ends.cc
  ThreadSlot* take_late_ends(LateEnds& out);
  // Counts committed, unread records.
  void add_held(EventStats& stats);

  // --- waiting for room ---

  // For the session to come, before open(): of which kinds a thread waits, and how long at most.
  void let_wait(Kinds kinds, std::chrono::milliseconds limit) noexcept {
    room_.begin(kinds, limit);
  }
  // Consumer: see RoomWait.
  void room_made() noexcept {
    if (std::exchange(gave_back_, false)) room_.room_made();
  }
  void set_full(Kinds kinds) noexcept { room_.set_full(kinds); }
  [[nodiscard]] RoomWaits room_waits() const noexcept { return room_.counts(); }

  // --- live sinks ---

  // What a fatal log waits with; null: does not wait.
  void set_live_wait(void (*wait)() noexcept) noexcept { live_wait_.store(wait); }
  void wait_for_live_sinks() noexcept {
    if (auto* wait = live_wait_.load()) {
      const ScopedNoCancellation no_cancellation;
      wait();
    }
  }

  // --- books; any thread: books.cc ---

  // recorded and dropped of this session, as the recording side counted them. Locks.
  void add_counts(EventStats& stats) const;
  // Texts that were longer than their record had room for, in this session.
  void count_cut() noexcept { cut_texts_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t cut_texts() const noexcept {
    return cut_texts_.load(std::memory_order_relaxed);
  }
  // Properties of spans for which there was no room, in this session.
  void count_lost_properties() noexcept {
    lost_properties_.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t lost_properties() const noexcept {
    return lost_properties_.load(std::memory_order_relaxed);
  }
  // Properties given at run time that an event may not have, in this session. True for the first.
  bool count_refused_properties(std::size_t n) noexcept {
    return refused_properties_.fetch_add(n, std::memory_order_relaxed) == 0;
  }
  [[nodiscard]] std::uint64_t refused_properties() const noexcept {
    return refused_properties_.load(std::memory_order_relaxed);
  }
  // Thread spans that were open where a coroutine suspended, or ended on another thread, in this
  // session.
  [[nodiscard]] std::uint64_t misplaced_spans() const noexcept {
    return misplaced_spans_.load(std::memory_order_relaxed);
  }
  // Logs that rate helpers left out, in this session. Locks.
  [[nodiscard]] std::uint64_t left_out() const;
  // Bytes of segments in existence.
  [[nodiscard]] std::size_t segment_bytes() const noexcept;

  [[nodiscard]] Catalogue& catalogue() noexcept { return catalogue_; }

  // --- counters and histograms: aggregate_cell.cc ---

  [[nodiscard]] Aggregates& aggregates() noexcept { return aggregates_; }
  // The calling thread's cell; null: none, and counted as dropped.
  void* aggregate_cell(const StaticMetricMetadata& metadata, AggregateKind kind,
                       std::uint32_t property_set) noexcept;

  [[nodiscard]] SampleWindows& sample_windows() noexcept { return sample_windows_; }

  // --- images: send_image.cc ---

  [[nodiscard]] ImageQueue& images() noexcept { return images_; }
  // Takes what is in `image`, or counts it as dropped.
  void send_image(Image&& image) noexcept;

  [[nodiscard]] OpenAsyncSpans& open_async_spans() noexcept { return open_async_spans_; }

  // --- fork, prepare and parent in the parent, child in the child: fork.cc ---

  void before_fork() noexcept;
  void after_fork_parent() noexcept;
  void after_fork_child() noexcept;
  // Called last in the child, with everything above done.
  void set_child_hook(void (*hook)() noexcept) noexcept { child_hook_.store(hook); }

 private:
  friend struct ColdPath;
  Runtime();

  struct Counts {
    std::array<std::uint64_t, kEventKinds> recorded{};
    std::array<std::array<std::uint64_t, kDropReasons>, kEventKinds> dropped{};
    std::uint64_t left_out = 0;
  };
  static void add(Counts& to, const ThreadSlot& slot) noexcept;
  void own_anew_locked(ThreadSlot& slot) noexcept;
  [[nodiscard]] Counts counts_locked() const noexcept;
  void put_in_force_locked(std::unique_ptr<PublishedFilters::Version> filters) noexcept;
  // What a call site caches: the generation, and whether it is enabled.
  template <class Question>
  [[nodiscard]] std::uint32_t decide(Question question) const noexcept {
    // First this, then the filters: those that it belongs to or later ones. So what an outdated
    // filter says is never kept as the answer of a newer one.
    const std::uint32_t on = micromegas_v0_hot_page.enabled.load(std::memory_order_acquire);
    return in_force_.ask(question) ? on : on & ~1U;
  }
  static void bump_session() noexcept;
  void discard_leftovers();
  static void add_full(ThreadSlot& slot, Segment* segment);
  static void take_full(ThreadSlot& slot, QueueKind queue);
  void give_spare(ThreadSlot& slot, QueueKind queue, std::uint32_t end) noexcept;
  void see_spare(ThreadSlot& slot, QueueKind queue) noexcept;
  // Whom the calling thread records as from here on.
  static void record_as(ThreadState& state) noexcept;
  ThreadSlot* add_slot_locked();
  ThreadSlot* make_track(std::string_view name) noexcept;
  void index_threads();
  bool make_room(QueueKind queue, std::uint32_t bytes, EventKind kind,
                 std::uint32_t events) noexcept;
  // The same, and counts nothing; false: for this reason. `wait`: it may, and gives what it has
  // away.
  bool find_room(QueueKind queue, std::uint32_t bytes, EventKind kind, bool wait,
                 DropReason& why) noexcept;
  void async_end_without_room(std::uint64_t (&head)[5], const std::byte* rest, std::uint32_t bytes,
                              bool has_properties) noexcept;
  bool keep_late_end(std::uint64_t (&head)[5], const std::byte* rest, std::uint32_t bytes) noexcept;
  Segment* take_segment(ThreadSlot& slot, QueueKind queue) noexcept;
  bool give_full_away(ThreadSlot& slot, QueueKind queue) noexcept;
  // Makes room without make_room(), in this segment or in the spare one; false: there is none.
  static bool room_at_hand(QueueKind queue, std::uint32_t bytes) noexcept;
  void drop(EventKind kind, DropReason reason, std::uint32_t events) noexcept;
  void end_out_of_place(std::uint32_t id, RecordKind kind, std::uint64_t begun) noexcept;
  bool may_open_span() noexcept;
  void span_held(std::uint32_t before) noexcept;
  void say_misplaced(std::uint32_t id, const char* what) noexcept;
  void count_left_out() noexcept;
  void count_context_losses_locked() noexcept;
  static void thread_exit(void* slot) noexcept;

  // Answers of log_enabled(): the upper half of a hash of level and target, then the answer as a
  // call site caches it. Two pairs of one slot that also share that half are taken for one: once in
  // 2^40.
  mutable std::array<std::atomic<std::uint64_t>, 256> asked_{};

  pthread_key_t exit_key_{};  // its destructor runs after the thread's C++ thread-local destructors
  mutable std::mutex mutex_;  // filters, slots, names, past counts
  std::atomic<bool> running_{false};
  std::atomic<void (*)() noexcept> wake_{nullptr};
  std::atomic<std::uint32_t> retired_{0};  // threads so far
  std::uint32_t generation_ = 0;
  Filters filters_;            // guarded by mutex_
  PublishedFilters in_force_;  // the same, or none; published under mutex_
  std::vector<ThreadSlot*> slots_;
  std::vector<ThreadSlot*> free_slots_;
  ThreadStates states_;  // of slots to come; guarded by mutex_
  std::uint32_t next_uid_ = 1;
  std::uint32_t next_owner_ = 1;
  SegmentPool* pool_ = nullptr;                  // made by the first start()
  std::map<std::uint32_t, ThreadSlot*> by_uid_;  // consumer's view of slots_
  // Segments from the full queue on their way to their threads' Drain; the consumer's.
  std::array<Segment*, 64> popped_{};
  std::size_t next_popped_ = 0;
  std::size_t popped_count_ = 0;
  std::atomic<void (*)() noexcept> child_hook_{nullptr};
  std::atomic<void (*)() noexcept> live_wait_{nullptr};
  RoomWait room_;
  std::array<std::uint64_t, kEventKinds> read_{};  // records so far; the consumer's
  Counts past_;                                    // of slots that were released
  // At the session's start. `recorded` is what had been read or dropped, not what had been counted:
  // a thread may be late with either, and its event belongs to the session that reads it.
  Counts baseline_;
  std::atomic<std::uint64_t> stray_dropped_[kEventKinds][kDropReasons] = {};  // no slot to count in
  std::atomic<std::uint64_t> stray_left_out_{0};
  bool gave_back_ = false;  // segments, since the last room_made(); the consumer's
  std::size_t spares_ = 0;  // out; the consumer's
  std::vector<ProcessContext> process_contexts_;  // those that the consumer has not seen, and one
  bool context_while_stopped_ = false;            // the last one, and no start since
  std::size_t refused_of_context_ = 0;            // not counted yet; guarded by mutex_
  std::size_t cut_of_context_ = 0;
  std::atomic<std::uint64_t> process_context_changes_{0};
  std::atomic<std::uint64_t> cut_texts_{0};
  std::atomic<std::uint64_t> lost_properties_{0};
  std::atomic<std::uint64_t> refused_properties_{0};
  std::atomic<std::uint64_t> misplaced_spans_{0};
  std::atomic<bool> any_ended_elsewhere_{false};
  std::vector<EndedElsewhere> ended_elsewhere_;  // guarded by mutex_
  std::atomic<bool> any_late_ends_{false};
  LateEnds late_ends_;                              // guarded by mutex_
  ThreadSlot* late_slot_ = nullptr;                 // the consumer's; no thread's, without queues
  std::array<std::uint32_t, 16> said_misplaced_{};  // call sites; guarded by mutex_
  std::atomic<std::uint32_t> forks_{0};             // that this process is away from the first one
  std::atomic<std::uint64_t> span_id_ranges_{0};    // given out
  Catalogue catalogue_;
  ImageQueue images_;
  Aggregates aggregates_;
  SampleWindows sample_windows_;
  OpenAsyncSpans open_async_spans_;
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_RUNTIME_H_
