// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a MemorySink takes out of blocks, and the live lines beside them.

#include <utility>

#include "micromegas/pipeline/sink/memory_sink.h"

namespace micromegas {
namespace {

MemorySink::Log to_log(const LogEvent& event) {
  MemorySink::Log log;
  log.form = event.form;
  log.level = event.level;
  log.time = event.time;
  log.text = event.text;
  log.source.target = event.target;
  log.properties = MemorySink::owned(event.properties);
  if (const LogMetadata* metadata = event.metadata) {
    log.format = metadata->text;
    log.source.function = metadata->function;
    log.source.file = metadata->file;
    log.source.line = metadata->line;
  }
  return log;
}

MemorySink::Metric to_metric(const MetricEvent& event) {
  MemorySink::Metric metric;
  metric.is_float = event.is_float;
  metric.integer = event.integer;
  metric.number = event.number;
  metric.time = event.time;
  metric.name = event.name;
  metric.unit = event.unit;
  metric.properties = MemorySink::owned(event.properties);
  if (const StaticMetricMetadata* metadata = event.metadata) {
    metric.verbosity = metadata->verbosity;
    metric.source.target = metadata->target;
    metric.source.file = metadata->file;
    metric.source.line = metadata->line;
  }
  return metric;
}

MemorySink::Span to_span(const SpanEvent& event, const Uuid& stream_id) {
  MemorySink::Span span;
  span.kind = event.kind;
  span.named = event.named;
  span.time = event.time;
  span.name = event.name;
  span.span_id = event.span_id;
  span.parent_span_id = event.parent_span_id;
  span.depth = event.depth;
  span.stream_id = stream_id;
  span.properties = MemorySink::owned(event.properties);
  if (const SpanMetadata* metadata = event.metadata) {
    const SpanLocation& location = metadata->location;
    span.verbosity = location.verbosity;
    span.source = {std::string(location.target), std::string(location.function),
                   std::string(location.file), location.line};
  }
  return span;
}

MemorySink::BlockInfo to_info(const BlockHeader& header, StreamKind kind) {
  MemorySink::BlockInfo info;
  static_cast<BlockHeader&>(info) = header;
  info.kind = kind;
  return info;
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  for (T& item : from) to.push_back(std::move(item));
}

}  // namespace

void MemorySink::on_log(const LogMetadata& metadata, std::span<const Property> properties,
                        std::int64_t time, std::string_view text) {
  LiveLine line{metadata.level, time, std::string(text), std::string(metadata.target),
                owned(properties)};
  change([&] { live_lines_.push_back(std::move(line)); });
}

void MemorySink::on_init_log_stream(const LogStream& stream) {
  change([&] { streams_.push_back(stream); });
}

void MemorySink::on_init_metrics_stream(const MetricsStream& stream) {
  change([&] { streams_.push_back(stream); });
}

void MemorySink::on_init_thread_stream(const ThreadStream& stream) {
  change([&] { streams_.push_back(stream); });
}

// The blocks are decoded before the lock is taken: nothing is called while it is held.
void MemorySink::on_process_log_block(std::shared_ptr<const LogBlock> block) {
  std::vector<Log> logs;
  block->for_each([&](const LogEvent& event) { logs.push_back(to_log(event)); });
  change([&] {
    append(logs_, logs);
    blocks_.push_back(to_info(block->header(), StreamKind::kLog));
  });
}

void MemorySink::on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) {
  std::vector<Metric> metrics;
  block->for_each([&](const MetricEvent& event) { metrics.push_back(to_metric(event)); });
  change([&] {
    append(metrics_, metrics);
    blocks_.push_back(to_info(block->header(), StreamKind::kMetrics));
  });
}

void MemorySink::on_process_thread_block(std::shared_ptr<const ThreadBlock> block) {
  std::vector<Span> spans;
  const Uuid stream_id = block->header().stream_id;
  block->for_each([&](const SpanEvent& event) { spans.push_back(to_span(event, stream_id)); });
  change([&] {
    append(spans_, spans);
    blocks_.push_back(to_info(block->header(), StreamKind::kThread));
  });
}

void MemorySink::on_init_image_stream(const ImageStream& stream) {
  change([&] { streams_.push_back(stream); });
}

void MemorySink::on_process_image_block(std::shared_ptr<const ImageBlock> block) {
  std::vector<Image> images;
  block->for_each([&](const ImageEvent& event) {
    images.push_back({event.time,
                      std::string(event.name),
                      std::string(event.format),
                      {event.data.begin(), event.data.end()}});
  });
  change([&] {
    append(images_, images);
    blocks_.push_back(to_info(block->header(), StreamKind::kImage));
  });
}

bool MemorySink::wait_for(FunctionRef<bool()> predicate, std::chrono::milliseconds timeout) const {
  return wait_for_arrivals(predicate, timeout);
}

}  // namespace micromegas
