// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/captures.h"

#include <utility>

#include "micromegas/pipeline/flush/make_stream.h"
#include "micromegas/platform/diagnostics.h"

namespace micromegas::pipeline {
namespace {

template <class F>
void guarded(F call) noexcept {
  try {
    call();
  } catch (...) {
    diagnose("capture.failed", "a test's recorder missed something: out of memory?");
  }
}

}  // namespace

Captures::Capture::Capture(std::shared_ptr<EventSink> s, bool all, const ProcessInfo& process)
    : sink(std::move(s)),
      all_threads(all),
      log_stream(make_stream<LogStream>(process.process_id, StreamKind::kLog)),
      metrics_stream(make_stream<MetricsStream>(process.process_id, StreamKind::kMetrics)),
      logs(process.process_id, log_stream.stream_id, process.start_time, /*merged=*/true),
      metrics(process.process_id, metrics_stream.stream_id, process.start_time, /*merged=*/true),
      images(process.process_id, process.start_time) {}

Captures::Capture* Captures::find(const EventSink* sink) noexcept {
  for (const auto& capture : captures_) {
    if (capture->sink.get() == sink) return capture.get();
  }
  return nullptr;
}

void Captures::add(std::shared_ptr<EventSink> sink, bool all_threads,
                   std::shared_ptr<const ProcessInfo> process) {
  auto capture = std::make_unique<Capture>(std::move(sink), all_threads, *process);
  capture->sink->on_startup(std::move(process));
  capture->sink->on_init_log_stream(capture->log_stream);
  capture->sink->on_init_metrics_stream(capture->metrics_stream);
  captures_.push_back(std::move(capture));
}

void Captures::remove(const EventSink* sink) {
  std::erase_if(captures_, [sink](const auto& capture) { return capture->sink.get() == sink; });
}

void Captures::add_thread(const EventSink* sink, std::uint64_t thread_id) {
  if (Capture* capture = find(sink)) capture->threads.insert(thread_id);
}

void Captures::remove_thread(const EventSink* sink, std::uint64_t thread_id) {
  Capture* const capture = find(sink);
  if (capture == nullptr) return;
  const auto found = capture->threads.find(thread_id);
  if (found != capture->threads.end()) capture->threads.erase(found);
}

void Captures::add_event(std::uint64_t thread_id, const std::byte* record, std::size_t bytes,
                         std::int64_t time, EventKind kind,
                         const EventContextPtr& context) noexcept {
  for (const auto& capture : captures_) {
    if (!capture->wants(thread_id)) continue;
    guarded([&] {
      BlockBuilder& builder = kind == EventKind::kLog ? capture->logs : capture->metrics;
      builder.add(record, bytes, time, kind, context);
    });
  }
}

void Captures::add_thread_block(const ThreadStream& stream, std::uint64_t thread_id,
                                const std::shared_ptr<const ThreadBlock>& block) noexcept {
  for (const auto& capture : captures_) {
    if (!capture->wants(thread_id)) continue;
    guarded([&] {
      if (capture->announced.insert(stream.stream_id).second) {
        capture->sink->on_init_thread_stream(stream);
      }
      capture->sink->on_process_thread_block(block);
    });
  }
}

void Captures::add_image(const std::shared_ptr<const Image>& image) noexcept {
  for (const auto& capture : captures_) {
    if (capture->wants(image->thread_id)) guarded([&] { capture->images.add(image); });
  }
}

void Captures::cut(std::int64_t now) noexcept {
  for (const auto& capture : captures_) {
    guarded([&] {
      if (!capture->logs.empty()) {
        BlockBuilder::Cut cut = capture->logs.cut(now);
        capture->sink->on_process_log_block(
            std::make_shared<const LogBlock>(cut.header, std::move(cut.records)));
      }
      if (!capture->metrics.empty()) {
        BlockBuilder::Cut cut = capture->metrics.cut(now);
        const auto integers = cut.kinds[static_cast<std::size_t>(EventKind::kIntegerMetric)];
        capture->sink->on_process_metrics_block(std::make_shared<const MetricsBlock>(
            cut.header, std::move(cut.records), static_cast<std::int32_t>(integers)));
      }
      if (!capture->images.empty()) {
        if (!capture->images.announced) {
          capture->images.announced = true;
          capture->sink->on_init_image_stream(capture->images.info());
        }
        capture->sink->on_process_image_block(capture->images.cut(now));
      }
    });
  }
}

void Captures::end() noexcept {
  for (const auto& capture : captures_) guarded([&] { capture->sink->on_shutdown(); });
  captures_.clear();
}

}  // namespace micromegas::pipeline
