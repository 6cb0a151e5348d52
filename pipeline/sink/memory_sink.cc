// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is the same wherever the events come from: memory_sink_blocks.cc, wasm/memory_sink.cc.

#include "micromegas/pipeline/sink/memory_sink.h"

#include <map>
#include <unordered_map>
#include <utility>

#include "micromegas/platform/deadline.h"

namespace micromegas {
namespace {

std::string property(const StreamInfo* stream, std::string_view name) {
  if (stream == nullptr) return {};
  const auto found = stream->properties.find(name);
  return found == stream->properties.end() ? std::string() : found->second;
}

}  // namespace

MemorySink::Properties MemorySink::owned(std::span<const Property> properties) {
  Properties result;
  result.reserve(properties.size());
  for (const Property& p : properties)
    result.push_back({std::string(p.name), std::string(p.value)});
  return result;
}

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

std::vector<MemorySink::Image> MemorySink::images() const {
  const std::lock_guard lock(mutex_);
  return images_;
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

bool MemorySink::wait_for_arrivals(FunctionRef<bool()> predicate,
                                   std::chrono::milliseconds timeout) const {
  const auto deadline = deadline_in(timeout);
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
    images_.clear();
  });
}

}  // namespace micromegas
