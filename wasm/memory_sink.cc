// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// MemorySink on wasm32: the live lines are all there is, so they are the logs, too.

#include "micromegas/pipeline/sink/memory_sink.h"

#include <utility>

namespace micromegas {

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
void MemorySink::on_init_image_stream(const ImageStream& /*stream*/) {}
void MemorySink::on_process_image_block(std::shared_ptr<const ImageBlock> /*block*/) {}

bool MemorySink::wait_for(FunctionRef<bool()> predicate, std::chrono::milliseconds timeout) const {
#if defined(__EMSCRIPTEN_PTHREADS__)
  return wait_for_arrivals(predicate, timeout);
#else
  (void)timeout;  // nothing arrives while one waits: the answer is the one of now
  return predicate();
#endif
}

}  // namespace micromegas
