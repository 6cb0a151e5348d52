// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The recording path: what the macros inline into the application. Everything that is not needed
// for every event is behind one of the cold functions at the end, or in next_segment.h.
//
// One writer, one reader. Each thread owns a ThreadState with two chains of segments. The owner
// writes a record behind `position` and publishes it with one release store of the new `position`;
// the flush actor reads `position` with acquire and so sees the whole record. Nothing in front of
// `position` is ever written again until the actor has given the segment back.
//
// Where it is the owner knows from thread-local memory (ThisThread). The `position` that the actor
// looks at it only writes to, and waits for nothing.
//
// `micromegas_v0_*` are the process-wide names: in a program whose shared libraries each carry a
// copy of this code, the dynamic linker makes them one (docs/architecture.md, "One registry").
#ifndef MICROMEGAS_PIPELINE_QUEUE_HOT_H_
#define MICROMEGAS_PIPELINE_QUEUE_HOT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/queue/record.h"
#include "micromegas/platform/clock.h"

#define MICROMEGAS_EXPORT __attribute__((visibility("default")))
// For a definition that is called where it stands, too: weak, or clang takes the copy at hand for
// the process's and inlines it.
#define MICROMEGAS_SHARED __attribute__((visibility("default"), weak))
#define MICROMEGAS_INLINE inline __attribute__((always_inline))
#define MICROMEGAS_COLD __attribute__((cold, noinline))

namespace micromegas::queue {

inline constexpr std::uint32_t kSegmentBytes = 64 * 1024;
inline constexpr std::uint32_t kSegmentHeaderBytes = 64;

enum class QueueKind : std::uint8_t { kEvents = 0, kSpans = 1 };  // kEvents: logs and metrics
inline constexpr std::size_t kQueueKinds = 2;

// A piece of a queue; records follow the header. Offsets count from the segment's first byte.
// Written by the owner before it publishes the segment, `end` before it hands it over full;
// `touched` and `of_arena` by the pool and the consumer only.
struct alignas(64) Segment {
  std::uint32_t end = 0;         // of the records; of a full one
  std::uint32_t sequence = 0;    // place in its queue, from 1
  std::uint32_t thread_uid = 0;  // whose it is
  QueueKind kind = QueueKind::kEvents;
  bool touched = false;   // every page is there, as far as we could
  bool of_arena = false;  // a piece of a huge page

