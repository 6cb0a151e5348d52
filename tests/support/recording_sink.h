// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A sink that keeps, as strings and numbers of its own, everything that it is given; for tests of
// the pipeline itself. Users' tests have micromegas/testing.h.
#ifndef MICROMEGAS_TESTS_SUPPORT_RECORDING_SINK_H_
#define MICROMEGAS_TESTS_SUPPORT_RECORDING_SINK_H_

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/sink/event_sink.h"

namespace micromegas::testing_support {

struct Log {
  Level level;
  LogEvent::Form form;
  std::int64_t time;
  std::string target;
  std::string text;
  std::map<std::string, std::string> properties;
  std::string template_text;
};

struct Metric {
  bool is_float;
  std::uint64_t integer;
  double number;
  std::int64_t time;
  std::string name;
  std::string unit;
  std::string target;
  std::map<std::string, std::string> properties;
};

struct Span {
  SpanEvent::Kind kind;
  bool named;
  std::int64_t time;
  std::string name;
  std::uint64_t id;
  std::uint64_t parent;
  std::uint32_t depth;
  std::map<std::string, std::string> properties;
  std::string function;
};

struct SeenImage {
  std::int64_t time;
  std::string name;
  std::string format;
  std::vector<std::byte> data;
};

struct SeenBlock {
  StreamKind kind;
  BlockHeader header;
  std::vector<std::int64_t> times;
};

struct Recorded {
  std::vector<Log> logs;
  std::vector<Metric> metrics;
  std::map<Uuid, std::vector<Span>> spans;  // by stream
  std::vector<SeenImage> images;
  std::map<Uuid, StreamInfo> streams;
  std::set<Uuid> ended;  // streams of threads
  bool block_after_end = false;
  std::vector<SeenBlock> blocks;
  std::vector<std::string> live;
  int startups = 0;
  int shutdowns = 0;

  [[nodiscard]] std::size_t span_events() const {
    std::size_t n = 0;
    for (const auto& [stream, events] : spans) n += events.size();
    return n;
  }
};

class RecordingSink : public EventSink {
 public:
  void on_startup(std::shared_ptr<const ProcessInfo>) override {
    change([](Recorded& r) { ++r.startups; });
  }
  void on_shutdown() override {
    change([](Recorded& r) { ++r.shutdowns; });
  }
  void on_log(const LogMetadata&, std::span<const Property>, std::int64_t,
              std::string_view text) override {
    change([&](Recorded& r) { r.live.emplace_back(text); });
  }
  void on_init_log_stream(const LogStream& s) override { stream(s); }
  void on_init_metrics_stream(const MetricsStream& s) override { stream(s); }
  void on_init_thread_stream(const ThreadStream& s) override { stream(s); }

  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    change([&](Recorded& r) {
      SeenBlock seen{StreamKind::kLog, block->header(), {}};
      block->for_each([&](const LogEvent& e) {
        seen.times.push_back(e.time);
        r.logs.push_back({e.level, e.form, e.time, std::string(e.target), std::string(e.text),
                          map(e.properties), std::string(e.template_text)});
      });
      r.blocks.push_back(std::move(seen));
    });
  }
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override {
    change([&](Recorded& r) {
      SeenBlock seen{StreamKind::kMetrics, block->header(), {}};
      block->for_each([&](const MetricEvent& e) {
        seen.times.push_back(e.time);
        r.metrics.push_back({e.is_float, e.integer, e.number, e.time, std::string(e.name),
                             std::string(e.unit), std::string(e.metadata->target),
                             map(e.properties)});
      });
      r.blocks.push_back(std::move(seen));
    });
  }
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override {
    change([&](Recorded& r) {
      SeenBlock seen{StreamKind::kThread, block->header(), {}};
      std::vector<Span>& spans = r.spans[block->header().stream_id];
      block->for_each([&](const SpanEvent& e) {
        seen.times.push_back(e.time);
        spans.push_back({e.kind, e.named, e.time, std::string(e.name), e.span_id, e.parent_span_id,
                         e.depth, map(e.properties), std::string(e.metadata->location.function)});
      });
      r.block_after_end |= r.ended.contains(seen.header.stream_id);
      r.blocks.push_back(std::move(seen));
    });
  }
  void on_init_image_stream(const ImageStream& s) override { stream(s); }
  void on_process_image_block(std::shared_ptr<const ImageBlock> block) override {
    change([&](Recorded& r) {
      SeenBlock seen{StreamKind::kImage, block->header(), {}};
      block->for_each([&](const ImageEvent& e) {
        seen.times.push_back(e.time);
        r.images.push_back(
            {e.time, std::string(e.name), std::string(e.format), {e.data.begin(), e.data.end()}});
      });
      r.blocks.push_back(std::move(seen));
    });
  }
  void on_end_thread_stream(const ThreadStream& s) override {
    change([&](Recorded& r) { r.ended.insert(s.stream_id); });
  }

  // A copy of everything so far.
  [[nodiscard]] Recorded recorded() const {
    const std::lock_guard lock(mutex_);
    return recorded_;
  }
  template <class Predicate>
  bool wait(Predicate done, std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return done(recorded_); });
  }

 private:
  static std::map<std::string, std::string> map(std::span<const Property> properties) {
    std::map<std::string, std::string> out;
    for (const Property& p : properties) out.emplace(p.name, p.value);
    return out;
  }
  void stream(const StreamInfo& info) {
    change([&](Recorded& r) { r.streams[info.stream_id] = info; });
  }
  template <class F>
  void change(F f) {
    const std::lock_guard lock(mutex_);
    f(recorded_);
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Recorded recorded_;
};

// The invariants that every stream keeps, whatever was recorded: contiguous offsets, events inside
// their block and in order, touching thread blocks, spans that nest. "" if they hold.
inline std::string broken_invariant(const Recorded& recorded) {
  if (recorded.block_after_end) return "a block after its stream's end";
  std::map<Uuid, BlockHeader> last;
  for (const SeenBlock& block : recorded.blocks) {
    const BlockHeader& h = block.header;
    if (!recorded.streams.contains(h.stream_id)) return "a block of a stream never announced";
    if (static_cast<std::size_t>(h.event_count) != block.times.size()) return "event_count";
    if (block.times.empty()) return "an empty block";
    std::int64_t offset = 0;
    if (const auto before = last.find(h.stream_id); before != last.end()) {
      offset = before->second.object_offset + before->second.event_count;
      if (block.kind == StreamKind::kThread && before->second.end_time != h.begin_time) {
        return "thread blocks do not touch";
      }
      if (h.begin_time > before->second.end_time) return "a gap between blocks";
    }
    if (h.object_offset != offset) return "object_offset";
    std::int64_t time = h.begin_time;
    for (std::int64_t t : block.times) {
      if (t < time) return "events out of order or before their block";
      time = t;
    }
    if (time > h.end_time) return "an event after its block";
    last[h.stream_id] = h;
  }
  for (const auto& [stream, events] : recorded.spans) {
    std::vector<std::string> open;
    for (const Span& e : events) {
      if (e.kind == SpanEvent::Kind::kBegin) {
        open.push_back(e.name);
      } else if (e.kind == SpanEvent::Kind::kEnd) {
        if (open.empty()) return "an end without a begin: " + e.name;
        if (open.back() != e.name) return "spans do not nest: " + e.name + " in " + open.back();
        open.pop_back();
      }
    }
  }
  return "";
}

}  // namespace micromegas::testing_support

#endif  // MICROMEGAS_TESTS_SUPPORT_RECORDING_SINK_H_
