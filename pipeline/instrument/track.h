// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A track: a stream of spans that are not a thread's, such as a GPU's or a disk's.
//
//   micromegas::Track gpu("gpu");
//   gpu.begin("frame", "number"_k = n);
//   gpu.span("shadows", began, ended);  // times of micromegas::now()
//   gpu.end();
//
// Shown like a thread of that name. Spans nest and come in the order of their times: one that is
// given a begin before the latest time of its track is dropped, and so is an end without a begin,
// and what begins over an hour before the start or a minute ahead of now; all are counted
// (kInvalid). Any thread; a call waits for others to the same track. On wasm32 another header
// stands under this name (wasm/include).
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_TRACK_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_TRACK_H_

#include <cstdint>
#include <string_view>

#include "micromegas/pipeline/instrument/async_recorder.h"

namespace micromegas {

class Track {
 public:
  // `name`: at most 1 KiB. Its stream begins with its first span.
  explicit Track(std::string_view name) noexcept;
  // Spans that are open end here.
  ~Track();
  Track(const Track&) = delete;
  Track& operator=(const Track&) = delete;

  // To the next end() that is not of a span inside. `name` is copied, at most 1 KiB.
  template <class... Args>
  void begin(std::string_view name, const Args&... properties) {
    begin_at(kNow, name, properties...);
  }
  void end() { end_at(kNow); }

  // Times in nanoseconds, as micromegas::now() gives them.
  template <class... Args>
  void begin_at(std::int64_t time, std::string_view name, const Args&... properties) {
    static_assert(detail::check_properties<Args...>());
    begin_with(time, name, encoded(properties...));
  }
  void end_at(std::int64_t time);
  // A whole one. Not if it ends before it begins.
  template <class... Args>
  void span(std::string_view name, std::int64_t begin_time, std::int64_t end_time,
            const Args&... properties) {
    static_assert(detail::check_properties<Args...>());
    span_with(name, begin_time, end_time, encoded(properties...));
  }

  // Ends the stream, as the destructor does. What comes later is dropped and counted.
  void close() noexcept;

 private:
  static constexpr std::int64_t kNow = INT64_MIN;

  // While it lives, the calling thread records into the track's queue.
  class Entered {
   public:
    // `events`: how many are lost if it cannot be.
    Entered(Track& track, std::uint32_t events) noexcept
        : track_(track), before_(micromegas_v0_enter_track(&track.data_, events)) {}
    ~Entered() {
      if (before_ != nullptr) micromegas_v0_leave_track(&track_.data_, before_);
    }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    explicit operator bool() const noexcept { return before_ != nullptr; }

   private:
    Track& track_;
    queue::ThreadState* before_;
  };

  // Before the track is taken: where the program formats a value, it may come to this or another
  // track.
  template <class... Args>
  static detail::SpanRecords encoded([[maybe_unused]] const Args&... properties) {
    detail::SpanRecords records;
    if constexpr (sizeof...(Args) != 0) {
      if (!records_spans()) return records;
      AsyncSpan::encode(
          [&records](std::uint32_t id, auto set, auto&&... values) {
            if (!records.put(id, set, values...)) micromegas_v0_count_lost_properties();
          },
          properties...);
    }
    return records;
  }

  static bool records_spans() noexcept;
  static std::uint32_t site() noexcept;
  static void drop(std::uint32_t events) noexcept {
    micromegas_v0_drop(EventKind::kSpan, DropReason::kInvalid, events);
  }
  void begin_with(std::int64_t time, std::string_view name,
                  const detail::SpanRecords& properties) noexcept;
  void span_with(std::string_view name, std::int64_t begin_time, std::int64_t end_time,
                 const detail::SpanRecords& properties) noexcept;
  void begin_inside(std::int64_t time, std::string_view name,
                    const detail::SpanRecords& properties) noexcept;
  void end_inside(std::int64_t time) noexcept;

  queue::TrackData data_;
  std::uint32_t skipped_ = 0;  // open ones that are not recorded, inside those that are
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_TRACK_H_