  std::byte* at(std::uint32_t offset) noexcept {
    return reinterpret_cast<std::byte*>(this) + offset;
  }
  const std::byte* at(std::uint32_t offset) const noexcept {
    return reinterpret_cast<const std::byte*>(this) + offset;
  }
};
static_assert(sizeof(Segment) == kSegmentHeaderBytes);

// How far a thread is in one of its queues. Without a segment: micromegas_v0_no_segment, which is
// full.
struct QueueHead {
  std::atomic<Segment*> segment;        // owner: release; actor: acquire
  std::atomic<std::uint64_t> position;  // segment's number << 32 | offset behind the last record;
                                        // owner: release; actor: acquire
};
constexpr std::uint64_t position_at(std::uint32_t sequence, std::uint32_t offset) noexcept {
  return std::uint64_t{sequence} << 32 | offset;
}
// 0 is no segment's number, also after 2^32 of them.
constexpr std::uint32_t next_sequence(std::uint32_t sequence) noexcept {
  return sequence + 1 != 0 ? sequence + 1 : 1;
}
constexpr std::uint32_t offset_of(std::uint64_t position) noexcept {
  return static_cast<std::uint32_t>(position);
}
constexpr std::uint32_t sequence_of(std::uint64_t position) noexcept {
  return static_cast<std::uint32_t>(position >> 32);
}

// What a thread's events go through; the rest of it is its ThreadSlot. Counters: written by the
// owner only, read by anyone. The first line is the one that the actor looks at: of what else is in
// it an event writes nothing.
struct alignas(64) ThreadState {
  QueueHead queues[kQueueKinds];
  // Counters and histograms (aggregate_cells.h), by their index; null: none yet. Owner only.
  void** cells = nullptr;
  struct ThreadSlot* slot = nullptr;  // null: of the state that threads share before they record
  std::uint32_t cell_count = 0;
  std::uint32_t context_depth = 0;  // open ContextScopes; owner only
  // Depth of a kContextEnd that found no room, 0: none; owner only. It comes first in the queue's
  // next segment.
  std::uint32_t pending_context_end[kQueueKinds] = {};
  // Begins without an end yet, and above 32 bits whose they are: a thread's in one session. Owner
  // only, but for the start of a session. Of the state that threads share before they record:
  // kMaxOpenSpans of nobody.
  std::atomic<std::uint64_t> open_spans{0};
  std::uint64_t next_span_id = 0;  // of an asynchronous span; a multiple of kSpanIds: none is left
  std::atomic<std::uint64_t> recorded[kEventKinds] = {};
  // What a thread that fills a segment looks at besides; last_ticks: see event_ticks().
  std::atomic<Segment*> spare[kQueueKinds] = {};  // consumer: fills if null; owner: takes
  std::atomic<Segment*> full[kQueueKinds] = {};   // owner: fills if null; consumer: takes
  std::uint32_t uid = 0;                          // never reused
  std::uint64_t last_ticks = 0;                   // of event_ticks(); owner only
};
static_assert(sizeof(ThreadState) == 192 && offsetof(ThreadState, open_spans) == 64 &&
              offsetof(ThreadState, spare) == 128);

// Where an event looks beside its call site and into thread-local memory: in one page. A processor
// that wakes up has forgotten where pages are, and each that it must look up again costs it as much
// as some events do. States of later threads are in pages of their own.
struct alignas(4096) HotPage {
  // (generation << 1) | 1. A call site whose word has these low 32 bits is enabled; with the last
  // bit cleared it is disabled; anything else must be decided anew.
  std::atomic<std::uint32_t> enabled{1};
  ThreadState states[21] = {};
};
static_assert(sizeof(HotPage) == 4096);

// The owner's own copy of a QueueHead: all that an event looks at but the lines it fills.
struct QueuePlace {
  Segment* segment;
  std::uint64_t position;
};

// Whom the calling thread records as, and where: one line of its own. Nobody else reads it.
struct alignas(64) ThisThread {
  ThreadState* state;
  QueuePlace queues[kQueueKinds];
  const unsigned* uncaught_exceptions = nullptr;  // of the C++ runtime; null: not asked for yet
};
static_assert(sizeof(ThisThread) == 64);

// Bytes kept free at the end of a span segment for the ends of the open spans, so that an end
// always has room where its begin was recorded.
inline constexpr std::uint32_t kSpanEndBytes = kRecordHeaderBytes;
// Deeper spans than this are dropped whole: their ends would not fit a segment.
inline constexpr std::uint32_t kMaxOpenSpans = 2000;
static_assert(kMaxOpenSpans <= 0xffff);  // the actor keeps depths in 16 bits

// The begins in an `open_spans`, and whose they are (0: nobody's).
constexpr std::uint32_t open_count(std::uint64_t open_spans) noexcept {
  return static_cast<std::uint32_t>(open_spans);
}
constexpr std::uint32_t open_owner(std::uint64_t open_spans) noexcept {
  return static_cast<std::uint32_t>(open_spans >> 32);
}

// The asynchronous span that is current on a thread, to the end of a stretch of code that cannot
// suspend (instrument/span_context.h). Of values: what suspends all the same leaves a wrong parent
// behind, and no pointer to its frame.
struct SpanScope {
  std::uint64_t span_id = 0;  // 0: none
  std::uint32_t depth = 0;
  std::uint32_t session = 0;
  // Of the handler or the stretch of a coroutine that an executor runs, which keeps it: its span's
  // detail::SpanCarrier, if any.
  void* carrier = nullptr;
};

// What a track keeps (instrument/track.h). Guarded by `busy`.
struct TrackData {
  std::atomic<std::uint32_t> busy{0};  // 0: free
  std::uint32_t process = 0;           // whose `state` is
  std::uint32_t session = 0;           // of the last call
  std::uint32_t name_size = 0;
  std::atomic<ThreadState*> state{nullptr};  // null: nothing recorded yet
  bool fresh = true;                         // the first call in its session
  bool closed = false;
  char name[1024] = {};
};

// A thread takes this many ids of asynchronous spans at once, less the first.
inline constexpr std::uint64_t kSpanIds = 1024;

// How far ahead lines are fetched: far enough for a thread in a loop, and nearer for one that slept
// and finds what it fetched before in no cache: the first event after a sleep waits for memory
// anyway, and what the next ones fill comes meanwhile.
inline constexpr std::uint32_t kFarBytes = 512;
inline constexpr std::uint32_t kNearBytes = 192;
inline constexpr std::uint32_t kNextBytes = 64;

// Gets the line for this processor alone; anywhere else than in memory it does nothing. The actor
// has read the lines of a segment that is used again: fetched to be read they would stay shared,
// and stores, which go one after the other, would wait for the actor's processor at each line.
MICROMEGAS_INLINE void fetch_to_write(const std::byte* at) noexcept {
#if defined(__x86_64__)
  // What __builtin_prefetch(at, 1) becomes only for later processors than the oldest x86-64; to
  // those it is a no-op.
  asm volatile("prefetchw %0" : : "m"(*at));
#else
  __builtin_prefetch(at, 1);
#endif
}

// For the events to come, while the clock is read.
MICROMEGAS_INLINE void fetch_ahead(const std::byte* at) noexcept {
  fetch_to_write(at + kFarBytes);
  fetch_to_write(at + kNearBytes);
  fetch_to_write(at + kNextBytes);
}

MICROMEGAS_INLINE void count(std::atomic<std::uint64_t>& counter, std::uint64_t n = 1) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace micromegas::queue

namespace micromegas {
struct Image;
}

extern "C" {
MICROMEGAS_EXPORT extern micromegas::queue::HotPage micromegas_v0_hot_page;

// What a thread that has not recorded yet shares with all others like it: it has no room.
MICROMEGAS_EXPORT extern micromegas::queue::Segment micromegas_v0_no_segment;
MICROMEGAS_EXPORT extern micromegas::queue::ThreadState micromegas_v0_nobody;

// Its state is never null.
MICROMEGAS_EXPORT extern constinit thread_local micromegas::queue::ThisThread micromegas_v0_thread
    __attribute__((tls_model("initial-exec")));

// Where the calling thread's std::uncaught_exceptions() are, for ThisThread.
MICROMEGAS_EXPORT const unsigned* micromegas_v0_find_uncaught_exceptions() noexcept;

// Changes when telemetry starts, when it ends and in a forked child: what an asynchronous span
// began under another number has no end here.
MICROMEGAS_EXPORT extern std::atomic<std::uint32_t> micromegas_v0_session;

MICROMEGAS_EXPORT extern constinit thread_local micromegas::queue::SpanScope
    micromegas_v0_span_scope __attribute__((tls_model("initial-exec")));

// Scopes of dispatch.h that the thread has begun and not ended, recorded or not: an end without a
// begin is told from that of a scope that came before the thread's first event.
MICROMEGAS_EXPORT extern constinit thread_local std::uint32_t micromegas_v0_open_scopes
    __attribute__((tls_model("initial-exec")));

// The id of an asynchronous span, from ids that no thread has had.
MICROMEGAS_EXPORT std::uint64_t micromegas_v0_new_span_ids() noexcept;

// Decides by the filters and caches the answer in the metadata's word.
MICROMEGAS_EXPORT bool micromegas_v0_refresh_log(const micromegas::LogMetadata* metadata) noexcept;
MICROMEGAS_EXPORT bool micromegas_v0_refresh_metric(
    const micromegas::StaticMetricMetadata* metadata) noexcept;
MICROMEGAS_EXPORT bool micromegas_v0_refresh_span(
    const micromegas::SpanLocation* location) noexcept;

// Enter the call site into the catalogue; return its id, 0 if the catalogue is full. `args`: of the
// values that its records hold.
MICROMEGAS_EXPORT std::uint32_t micromegas_v0_register_log(
    const micromegas::LogMetadata* metadata, const micromegas::queue::ArgList* args) noexcept;
MICROMEGAS_EXPORT std::uint32_t micromegas_v0_register_metric(
    const micromegas::StaticMetricMetadata* metadata,
    const micromegas::queue::ArgList* args) noexcept;
MICROMEGAS_EXPORT std::uint32_t micromegas_v0_register_span(
    const micromegas::SpanMetadata* metadata, const micromegas::queue::ArgList* args) noexcept;
MICROMEGAS_EXPORT std::uint32_t micromegas_v0_register_location(
    const micromegas::SpanLocation* location, const micromegas::queue::ArgList* args) noexcept;
// For properties that a span gets after its begin.
MICROMEGAS_EXPORT std::uint32_t micromegas_v0_register_properties(
    micromegas::SiteWord* word, const micromegas::queue::ArgList* args) noexcept;

// Makes room for `bytes` (and, for a begin, the end) in the thread's queue: registers the thread,
// retires a full segment, takes an empty one. False when the event must be dropped; it is then
// counted already, as `events` events.
MICROMEGAS_EXPORT bool micromegas_v0_make_room(micromegas::queue::QueueKind queue,
                                               std::uint32_t bytes, micromegas::EventKind kind,
                                               std::uint32_t events) noexcept;

// Counts events that never got into a queue.
MICROMEGAS_EXPORT void micromegas_v0_drop(micromegas::EventKind kind, micromegas::DropReason reason,
                                          std::uint32_t events) noexcept;

// For the end of a span with which this thread's open spans do not agree: another one has ended too
// early or is open too long, or the span began on another thread. `begun`: open_spans at its begin.
MICROMEGAS_EXPORT void micromegas_v0_end_out_of_place(std::uint32_t id,
                                                      micromegas::queue::RecordKind kind,
                                                      std::uint64_t begun) noexcept;

// For a begin that finds kMaxOpenSpans: registers the thread, or forgets the open spans that have
// ended on other threads. False: the span is dropped, and counted.
MICROMEGAS_EXPORT bool micromegas_v0_may_open_span() noexcept;

// The end of an asynchronous span that found no room in the thread's queue: `head` is the record to
// its depth, its time is set here; the rest is `bytes` bytes. Room is waited for as the options
// say; then it is kept elsewhere, and only if that is full, too, dropped and counted.
MICROMEGAS_EXPORT void micromegas_v0_async_end_without_room(std::uint64_t (*head)[5],
                                                            const std::byte* rest,
                                                            std::uint32_t bytes,
                                                            bool has_properties) noexcept;

// A coroutine has suspended, or a handler returned, with more open spans on its thread than
// `before`.
MICROMEGAS_EXPORT void micromegas_v0_span_held(std::uint32_t before) noexcept;

// Makes the calling thread record into the track's queue; gives what it recorded into before, for
// leave_track(). Null: nothing can be recorded, and is counted if it must be, as `events` events.
MICROMEGAS_EXPORT micromegas::queue::ThreadState* micromegas_v0_enter_track(
    micromegas::queue::TrackData* track, std::uint32_t events) noexcept;
MICROMEGAS_EXPORT void micromegas_v0_leave_track(micromegas::queue::TrackData* track,
                                                 micromegas::queue::ThreadState* before) noexcept;
MICROMEGAS_EXPORT void micromegas_v0_close_track(micromegas::queue::TrackData* track) noexcept;

// The calling thread's cell of a counter or a histogram, whose index it gives to the metadata.
// Null: there is none, and what was to be added is counted as dropped.
MICROMEGAS_EXPORT void* micromegas_v0_aggregate_cell(
    const micromegas::StaticMetricMetadata* metadata, bool histogram,
    std::uint32_t property_set) noexcept;

// Takes what is in the image, whose time is in ticks; or counts it as dropped.
MICROMEGAS_EXPORT void micromegas_v0_send_image(micromegas::Image* image) noexcept;

// A text was longer than its record had room for.
MICROMEGAS_EXPORT void micromegas_v0_count_cut() noexcept;

// A span's properties never got into a queue.
MICROMEGAS_EXPORT void micromegas_v0_count_lost_properties() noexcept;

// A rate helper left a log out.
MICROMEGAS_EXPORT void micromegas_v0_count_left_out() noexcept;

// Waits, bounded, until the live sinks have shown what this thread recorded.
MICROMEGAS_EXPORT void micromegas_v0_wait_for_live_sinks() noexcept;
}

namespace micromegas::detail {
// Whether telemetry is running. Cold.
bool records_anything() noexcept;
}  // namespace micromegas::detail

namespace micromegas::queue {

// The filters' cached answer: two loads, and a call only after a filter changed.
//
// For a call site that is enabled the way goes straight on, in loops, too (told only that it is
// likely, g++ turns a loop so that it jumps there). A processor that slept has forgotten where
// branches go and takes them to go on; if that is wrong it learns it when both loads have come out
// of memory, and reads code only then that it could have read meanwhile. A disabled one is asked
// for first: it costs one jump.
template <class Refresh>
MICROMEGAS_INLINE bool enabled(const SiteWord& word, Refresh refresh) noexcept {
  const auto own = static_cast<std::uint32_t>(word.load(std::memory_order_relaxed));
  const std::uint32_t on = micromegas_v0_hot_page.enabled.load(std::memory_order_relaxed);
  if (__builtin_expect(own == on - 1, 0)) return false;
  return __builtin_expect_with_probability(own == on, 1, 0.999) || refresh();
}
MICROMEGAS_INLINE bool enabled(const LogMetadata& m) noexcept {
  return enabled(m.word, [&m] { return micromegas_v0_refresh_log(&m); });
}
MICROMEGAS_INLINE bool enabled(const StaticMetricMetadata& m) noexcept {
  return enabled(m.word, [&m] { return micromegas_v0_refresh_metric(&m); });
}
MICROMEGAS_INLINE bool enabled(const SpanLocation& m) noexcept {
  return enabled(m.word, [&m] { return micromegas_v0_refresh_span(&m); });
}

MICROMEGAS_INLINE std::uint32_t site_id(const SiteWord& word) noexcept {
  return static_cast<std::uint32_t>(word.load(std::memory_order_relaxed) >> 32);
}

// Of the calling thread.
MICROMEGAS_INLINE std::uint64_t open_spans() noexcept {
  return micromegas_v0_thread.state->open_spans.load(std::memory_order_relaxed);
}
MICROMEGAS_INLINE void set_open_spans(std::uint64_t open) noexcept {
  micromegas_v0_thread.state->open_spans.store(open, std::memory_order_relaxed);
}

// Unique in the process, from 1.
MICROMEGAS_INLINE std::uint64_t take_span_id() noexcept {
  ThreadState* const thread = micromegas_v0_thread.state;
  const std::uint64_t id = thread->next_span_id;
  if (__builtin_expect(id % kSpanIds == 0, 0)) return micromegas_v0_new_span_ids();
  thread->next_span_id = id + 1;
  return id;
}

// The time of the next event of the calling thread, whose state it is: later than that of the last,
// as that is how the actor finds the span of a log. No two reads of a TSC are the same; other
// counters stand still between some. One that has been set back is followed.
MICROMEGAS_INLINE std::uint64_t event_ticks([[maybe_unused]] ThreadState& state) noexcept {
  std::uint64_t ticks = read_ticks();
#if !defined(MICROMEGAS_TICKS_TSC_)
  constexpr std::uint64_t kAhead = std::uint64_t{1} << 20;  // the last event's is never by so much
  if (state.last_ticks - ticks < kAhead) ticks = state.last_ticks + 1;
  state.last_ticks = ticks;
#endif
  return ticks;
}

// Publishes what the calling thread, whose state it is, has written up to there.
MICROMEGAS_INLINE void advance(ThreadState& state, QueueKind queue,
                               std::uint64_t position) noexcept {
  const auto q = static_cast<std::size_t>(queue);
  micromegas_v0_thread.queues[q].position = position;
  state.queues[q].position.store(position, std::memory_order_release);
}

// Writes the parts of a record one behind the other; whoever uses it has made room.
class RecordWriter {
 public:
  // So long a text is copied without a call.
  static constexpr std::uint32_t kShortText = 32;

