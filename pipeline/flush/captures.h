// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Sinks that come and go while telemetry runs and get a copy of what passes: all of it, or what
// some threads record. For tests (micromegas/testing.h). The flush actor's alone.
#ifndef MICROMEGAS_PIPELINE_FLUSH_CAPTURES_H_
#define MICROMEGAS_PIPELINE_FLUSH_CAPTURES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "micromegas/pipeline/flush/block_builder.h"
#include "micromegas/pipeline/flush/image_stream.h"
#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/process_info.h"

namespace micromegas::pipeline {

class Captures {
 public:
  // Gets blocks of its own streams, not live lines. `all_threads`: else those that are added.
  void add(std::shared_ptr<EventSink> sink, bool all_threads,
           std::shared_ptr<const ProcessInfo> process);
  void remove(const EventSink* sink);
  // `thread_id`: the kernel's. A thread that is added twice must be removed twice.
  void add_thread(const EventSink* sink, std::uint64_t thread_id);
  void remove_thread(const EventSink* sink, std::uint64_t thread_id);

  [[nodiscard]] bool empty() const noexcept { return captures_.empty(); }

  // One record of a log or a metric, as BlockBuilder::add() takes it.
  void add_event(std::uint64_t thread_id, const std::byte* record, std::size_t bytes,
                 std::int64_t time, EventKind kind, const EventContextPtr& context) noexcept;
  void add_thread_block(const ThreadStream& stream, std::uint64_t thread_id,
                        const std::shared_ptr<const ThreadBlock>& block) noexcept;
  void add_image(const std::shared_ptr<const Image>& image) noexcept;
  // Hands over what was read.
  void cut(std::int64_t now) noexcept;
  // on_shutdown(), and nothing more.
  void end() noexcept;

 private:
  struct Capture {
    Capture(std::shared_ptr<EventSink> sink, bool all_threads, const ProcessInfo& process);
    [[nodiscard]] bool wants(std::uint64_t thread_id) const {
      return all_threads || threads.contains(thread_id);
    }

    std::shared_ptr<EventSink> sink;
    bool all_threads;
    std::multiset<std::uint64_t> threads;
    LogStream log_stream;
    MetricsStream metrics_stream;
    BlockBuilder logs;
    BlockBuilder metrics;
    ImageStreamState images;
    std::set<Uuid> announced;  // streams of threads
  };
  Capture* find(const EventSink* sink) noexcept;

  std::vector<std::unique_ptr<Capture>> captures_;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_CAPTURES_H_
