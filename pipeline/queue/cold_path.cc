// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What hot.h declares and its inline functions call or share: variables, and the functions of the
// cold path.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/queue/next_segment.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/queue/site_word.h"

// Every instrumented shared library defines them too: for AddressSanitizer, no violation to report.
#if defined(__clang__)
#define MICROMEGAS_MANY_COPIES_ __attribute__((no_sanitize("address")))
#else
#define MICROMEGAS_MANY_COPIES_
#endif

extern "C" {

// Itanium C++ ABI: Exception Handling, 2.2.2: each thread has one of these, as long as it lives.
// Declared here, as libc++abi's <cxxabi.h> does not.
struct MicromegasEhGlobals {
  void* caught_exceptions;
  unsigned uncaught_exceptions;
};
MicromegasEhGlobals* __cxa_get_globals() noexcept;  // NOLINT(bugprone-reserved-identifier)

// What a thread that has not recorded yet writes into: nothing fits.
MICROMEGAS_MANY_COPIES_ constinit micromegas::queue::Segment micromegas_v0_no_segment{};
MICROMEGAS_MANY_COPIES_ constinit micromegas::queue::ThreadState micromegas_v0_nobody{
    .queues = {{&micromegas_v0_no_segment, micromegas::queue::kSegmentBytes},
               {&micromegas_v0_no_segment, micromegas::queue::kSegmentBytes}},
    .open_spans = micromegas::queue::kMaxOpenSpans};

MICROMEGAS_MANY_COPIES_ constinit micromegas::queue::HotPage micromegas_v0_hot_page{};

constinit thread_local micromegas::queue::ThisThread micromegas_v0_thread{
    &micromegas_v0_nobody,
    {{&micromegas_v0_no_segment, micromegas::queue::kSegmentBytes},
     {&micromegas_v0_no_segment, micromegas::queue::kSegmentBytes}}};

}  // extern "C"

namespace micromegas::queue {

namespace {
alignas(Runtime) std::byte g_runtime_memory[sizeof(Runtime)];
}  // namespace

// Reaches the private half of Runtime from the cold functions of hot.h.
struct ColdPath {
  // Not inlined: what comes before it stays small, and saves no registers for it.
  __attribute__((noinline)) static bool make_room(QueueKind queue, std::uint32_t bytes,
                                                  EventKind kind, std::uint32_t events) noexcept {
    return Runtime::get().make_room(queue, bytes, kind, events);
  }
  static void drop(EventKind kind, DropReason reason, std::uint32_t events) noexcept {
    Runtime::get().drop(kind, reason, events);
  }
  static void end_out_of_place(std::uint32_t id, RecordKind kind, std::uint64_t begun) noexcept {
    Runtime::get().end_out_of_place(id, kind, begun);
  }
  static void async_end_without_room(std::uint64_t (&head)[5], const std::byte* rest,
                                     std::uint32_t bytes, bool has_properties) noexcept {
    Runtime::get().async_end_without_room(head, rest, bytes, has_properties);
  }
  static bool may_open_span() noexcept { return Runtime::get().may_open_span(); }
  static void span_held(std::uint32_t before) noexcept { Runtime::get().span_held(before); }
  static void count_left_out() noexcept { Runtime::get().count_left_out(); }
  template <class Decide>
  static bool refresh(SiteWord& word, Decide decide) noexcept {
    const std::uint32_t decision = Runtime::get().decide(decide);
    cache_decision(word, decision);
    return (decision & 1U) != 0;
  }
  static Runtime* make() { return new (g_runtime_memory) Runtime; }
};

namespace {
template <class Add>
std::uint32_t register_site(SiteWord& word, Add add) noexcept {
  try {
    const std::uint32_t id = add(Runtime::get().catalogue());
    if (id != 0) cache_id(word, id);
    return id;
  } catch (...) {
    return 0;
  }
}
}  // namespace

}  // namespace micromegas::queue

using micromegas::queue::ColdPath;
using micromegas::queue::Filters;
using micromegas::queue::Runtime;

