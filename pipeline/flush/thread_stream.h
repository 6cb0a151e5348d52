// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The spans of one thread on their way into blocks: keeps the stack of open spans, so that what
// leaves always nests. A guard that ended out of order (on the heap, on another thread) is repaired
// here. The flush actor's alone.
#ifndef MICROMEGAS_PIPELINE_FLUSH_THREAD_STREAM_H_
#define MICROMEGAS_PIPELINE_FLUSH_THREAD_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/flush/block_builder.h"
#include "micromegas/pipeline/flush/clock_model.h"
#include "micromegas/pipeline/flush/sample_hold.h"
#include "micromegas/pipeline/queue/record.h"
#include "micromegas/pipeline/sink/block.h"

namespace micromegas::pipeline {

class ThreadStreamState {
 public:
  // Between which a track's times may lie: what is outside is of a wrong unit, not of a clock that
  // is a little off.
  struct Bounds {
    std::int64_t earliest;
    std::int64_t latest;
    [[nodiscard]] bool have(std::int64_t time) const noexcept {
      return earliest <= time && time <= latest;
    }
  };
  static constexpr Bounds kNoBounds{std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()};

  // `track`: its times are the program's (instrument/track.h), and what does not fit is dropped. A
  // thread's are the counter's, which may differ a little between processors: they are moved.
  ThreadStreamState(const StreamInfo& info, std::int64_t begin_time, bool track = false);

  struct Added {
    bool lost_properties = false;  // their span is not open, or has too many
    std::uint32_t invented = 0;    // ends written for spans that were left open inside this one
    std::optional<DropReason> dropped;  // kInvalid: an end whose begin is not open, or a time that
                                        // does not fit; kQueueFull: no memory
  };
  // One record of the thread's span queue, in order. `context`: what a span that begins carries.
  // `bounds`: of a track.
  Added add(const queue::RecordReader& record, const std::byte* bytes, std::int64_t time,
            const EventContextPtr& context = {}, const Bounds& bounds = kNoBounds) noexcept;

  // The same for those at the front that say nothing but begin and end, which are most: returns
  // how many there were, each queue::kRecordHeaderBytes. None may carry a context.
  std::size_t add_plain(const std::byte* records, std::size_t bytes,
                        const ClockModel& clock) noexcept;

  // Of the innermost open span: its id, and its name if that was given at run time.
  [[nodiscard]] bool has_open_span() const noexcept { return !stack_.empty(); }
  [[nodiscard]] std::uint32_t open_span_id() const noexcept { return stack_.back().id; }
  [[nodiscard]] std::optional<std::string_view> open_span_name() const noexcept {
    if (!stack_.back().named) return std::nullopt;
    return stack_.back().more->name;
  }

  // The guard of the span with this begin, at this depth from 1, has ended on another thread: it
  // ends with the last of those inside it. Returns how many ends were written.
  std::uint32_t abandon(std::uint32_t id, std::uint32_t depth) noexcept;

  // When the thread's queue has come to its end. Returns how many ends were written.
  std::uint32_t end_open_spans(std::int64_t time) noexcept;

  [[nodiscard]] BlockBuilder& builder() noexcept { return builder_; }
  [[nodiscard]] const BlockBuilder& builder() const noexcept { return builder_; }
  [[nodiscard]] const ThreadStream& info() const noexcept { return stream->info; }
  const std::shared_ptr<SampledStream> stream;
  std::uint64_t thread_id = 0;  // the kernel's

 private:
  struct More {
    std::string name;
    std::vector<std::byte> properties;  // the records that give it some, as they were queued
    EventContextPtr context;
  };
  struct Open {
    std::uint32_t id;
    std::uint16_t depth;  // as its thread counts: with those that have ended on other threads
    bool named = false;
    bool abandoned = false;
    std::unique_ptr<More> more = {};  // null: there is nothing

    More& with_more() {
      if (more == nullptr) more = std::make_unique<More>();
      return *more;
    }
  };
  bool keep_properties(Open& open, const queue::RecordReader& record, const std::byte* bytes);
  bool add_properties(const queue::RecordReader& record, const std::byte* bytes);
  void begin(const queue::RecordReader& record, const std::byte* bytes, std::int64_t time,
             const EventContextPtr& context);
  // What comes later is not before it. Of a track that has begun with what was refused: nothing
  // yet.
  [[nodiscard]] std::int64_t last_time() const noexcept;
  void end_top(std::int64_t time);
  std::uint32_t end_abandoned(std::int64_t time);

  BlockBuilder builder_;
  std::vector<Open> stack_;
  bool track_;
  std::uint16_t open_ = 0;     // as the thread counts
  std::uint32_t refused_ = 0;  // of a track: open, and dropped for their times
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_THREAD_STREAM_H_