  explicit RecordWriter(std::byte* at) noexcept : at_(at) {}

  // For a record that is no event: nobody reads its time.
  MICROMEGAS_INLINE void header_untimed(std::uint32_t id, RecordKind kind, std::uint8_t flags,
                                        std::uint32_t bytes) noexcept {
    store64(at_, header_word(id, kind, flags, bytes));
    store64(at_ + 8, 0);
    at_ += kRecordHeaderBytes;
  }
  MICROMEGAS_INLINE void number(std::uint64_t v) noexcept {
    store64(at_, v);
    // Or g++ carries two of them into a vector register, through memory, to store them at once.
    std::atomic_signal_fence(std::memory_order_release);
    at_ += 8;
  }
  // `kept` bytes of a string that had `original`; room was counted as string_bytes(kept).
  MICROMEGAS_INLINE void string(const char* text, std::size_t kept,
                                std::uint32_t original) noexcept {
    const std::size_t bytes = (kept + 7) & ~std::size_t{7};
    // First the last 8 bytes cleared: the padding leaves the process, stale memory must not. Of an
    // empty text they are its sizes.
    store64(at_ + bytes, 0);
    store64(at_, std::uint64_t{kept} | (std::uint64_t{original} << 32));
    at_ += 8;
    copy(at_, text, kept);
    at_ += bytes;
  }
  // What is encoded already.
  MICROMEGAS_INLINE void bytes(const std::byte* from, std::size_t n) noexcept {
    std::memcpy(at_, from, n);
    at_ += n;
  }

