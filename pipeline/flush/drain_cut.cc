// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Blocks: when one is due, and how it reaches the sink.

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "micromegas/pipeline/flush/drain.h"
#include "micromegas/pipeline/flush/guarded.h"
#include "micromegas/pipeline/queue/index.h"

namespace micromegas::pipeline {

using queue::index;

namespace {

constexpr std::int64_t kFirstBlockAfter = 500'000'000;  // ns: a stream's first block leaves early
// While only windows of spans are wanted, blocks are shorter, so that little comes with them.
constexpr std::chrono::seconds kSampledPeriod{1};

}  // namespace

template <class F>
void Drain::hand_over(const Kinds& kinds, F call) noexcept {
  const bool taken = guarded("block handler", call);
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    (taken ? handed_[kind] : dropped_[kind][static_cast<std::size_t>(DropReason::kSinkFailed)]) +=
        kinds[kind];
  }
  ask_whether_full();
}

template <class Builder>
bool Drain::due(const Builder& builder, std::size_t limit, std::int64_t at,
                std::chrono::nanoseconds period) const {
  if (builder.empty()) return false;
  if (builder.full(limit)) return true;
  const std::int64_t age = at - builder.first_time();
  return age >= period.count() ||
         (builder.blocks() == 0 && age >= std::min<std::int64_t>(kFirstBlockAfter, period.count()));
}

void Drain::cut_due(bool everything) {
  const std::int64_t at = now();
  const std::chrono::nanoseconds period = options_.period;
  const bool sampled = runtime_.sample_windows().mode() == SpanSampling::kWindows;
  const std::chrono::nanoseconds span_period =
      sampled ? std::min<std::chrono::nanoseconds>(period, kSampledPeriod) : period;
  const auto wanted = [&](const auto& builder, std::size_t limit,
                          std::chrono::nanoseconds longest) {
    return everything ? !builder.empty() : due(builder, limit, at, longest);
  };
  if (wanted(logs_, options_.log_block_bytes, period)) cut_logs();
  if (wanted(metrics_, options_.metrics_block_bytes, period)) cut_metrics();
  for (auto& [uid, stream] : threads_) {
    if (wanted(stream->builder(), options_.thread_block_bytes, span_period)) cut_thread(*stream);
  }
  if (wanted(images_, options_.image_block_bytes, period)) cut_images();
}

void Drain::cut_full_logs() {
  if (!logs_.full(options_.log_block_bytes)) return;
  live_.show();
  cut_logs();
}

void Drain::cut_logs() {
  BlockBuilder::Cut cut = logs_.cut(now());
  hand_over(cut.kinds, [&] {
    sink_->on_process_log_block(
        std::make_shared<const LogBlock>(cut.header, std::move(cut.records)));
  });
}

void Drain::cut_metrics() {
  BlockBuilder::Cut cut = metrics_.cut(now());
  const auto integers = static_cast<std::int32_t>(cut.kinds[index(EventKind::kIntegerMetric)]);
  hand_over(cut.kinds, [&] {
    sink_->on_process_metrics_block(
        std::make_shared<const MetricsBlock>(cut.header, std::move(cut.records), integers));
  });
}

void Drain::cut_thread(ThreadStreamState& stream) {
  SampleHold::Block held;
  held.stream = stream.stream;
  held.begin = stream.builder().first_time();
  BlockBuilder::Cut cut = stream.builder().cut(0);
  held.kinds = cut.kinds;
  held.end = cut.header.end_time;
  held.held_since = std::min(held.end, now());
  try {
    const auto asyncs = static_cast<std::int32_t>(cut.kinds[index(EventKind::kAsyncSpan)]);
    held.block = std::make_shared<const ThreadBlock>(cut.header, std::move(cut.records), asyncs);
    captures_.add_thread_block(stream.info(), stream.thread_id, held.block);
    samples_.add(std::move(held));
  } catch (const std::bad_alloc&) {
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
      dropped_[kind][static_cast<std::size_t>(DropReason::kQueueFull)] += cut.kinds[kind];
    }
    return;
  }
  decide_samples(false);
}

// `now_or_never`: what no window has chosen is out.
void Drain::decide_samples(bool now_or_never) {
  queue::SampleWindows& windows = runtime_.sample_windows();
  const bool all = windows.mode() == SpanSampling::kAll;
  if (all && samples_.empty()) return;
  const std::int64_t too_late = now() - std::chrono::nanoseconds(options_.sample_hold).count();
  samples_.decide(
      now_or_never ? std::numeric_limits<std::int64_t>::max() : too_late,
      options_.sample_hold_bytes,
      [&](const SampleHold::Block& block) {
        return all || windows.overlap(block.begin, block.end);
      },
      [&](SampleHold::Block& block, bool wanted) { give_spans(block, wanted); });
}

// Those that no block can overlap any more. After all cuts of a tick.
void Drain::forget_windows() {
  queue::SampleWindows& windows = runtime_.sample_windows();
  if (windows.mode() == SpanSampling::kAll && samples_.empty()) return;
  // What is still in a queue is not older.
  std::int64_t oldest =
      now() - std::chrono::nanoseconds(2 * options_.sample_hold + kSampledPeriod * 5).count();
  oldest = std::min(oldest, samples_.oldest());
  for (auto& [uid, stream] : threads_) {
    if (!stream->builder().empty()) oldest = std::min(oldest, stream->builder().first_time());
  }
  windows.forget_before(oldest);
}

void Drain::give_spans(SampleHold::Block& block, bool wanted) {
  SampledStream& stream = *block.stream;
  if (wanted) {
    if (!stream.announced) {
      stream.announced = true;
      guarded("on_init_thread_stream", [&] { sink_->on_init_thread_stream(stream.info); });
    }
    hand_over(block.kinds, [&] { sink_->on_process_thread_block(std::move(block.block)); });
  } else {
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) sampled_out_[kind] += block.kinds[kind];
  }
  if (stream.ended && stream.held == 0) end_stream(stream);
}

void Drain::end_stream(const SampledStream& stream) {
  if (!stream.announced) return;
  guarded("on_end_thread_stream", [&] { sink_->on_end_thread_stream(stream.info); });
}

void Drain::cut_images() {
  if (!images_.announced) {
    images_.announced = true;
    guarded("on_init_image_stream", [&] { sink_->on_init_image_stream(images_.info()); });
  }
  Kinds kinds{};
  kinds[index(EventKind::kImage)] = static_cast<std::uint32_t>(images_.count());
  const std::size_t bytes = images_.bytes();
  std::shared_ptr<const ImageBlock> block = images_.cut(now());
  hand_over(kinds, [&] { sink_->on_process_image_block(std::move(block)); });
  runtime_.images().release(bytes);
}

}  // namespace micromegas::pipeline
