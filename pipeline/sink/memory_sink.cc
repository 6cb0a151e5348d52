// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/memory_sink.h"

#include <cstddef>
#include <map>
#include <unordered_map>
#include <utility>

namespace micromegas {
namespace {

MemorySink::Properties owned(std::span<const Property> properties) {
  MemorySink::Properties result;
  result.reserve(properties.size());
  for (const Property& p : properties)
    result.push_back({std::string(p.name), std::string(p.value)});
  return result;
}

MemorySink::Log to_log(const LogEvent& event) {
  MemorySink::Log log;
  log.form = event.form;
  log.level = event.level;
  log.time = event.time;
  log.text = event.text;
  log.source.target = event.target;
  log.properties = owned(event.properties);
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
  metric.properties = owned(event.properties);
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
  span.properties = owned(event.properties);
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

std::string property(const StreamInfo* stream, std::string_view name) {
  if (stream == nullptr) return {};
  const auto found = stream->properties.find(name);
  return found == stream->properties.end() ? std::string() : found->second;
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  for (T& item : from) to.push_back(std::move(item));
}

}  // namespace

void MemorySink::change(FunctionRef<void()> apply) {
  {
    const std::lock_guard lock(mutex_);
    apply();
    ++changes_;
  }
  changed_.notify_all();
}

void MemorySink::on_startup(std::shared_ptr<const ProcessInfo> process) {
  change([&] { process_ = std::move(process), shut_down_ = false; });
}

void MemorySink::on_shutdown() {
  change([&] { shut_down_ = true; });
}

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

std::vector<MemorySink::Log> MemorySink::logs() const {
  const std::lock_guard lock(mutex_);
  return logs_;
}

std::vector<MemorySink::LiveLine> MemorySink::live_lines() const {
  const std::lock_guard lock(mutex_);
  return live_lines_;
}

std::vector<MemorySink::Metric> MemorySink::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

std::vector<MemorySink::Span> MemorySink::spans() const {
  const std::lock_guard lock(mutex_);
  return spans_;
}

std::vector<MemorySink::ThreadSpan> MemorySink::thread_spans() const {
  const std::lock_guard lock(mutex_);
  std::map<Uuid, const StreamInfo*> streams;
  for (const StreamInfo& stream : streams_) streams[stream.stream_id] = &stream;
  std::map<Uuid, std::vector<const Span*>> open;  // by stream, innermost last
  std::vector<ThreadSpan> result;
  for (const Span& event : spans_) {
    auto& stack = open[event.stream_id];
    if (event.kind == SpanEvent::Kind::kBegin) {
      stack.push_back(&event);
    } else if (event.kind == SpanEvent::Kind::kEnd) {
      if (stack.empty() || stack.back()->name != event.name) continue;
      const Span& begin = *stack.back();
      stack.pop_back();
      const auto found = streams.find(event.stream_id);
      const StreamInfo* stream = found == streams.end() ? nullptr : found->second;
      result.push_back({begin.name, begin.source, begin.time, event.time,
                        static_cast<std::uint32_t>(stack.size()), event.stream_id,
                        property(stream, "thread-id"), property(stream, "thread-name"),
                        event.properties});
    }
  }
  return result;
}

std::vector<MemorySink::AsyncSpan> MemorySink::async_spans() const {
  const std::lock_guard lock(mutex_);
  // A span may begin in one thread's stream and end in another's, and either block may come first.
  std::unordered_map<std::uint64_t, const Span*> begins;
  for (const Span& event : spans_) {
    if (event.kind == SpanEvent::Kind::kAsyncBegin) begins.emplace(event.span_id, &event);
  }
  std::vector<AsyncSpan> result;
  for (const Span& event : spans_) {
    if (event.kind != SpanEvent::Kind::kAsyncEnd) continue;
    const auto found = begins.find(event.span_id);
    if (found == begins.end()) continue;
    const Span& begin = *found->second;
    result.push_back({begin.name, begin.source, begin.time, event.time, begin.span_id,
                      begin.parent_span_id, begin.depth, event.properties});
  }
  return result;
}

std::vector<StreamInfo> MemorySink::streams() const {
  const std::lock_guard lock(mutex_);
  return streams_;
}

std::vector<MemorySink::BlockInfo> MemorySink::blocks() const {
  const std::lock_guard lock(mutex_);
  return blocks_;
}

std::shared_ptr<const ProcessInfo> MemorySink::process() const {
  const std::lock_guard lock(mutex_);
  return process_;
}

bool MemorySink::is_shut_down() const {
  const std::lock_guard lock(mutex_);
  return shut_down_;
}

bool MemorySink::wait_for(FunctionRef<bool()> predicate, std::chrono::milliseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock(mutex_);
      seen = changes_;
    }
    if (predicate()) return true;  // without the lock: it uses the accessors
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [&] { return changes_ != seen; })) return false;
  }
}

void MemorySink::clear() {
  change([&] {
    blocks_.clear();
    logs_.clear();
    live_lines_.clear();
    metrics_.clear();
    spans_.clear();
  });
}

}  // namespace micromegas