 protected:
  // Short strings are the common case: two overlapping moves beat a call. 8 to 16 bytes go straight
  // on, found by one comparison: what is below 8 wraps around.
  MICROMEGAS_INLINE static void copy(std::byte* to, const char* from, std::size_t n) noexcept {
    // g++ warns of the branches that a literal shorter than 8 bytes never takes, but for a pointer
    // of which it knows nothing.
    if (!__builtin_constant_p(n)) asm("" : "+r"(from));
    if (__builtin_expect(n - 8 <= 8, 1)) {
      copy_ends<std::uint64_t>(to, from, n);
    } else if (n > kShortText) {
      std::memcpy(to, from, n);
    } else if (n > 16) {
      copy_ends<Bytes16>(to, from, n);
    } else if (n >= 4) {
      copy_ends<std::uint32_t>(to, from, n);
    } else if (n > 0) {
      // n is 1, 2 or 3: first, middle and last byte cover it.
      to[0] = static_cast<std::byte>(from[0]);
      to[n / 2] = static_cast<std::byte>(from[n / 2]);
      to[n - 1] = static_cast<std::byte>(from[n - 1]);
    }
  }
  struct Bytes16 {
    std::uint64_t words[2];
  };
  // The first and the last sizeof(Part) of n bytes, which may overlap.
  template <class Part>
  MICROMEGAS_INLINE static void copy_ends(std::byte* to, const char* from, std::size_t n) noexcept {
    Part head;
    Part tail;
    std::memcpy(&head, from, sizeof(Part));
    std::memcpy(&tail, from + n - sizeof(Part), sizeof(Part));
    std::memcpy(to, &head, sizeof(Part));
    std::memcpy(to + n - sizeof(Part), &tail, sizeof(Part));
  }

