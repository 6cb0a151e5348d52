// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Everything that was recorded, decoded and owned: for users' unit tests.
//
//   auto sink = std::make_shared<micromegas::MemorySink>();
//   ... start telemetry with it, run the code ...
//   ASSERT_TRUE(sink->wait_for([&] { return sink->logs().size() == 1; }, 5s));
//   EXPECT_EQ(sink->logs()[0].text, "hello");
//
// Grows without limit until clear().
#ifndef MICROMEGAS_PIPELINE_SINK_MEMORY_SINK_H_
#define MICROMEGAS_PIPELINE_SINK_MEMORY_SINK_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/sink/event_sink.h"

namespace micromegas {

// Any thread, accessors too; they return copies, in the order of arrival. Times as in block.h.
class MemorySink final : public EventSink {
 public:
  struct OwnedProperty {
    std::string name;
    std::string value;
    friend bool operator==(const OwnedProperty&, const OwnedProperty&) = default;
  };
  using Properties = std::vector<OwnedProperty>;

  struct Source {
    std::string target;
    std::string function;
    std::string file;
    std::uint32_t line = 0;
  };

  struct Log {
    LogEvent::Form form = LogEvent::Form::kText;
    Level level = Level::kInfo;
    std::int64_t time = 0;
    std::string text;
    std::string format;  // as in the source; empty if given at run time
    Source source;
    Properties properties;
  };

  struct LiveLine {
    Level level = Level::kInfo;
    std::int64_t time = 0;
    std::string text;
    std::string target;
    Properties properties;
  };

  struct Metric {
    bool is_float = false;
    std::uint64_t integer = 0;
    double number = 0;
    std::int64_t time = 0;
    std::string name;
    std::string unit;
    Verbosity verbosity = Verbosity::kMax;
    Source source;
    Properties properties;
  };

  struct Span {
    SpanEvent::Kind kind = SpanEvent::Kind::kBegin;
    bool named = false;
    std::int64_t time = 0;
    std::string name;
    std::uint64_t span_id = 0;
    std::uint64_t parent_span_id = 0;
    std::uint32_t depth = 0;
    Uuid stream_id;
    Verbosity verbosity = Verbosity::kMax;
    Source source;
    Properties properties;
  };

  // A begin and its end in one thread.
  struct ThreadSpan {
    std::string name;
    Source source;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::uint32_t depth = 0;  // 0: outermost
    Uuid stream_id;
    std::string thread_id;  // the stream's properties; empty if it was not announced
    std::string thread_name;
    Properties properties;  // of the end
  };

  struct AsyncSpan {
    std::string name;
    Source source;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::uint64_t span_id = 0;
    std::uint64_t parent_span_id = 0;
    std::uint32_t depth = 0;
    Properties properties;
  };

  struct Image {
    std::int64_t time = 0;
    std::string name;
    std::string format;
    std::vector<std::byte> data;
  };

  struct BlockInfo : BlockHeader {
    StreamKind kind = StreamKind::kLog;
  };

  [[nodiscard]] std::vector<Log> logs() const;
  [[nodiscard]] std::vector<LiveLine> live_lines() const;
  [[nodiscard]] std::vector<Metric> metrics() const;
  [[nodiscard]] std::vector<Span> spans() const;
  // In the order of their ends. Begins without end and ends without begin are left out.
  [[nodiscard]] std::vector<ThreadSpan> thread_spans() const;
  [[nodiscard]] std::vector<AsyncSpan> async_spans() const;
  [[nodiscard]] std::vector<Image> images() const;
  [[nodiscard]] std::vector<StreamInfo> streams() const;
  [[nodiscard]] std::vector<BlockInfo> blocks() const;
  [[nodiscard]] std::shared_ptr<const ProcessInfo> process() const;  // null before start-up
  [[nodiscard]] bool is_shut_down() const;

  // Whether `predicate` came true within `timeout`. It is asked at once and after each arrival, on
  // the calling thread, and may use every accessor.
  bool wait_for(FunctionRef<bool()> predicate, std::chrono::milliseconds timeout) const;

  // Forgets events and blocks; process and streams stay known.
  void clear();

  void on_startup(std::shared_ptr<const ProcessInfo> process) override;
  void on_shutdown() override;
  void on_log(const LogMetadata& metadata, std::span<const Property> properties, std::int64_t time,
              std::string_view text) override;
  void on_init_log_stream(const LogStream& stream) override;
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override;
  void on_init_metrics_stream(const MetricsStream& stream) override;
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override;
  void on_init_thread_stream(const ThreadStream& stream) override;
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override;
  void on_init_image_stream(const ImageStream& stream) override;
  void on_process_image_block(std::shared_ptr<const ImageBlock> block) override;

  // Copies that outlive the event.
  static Properties owned(std::span<const Property> properties);

 private:
  void change(FunctionRef<void()> apply);
  bool wait_for_arrivals(FunctionRef<bool()> predicate, std::chrono::milliseconds timeout) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint64_t changes_ = 0;
  std::shared_ptr<const ProcessInfo> process_;
  bool shut_down_ = false;
  std::vector<StreamInfo> streams_;
  std::vector<BlockInfo> blocks_;
  std::vector<Log> logs_;
  std::vector<LiveLine> live_lines_;
  std::vector<Metric> metrics_;
  std::vector<Span> spans_;
  std::vector<Image> images_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_MEMORY_SINK_H_
