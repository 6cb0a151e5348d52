// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the flush actor does, without its thread and timer: reads the queues, shows live lines, cuts
// blocks and hands them to the sink. One thread at a time.
#ifndef MICROMEGAS_PIPELINE_FLUSH_DRAIN_H_
#define MICROMEGAS_PIPELINE_FLUSH_DRAIN_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "micromegas/pipeline/flush/block_builder.h"
#include "micromegas/pipeline/flush/captures.h"
#include "micromegas/pipeline/flush/clock_model.h"
#include "micromegas/pipeline/flush/flush_actor.h"
#include "micromegas/pipeline/flush/image_stream.h"
#include "micromegas/pipeline/flush/live_lines.h"
#include "micromegas/pipeline/flush/record_events.h"
#include "micromegas/pipeline/flush/sample_hold.h"
#include "micromegas/pipeline/flush/span_history.h"
#include "micromegas/pipeline/flush/thread_context.h"
#include "micromegas/pipeline/flush/thread_stream.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/event_sink.h"

namespace micromegas::pipeline {

class Drain {
 public:
  Drain(const FlushOptions& options, std::shared_ptr<EventSink> sink,
        std::shared_ptr<const ProcessInfo> process, const ClockModel& model, PublishedClock& clock);

  void startup();
  // Reads what is there, shows live lines, cuts the blocks that are due.
  void tick();
  // As tick(), and cuts everything. Spans that are held back for a window stay so.
  void cut_all();
  // As cut_all(), and decides about those.
  void flush();
  // As flush(), and ends the sink. The functions above do nothing afterwards.
  void shutdown();

  // Whether the last tick found so much that the next should come soon.
  [[nodiscard]] bool busy() const noexcept { return busy_; }

  // What is held in builders, what was handed over and what was dropped here.
  void add_stats(EventStats& stats) const;
  void thread_streams(std::vector<ThreadStream>& out) const;
  // Between cut_all() and the next call: both sides of it are kept apart.
  [[nodiscard]] Captures& captures() noexcept { return captures_; }
  [[nodiscard]] const std::shared_ptr<const ProcessInfo>& process() const noexcept {
    return process_;
  }

 private:
  using Kinds = std::array<std::uint32_t, kEventKinds>;
  struct Unnamed {
    std::uint64_t ticks;
    std::uint32_t offset;  // in logs_
    EventContextPtr context;
  };

  // drain.cc
  std::int64_t now();
  void sync_clock();
  // False: of a thread that outruns the actor, something that was committed before may be unread.
  bool read_all();
  // As queue::Runtime::read_queue(). `block_full`: if there is one, it stops once the logs make a
  // block, and says so.
  bool read_event_queue(queue::ThreadSlot& slot, bool* block_full);
  bool read_span_queue(queue::ThreadSlot& slot);
  void end_elsewhere();
  void drop(EventKind kind, DropReason reason) noexcept;
  void ask_whether_full() noexcept;

  // drain_events.cc
  void read_events(queue::ThreadSlot& slot, const std::byte* records, std::size_t bytes);
  void add_log(queue::ThreadSlot& slot, const queue::RecordReader& record, const std::byte* bytes,
               std::int64_t time, const EventContextPtr& context);
  void add_to_captures(const queue::ThreadSlot& slot, const queue::RecordReader& record,
                       const std::byte* bytes, std::int64_t time, const EventContextPtr& context);
  void emit_aggregates(std::int64_t at, std::chrono::milliseconds patience);
  void count_missed(std::size_t histograms) noexcept;
  void read_images();
  void cut_full_events() noexcept;

  // drain_spans.cc
  void read_spans(queue::ThreadSlot& slot, const std::byte* records, std::size_t bytes);
  // Null: there is none, and none may be made.
  ThreadStreamState* thread_stream(queue::ThreadSlot& slot, bool may_make, std::int64_t first_time);
  void finish_thread(queue::ThreadSlot* slot);
  void cut_full_thread(ThreadStreamState& stream) noexcept;
  void say_wrong_time() noexcept;