  std::byte* at_;
};

// One event being written: room, values, publish.
//
//   Writer w(QueueKind::kEvents, bytes, EventKind::kLog);
//   if (!w) return;                       // dropped, and counted
//   w.header(id, RecordKind::kLog, kNoFlags);
//   w.number(42);
//   w.publish();
class Writer : public RecordWriter {
 public:
  // `reserve`: bytes that must stay free behind the record. `events`: how many events are lost if
  // there is no room (a begin takes its end with it).
  // `thread`: micromegas_v0_thread.state, if that is at hand.
  MICROMEGAS_INLINE Writer(QueueKind queue, std::uint32_t bytes, EventKind kind,
                           std::uint32_t reserve = 0, std::uint32_t events = 1,
                           ThreadState* thread = micromegas_v0_thread.state) noexcept
      : RecordWriter(nullptr), thread_(thread), queue_(queue), bytes_(bytes), kind_(kind) {
    if (__builtin_expect(!has_room(reserve), 0)) {
      if (!micromegas_v0_make_room(queue, bytes + reserve, kind, events)) return;
      thread_ = micromegas_v0_thread.state;
      position_ = place().position;
    }
    start();
  }

  // Only if there is room: calls nothing, drops nothing, counts nothing.
  struct IfRoom {};
  MICROMEGAS_INLINE Writer(QueueKind queue, std::uint32_t bytes, EventKind kind, IfRoom /*if_room*/,
                           std::uint32_t reserve = 0) noexcept
      : RecordWriter(nullptr),
        thread_(micromegas_v0_thread.state),
        queue_(queue),
        bytes_(bytes),
        kind_(kind) {
    if (__builtin_expect(!has_room(reserve), 0)) return;
    start();
  }

