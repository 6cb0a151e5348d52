// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/drain.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "micromegas/pipeline/flush/guarded.h"
#include "micromegas/pipeline/flush/make_stream.h"
#include "micromegas/pipeline/flush/redaction.h"
#include "micromegas/pipeline/queue/index.h"
#include "micromegas/platform/clock.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {

using queue::index;

namespace {

constexpr std::int64_t kSyncEvery = 1'000'000'000;  // ns
constexpr std::size_t kBusySegments = 4;            // full segments in one tick
// For a thread that is interrupted while it adds to a histogram, at a flush and at the end.
constexpr std::chrono::milliseconds kPatience{5};
constexpr std::chrono::milliseconds kLastPatience{100};

}  // namespace

Drain::Drain(const FlushOptions& options, std::shared_ptr<EventSink> sink,
             std::shared_ptr<const ProcessInfo> process, const ClockModel& model,
             PublishedClock& clock)
    : runtime_(queue::Runtime::get()),
      options_(options),
      sink_(std::move(sink)),
      process_(std::move(process)),
      model_(model),
      clock_(clock),
      next_aggregates_(process_->start_time + std::chrono::nanoseconds(options.period).count()),
      log_info_(make_stream<LogStream>(process_->process_id, StreamKind::kLog)),
      metrics_info_(make_stream<MetricsStream>(process_->process_id, StreamKind::kMetrics)),
      logs_(process_->process_id, log_info_.stream_id, process_->start_time, /*merged=*/true),
      metrics_(process_->process_id, metrics_info_.stream_id, process_->start_time,
               /*merged=*/true),
      images_(process_->process_id, process_->start_time),
      live_(runtime_.catalogue(), logs_, *sink_, current_redactor()),
      context_reader_(runtime_.catalogue()) {}

void Drain::ask_whether_full() noexcept {
  if (options_.full) guarded("fill level", [&] { runtime_.set_full(options_.full()); });
}

void Drain::startup() {
  guarded("on_startup", [&] { sink_->on_startup(process_); });
  guarded("on_init_log_stream", [&] { sink_->on_init_log_stream(log_info_); });
  guarded("on_init_metrics_stream", [&] { sink_->on_init_metrics_stream(metrics_info_); });
}

std::int64_t Drain::now() { return model_.to_ns(read_ticks()); }

void Drain::sync_clock() {
  const std::int64_t at = now();
  const bool set_back = at < next_sync_ - 2 * kSyncEvery;  // the counter: suspended, restored
  if (at < next_sync_ && !set_back) return;
  if (set_back) {
    take_process_contexts();
    for (queue::ProcessContext& context : process_contexts_) context.ticks = 0;  // all are before
  }
  model_.sync(sample_clock());
  clock_.publish(model_);
  next_sync_ = now() + kSyncEvery;
}

void Drain::tick() {
  if (ended_) return;
  sync_clock();
  read_all();
  if (const std::int64_t at = now(); at >= next_aggregates_) {
    emit_aggregates(at, std::chrono::milliseconds(0));
    if (!metrics_.empty()) cut_metrics();
  }
  cut_due(false);
  decide_samples(false);
  forget_windows();
  ask_whether_full();
  captures_.cut(now());
  runtime_.tend_pool();
}

void Drain::cut_all() {
  if (ended_) return;
  sync_clock();
  // What was committed before the first time is full or live by the second.
  if (!read_all()) read_all();
  emit_aggregates(now(), ending_ ? kLastPatience : kPatience);
  cut_due(true);
  decide_samples(false);
  forget_windows();
  captures_.cut(now());
}

void Drain::flush() {
  if (ended_) return;
  cut_all();
  decide_samples(true);
}

void Drain::shutdown() {
  ending_ = true;
  try {
    flush();
  } catch (...) {
    diagnose("flush.failed", "the last events could not be made into blocks: out of memory?");
  }
  ended_ = true;
  captures_.end();
  guarded("on_shutdown", [&] { sink_->on_shutdown(); });
}

// --- reading ---

bool Drain::read_all() {
  bool all = true;
  const std::uint64_t pass_begin = read_ticks();
  busy_ = runtime_.collect_full() >= kBusySegments;
  runtime_.take_ended_elsewhere(ended_elsewhere_);  // before their begins are read
  runtime_.threads(slots_);
  behind_.clear();
  behind_.reserve(slots_.size());
  for (queue::ThreadSlot* slot : slots_) {
    // Before the queues: what a thread recorded before it retired is then seen below.
    const bool retired = slot->retired.load(std::memory_order_acquire);
    const Read read = options_.log_origin
                          ? read_with_origin(*slot)
                          : Read{read_event_queue(*slot, nullptr), read_span_queue(*slot)};
    if (!read.spans) behind_.push_back(slot->state.uid);
    all = all && read.events && read.spans;
    if (retired && read.events && read.spans) finish_thread(slot);
  }
  if (queue::ThreadSlot* slot = runtime_.take_late_ends(late_ends_)) {
    read_spans(*slot, late_ends_.records.data(), late_ends_.records.size());
    late_ends_.records.clear();
    late_ends_.count = 0;
  }
  end_elsewhere();
  if (all) forget_process_contexts(pass_begin);
  runtime_.room_made();
  live_.show();
  read_images();
  return all;
}

bool Drain::read_event_queue(queue::ThreadSlot& slot, bool* block_full) {
  return runtime_.read_queue(slot, queue::QueueKind::kEvents,
                             [&](const std::byte* records, std::size_t bytes) {
                               read_events(slot, records, bytes);
                               if (block_full == nullptr) return true;
                               *block_full = logs_.full(options_.log_block_bytes);
                               return !*block_full;
                             });
}

bool Drain::read_span_queue(queue::ThreadSlot& slot) {
  return runtime_.read_queue(slot, queue::QueueKind::kSpans,
                             [&](const std::byte* records, std::size_t bytes) {
                               read_spans(slot, records, bytes);
                               return true;
                             });
}

// Those of a thread that is behind wait: their begins may be unread, and an earlier span of the
// same depth still be open.
void Drain::end_elsewhere() {
  std::erase_if(ended_elsewhere_, [&](const queue::EndedElsewhere& span) {
    if (std::find(behind_.begin(), behind_.end(), span.thread_uid) != behind_.end()) return false;
    const auto found = threads_.find(span.thread_uid);
    if (found != threads_.end()) invented_ += found->second->abandon(span.id, span.depth);
    return true;
  });
}

void Drain::drop(EventKind kind, DropReason reason) noexcept {
  ++dropped_[index(kind)][static_cast<std::size_t>(reason)];
}

// --- asked by others ---

void Drain::add_stats(EventStats& stats) const {
  const auto add_builder = [&](const BlockBuilder& builder) {
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
      stats[kind].held += builder.counts()[kind];
    }
  };
  add_builder(logs_);
  add_builder(metrics_);
  stats[index(EventKind::kImage)].held += images_.count();
  stats[index(EventKind::kAsyncSpan)].held += late_ends_.count;
  for (const auto& [uid, stream] : threads_) add_builder(stream->builder());
  samples_.add_held(stats);
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    stats[kind].recorded += aggregated_[kind];
    stats[kind].sampled_out += sampled_out_[kind];
    stats[kind].delivered += handed_[kind];
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      stats[kind].dropped[reason] += dropped_[kind][reason];
    }
  }
  stats[index(EventKind::kSpan)].recorded += invented_;
}

void Drain::thread_streams(std::vector<ThreadStream>& out) const {
  for (const auto& [uid, stream] : threads_) out.push_back(stream->info());
}

}  // namespace micromegas::pipeline