  // drain_context.cc
  void read_context(ThreadContext& context, queue::RecordReader record);
  void take_process_contexts() noexcept;
  void forget_process_contexts(std::uint64_t pass_begin);
  EventContextPtr context_of(queue::ThreadSlot& slot, queue::QueueKind queue, std::uint64_t ticks);

  // drain_log_origin.cc
  // Whether nothing was left unread.
  struct Read {
    bool events;
    bool spans;
  };
  Read read_with_origin(queue::ThreadSlot& slot);
  [[nodiscard]] bool outruns(std::size_t log_blocks) const;
  EventContextPtr origin_of(queue::ThreadSlot& slot, const EventContextPtr& context);
  bool read_spans_of_logs(queue::ThreadSlot& slot);
  void leave_unnamed() noexcept;
  void name_logs(const SpanHistory& spans, std::uint64_t until);
  void name_log(const SpanHistory& spans, const Unnamed& log);
  void read_logs_before(queue::ThreadSlot& slot, SpanHistory& spans, std::uint64_t ticks);
  void note_span(queue::ThreadSlot& slot, const ThreadStreamState& stream, std::uint64_t ticks);

  // drain_cut.cc
  template <class Builder>
  [[nodiscard]] bool due(const Builder& builder, std::size_t limit, std::int64_t now,
                         std::chrono::nanoseconds period) const;
  void cut_due(bool everything);
  void cut_logs();
  void cut_full_logs();
  void cut_metrics();
  void cut_thread(ThreadStreamState& stream);
  void cut_images();
  void decide_samples(bool now_or_never);
  void forget_windows();
  void give_spans(SampleHold::Block& block, bool wanted);
  void end_stream(const SampledStream& stream);
  template <class F>
  void hand_over(const Kinds& kinds, F call) noexcept;

  queue::Runtime& runtime_;
  FlushOptions options_;
  std::shared_ptr<EventSink> sink_;
  std::shared_ptr<const ProcessInfo> process_;
  ClockModel model_;
  PublishedClock& clock_;
  std::int64_t next_sync_ = 0;
  std::int64_t next_aggregates_;

  LogStream log_info_;
  MetricsStream metrics_info_;
  BlockBuilder logs_;
  BlockBuilder metrics_;
  ImageStreamState images_;
  std::unordered_map<std::uint32_t, std::unique_ptr<ThreadStreamState>> threads_;  // by uid

  LiveLines live_;  // in logs_
  Captures captures_;

  // What events carry. Empty as long as nobody has set a context.
  struct Carried {
    ThreadContext of[queue::kQueueKinds];
    EventContextPtr thread;       // its id and name
    EventContextPtr origin_base;  // `origin` is this and `thread`
    EventContextPtr origin;
    SpanHistory spans;
    std::uint64_t last_read = 0;  // ticks, when the read before began
  };
  std::unordered_map<std::uint32_t, Carried> carried_;   // by uid
  std::vector<queue::ProcessContext> process_contexts_;  // oldest first
  std::uint64_t process_contexts_seen_ = 0;
  std::uint64_t last_pass_ = 0;  // ticks, when it began
  EventReader context_reader_;
  NamedContexts span_names_;
  std::vector<Unnamed> unnamed_;   // logs of one thread whose span is not known yet
  bool read_logs_before_ = false;  // while its spans were read

  SampleHold samples_;

  std::vector<queue::ThreadSlot*> slots_;  // scratch
  std::vector<std::shared_ptr<Image>> new_images_;
  std::vector<queue::EndedElsewhere> ended_elsewhere_;
  std::vector<std::uint32_t> behind_;  // uids of threads whose spans were not read to the end
  queue::LateEnds late_ends_;
  bool busy_ = false;
  bool said_wrong_time_ = false;
  bool ending_ = false;
  bool ended_ = false;

  std::array<std::uint64_t, kEventKinds> handed_{};
  std::array<std::array<std::uint64_t, kDropReasons>, kEventKinds> dropped_{};
  std::array<std::uint64_t, kEventKinds> aggregated_{};  // metrics made of counters, histograms
  std::array<std::uint64_t, kEventKinds> sampled_out_{};
  std::uint64_t invented_ = 0;  // span ends that were written for the application
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_DRAIN_H_