  MICROMEGAS_INLINE explicit operator bool() const noexcept { return has_room_; }

  MICROMEGAS_INLINE void header(std::uint32_t id, RecordKind kind, std::uint8_t flags) noexcept {
    store64(at_, header_word(id, kind, flags, bytes_));
    store64(at_ + 8, event_ticks(*thread_));
    at_ += kRecordHeaderBytes;
  }
  void header_at(std::uint32_t id, RecordKind kind, std::uint8_t flags,
                 std::uint64_t time) noexcept {
    store64(at_, header_word(id, kind, flags, bytes_));
    store64(at_ + 8, time);
    at_ += kRecordHeaderBytes;
  }
  MICROMEGAS_INLINE void publish() noexcept {
    publish_uncounted();
    count(thread_->recorded[static_cast<std::size_t>(kind_)]);
  }
  MICROMEGAS_INLINE void publish_uncounted() noexcept {
    advance(*thread_, queue_, position_ + bytes_);
  }

 private:
  [[nodiscard]] MICROMEGAS_INLINE QueuePlace& place() const noexcept {
    return micromegas_v0_thread.queues[static_cast<std::size_t>(queue_)];
  }
  MICROMEGAS_INLINE bool has_room(std::uint32_t reserve) noexcept {
    position_ = place().position;
    return offset_of(position_) + bytes_ + reserve <= kSegmentBytes;
  }
  MICROMEGAS_INLINE void start() noexcept {
    has_room_ = true;
    at_ = place().segment->at(offset_of(position_));
    fetch_ahead(at_);
  }