extern "C" {

MICROMEGAS_MANY_COPIES_ constinit std::atomic<std::uint32_t> micromegas_v0_session{0};

constinit thread_local micromegas::queue::SpanScope micromegas_v0_span_scope{};

constinit thread_local std::uint32_t micromegas_v0_open_scopes = 0;

MICROMEGAS_SHARED void* micromegas_v0_runtime() noexcept {
  static Runtime* const runtime = ColdPath::make();
  return runtime;
}

MICROMEGAS_COLD bool micromegas_v0_refresh_log(const micromegas::LogMetadata* m) noexcept {
  return ColdPath::refresh(
      m->word, [m](const Filters& filters) { return filters.allows(m->level, m->target); });
}

MICROMEGAS_COLD bool micromegas_v0_refresh_metric(
    const micromegas::StaticMetricMetadata* m) noexcept {
  return ColdPath::refresh(m->word, [m](const Filters& filters) {
    return micromegas::allows(filters.max_verbosity, m->verbosity);
  });
}

MICROMEGAS_COLD bool micromegas_v0_refresh_span(const micromegas::SpanLocation* l) noexcept {
  return ColdPath::refresh(l->word, [l](const Filters& filters) {
    return filters.spans && micromegas::allows(filters.max_verbosity, l->verbosity);
  });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_log(
    const micromegas::LogMetadata* m, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(
      m->word, [&](auto& catalogue) { return catalogue.add_log(*m, *args); });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_metric(
    const micromegas::StaticMetricMetadata* m, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(
      m->word, [&](auto& catalogue) { return catalogue.add_metric(*m, *args); });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_span(
    const micromegas::SpanMetadata* m, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(m->location.word, [&](auto& catalogue) {
    return catalogue.add_span(m->name, m->location, *args);
  });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_location(
    const micromegas::SpanLocation* l, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(
      l->word, [&](auto& catalogue) { return catalogue.add_span({}, *l, *args); });
}

MICROMEGAS_COLD std::uint32_t micromegas_v0_register_properties(
    micromegas::SiteWord* word, const micromegas::queue::ArgList* args) noexcept {
  return micromegas::queue::register_site(
      *word, [&](auto& catalogue) { return catalogue.add_properties(*args); });
}

// Not cold: next_segment() is all that most calls run, and lies here whole.
__attribute__((noinline, aligned(64))) bool micromegas_v0_make_room(
    micromegas::queue::QueueKind queue, std::uint32_t bytes, micromegas::EventKind kind,
    std::uint32_t events) noexcept {
  if (__builtin_expect(micromegas::queue::next_segment(queue, bytes), 1)) return true;
  return ColdPath::make_room(queue, bytes, kind, events);
}

MICROMEGAS_COLD const unsigned* micromegas_v0_find_uncaught_exceptions() noexcept {
  const unsigned* const count = &__cxa_get_globals()->uncaught_exceptions;
  micromegas_v0_thread.uncaught_exceptions = count;
  return count;
}

MICROMEGAS_COLD std::uint64_t micromegas_v0_new_span_ids() noexcept {
  return Runtime::get().new_span_ids();
}

MICROMEGAS_COLD void micromegas_v0_drop(micromegas::EventKind kind, micromegas::DropReason reason,
                                        std::uint32_t events) noexcept {
  ColdPath::drop(kind, reason, events);
}

MICROMEGAS_COLD void micromegas_v0_end_out_of_place(std::uint32_t id,
                                                    micromegas::queue::RecordKind kind,
                                                    std::uint64_t begun) noexcept {
  ColdPath::end_out_of_place(id, kind, begun);
}

MICROMEGAS_COLD void* micromegas_v0_aggregate_cell(const micromegas::StaticMetricMetadata* m,
                                                   bool histogram,
                                                   std::uint32_t property_set) noexcept {
  using micromegas::queue::AggregateKind;
  return Runtime::get().aggregate_cell(
      *m, histogram ? AggregateKind::kHistogram : AggregateKind::kCounter, property_set);
}

void micromegas_v0_send_image(micromegas::Image* image) noexcept {
  Runtime::get().send_image(std::move(*image));
}

MICROMEGAS_COLD void micromegas_v0_async_end_without_room(std::uint64_t (*head)[5],
                                                          const std::byte* rest,
                                                          std::uint32_t bytes,
                                                          bool has_properties) noexcept {
  ColdPath::async_end_without_room(*head, rest, bytes, has_properties);
}

MICROMEGAS_COLD bool micromegas_v0_may_open_span() noexcept { return ColdPath::may_open_span(); }

MICROMEGAS_COLD void micromegas_v0_span_held(std::uint32_t before) noexcept {
  ColdPath::span_held(before);
}

MICROMEGAS_COLD micromegas::queue::ThreadState* micromegas_v0_enter_track(
    micromegas::queue::TrackData* track, std::uint32_t events) noexcept {
  return Runtime::get().enter_track(*track, events);
}

MICROMEGAS_COLD void micromegas_v0_leave_track(micromegas::queue::TrackData* track,
                                               micromegas::queue::ThreadState* before) noexcept {
  Runtime::leave_track(*track, before);
}

MICROMEGAS_COLD void micromegas_v0_close_track(micromegas::queue::TrackData* track) noexcept {
  Runtime::get().close_track(*track);
}

MICROMEGAS_COLD void micromegas_v0_count_cut() noexcept { Runtime::get().count_cut(); }

MICROMEGAS_COLD void micromegas_v0_count_lost_properties() noexcept {
  Runtime::get().count_lost_properties();
}

void micromegas_v0_count_left_out() noexcept { ColdPath::count_left_out(); }

MICROMEGAS_COLD void micromegas_v0_wait_for_live_sinks() noexcept {
  Runtime::get().wait_for_live_sinks();
}

}  // extern "C"

namespace micromegas::queue {
Runtime& Runtime::get() noexcept { return *static_cast<Runtime*>(micromegas_v0_runtime()); }
}  // namespace micromegas::queue

namespace micromegas::detail {
bool records_anything() noexcept { return queue::Runtime::get().running(); }
void count_left_out() noexcept { micromegas_v0_count_left_out(); }  // of rate.h
}  // namespace micromegas::detail
