// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// MemorySink on wasm32: the live lines are all there is, so they are the logs, too.

#include "micromegas/pipeline/sink/memory_sink.h"

#include <utility>

namespace micromegas {
namespace {

MemorySink::Properties owned(std::span<const Property> properties) {
  MemorySink::Properties result;
  for (const Property& p : properties)
    result.push_back({std::string(p.name), std::string(p.value)});
  return result;
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
  Log log;
  // A text of its own: braces in a literal have been undone.
  log.form = text == metadata.text ? LogEvent::Form::kLiteral : LogEvent::Form::kText;
  log.level = metadata.level;
  log.time = time;
  log.text = text;
  log.format = metadata.text;
  log.source = {std::string(metadata.target), std::string(metadata.function),
                std::string(metadata.file), metadata.line};
  log.properties = line.properties;
  change([&] {
    live_lines_.push_back(std::move(line));
    logs_.push_back(std::move(log));
  });
}

void MemorySink::on_init_log_stream(const LogStream& /*stream*/) {}
void MemorySink::on_process_log_block(std::shared_ptr<const LogBlock> /*block*/) {}
void MemorySink::on_init_metrics_stream(const MetricsStream& /*stream*/) {}
void MemorySink::on_process_metrics_block(std::shared_ptr<const MetricsBlock> /*block*/) {}
void MemorySink::on_init_thread_stream(const ThreadStream& /*stream*/) {}
void MemorySink::on_process_thread_block(std::shared_ptr<const ThreadBlock> /*block*/) {}

std::vector<MemorySink::Log> MemorySink::logs() const {
  const std::lock_guard lock(mutex_);
  return logs_;
}

std::vector<MemorySink::LiveLine> MemorySink::live_lines() const {
  const std::lock_guard lock(mutex_);
  return live_lines_;
}

std::vector<MemorySink::Metric> MemorySink::metrics() const { return {}; }
std::vector<MemorySink::Span> MemorySink::spans() const { return {}; }
std::vector<MemorySink::ThreadSpan> MemorySink::thread_spans() const { return {}; }
std::vector<MemorySink::AsyncSpan> MemorySink::async_spans() const { return {}; }
std::vector<StreamInfo> MemorySink::streams() const { return {}; }
std::vector<MemorySink::BlockInfo> MemorySink::blocks() const { return {}; }

std::shared_ptr<const ProcessInfo> MemorySink::process() const {
  const std::lock_guard lock(mutex_);
  return process_;
}

bool MemorySink::is_shut_down() const {
  const std::lock_guard lock(mutex_);
  return shut_down_;
}

// Without threads nothing arrives while one waits: the answer is the one of now.
bool MemorySink::wait_for(FunctionRef<bool()> predicate, std::chrono::milliseconds timeout) const {
#if !defined(__EMSCRIPTEN_PTHREADS__)
  (void)timeout;
  return predicate();
#else
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock(mutex_);
      seen = changes_;
    }
    if (predicate()) return true;
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [&] { return changes_ != seen; })) return false;
  }
#endif
}

void MemorySink::clear() {
  change([&] {
    logs_.clear();
    live_lines_.clear();
  });
}

}  // namespace micromegas