  ThreadState* thread_;
  std::uint64_t position_;
  QueueKind queue_;
  std::uint32_t bytes_;
  EventKind kind_;
  bool has_room_ = false;
};

// A log being written, if there is room: the values, then publish(). The values first, and the
// thread last: what is not needed yet, or no longer while the counter is read, takes no register,
// and each less is one less to save.
class LogWriter : public RecordWriter {
 public:
  MICROMEGAS_INLINE explicit LogWriter(std::uint32_t bytes) noexcept : RecordWriter(nullptr) {
    const QueuePlace& place = micromegas_v0_thread.queues[kQueue];
    position_ = place.position;
    const std::uint32_t offset = offset_of(position_);
    if (__builtin_expect(offset + bytes > kSegmentBytes, 0)) return;
    has_room_ = true;
    begin_ = place.segment->at(offset);
    bytes_ = bytes;
    fetch_ahead(begin_);
    at_ = begin_ + kRecordHeaderBytes;
  }
  MICROMEGAS_INLINE explicit operator bool() const noexcept { return has_room_; }

  MICROMEGAS_INLINE void publish(std::uint32_t id, std::uint8_t flags) noexcept {
    store64(begin_, header_word(id, RecordKind::kLog, flags, bytes_));
    ThreadState& state = *micromegas_v0_thread.state;
    store64(begin_ + 8, event_ticks(state));
    advance(state, QueueKind::kEvents, position_ + bytes_);
    count(state.recorded[static_cast<std::size_t>(EventKind::kLog)]);
  }

 private:
  static constexpr auto kQueue = static_cast<std::size_t>(QueueKind::kEvents);

  std::byte* begin_ = nullptr;
  std::uint64_t position_ = 0;
  std::uint32_t bytes_ = 0;
  bool has_room_ = false;
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_HOT_H_
