// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Several sinks as one, each with its own filter, for its live lines and for its blocks of logs.
//
//   auto sink = std::make_shared<CompositeSink>(std::vector<CompositeSink::Child>{
//       {std::make_shared<ConsoleSink>(), LevelFilter::kInfo},
//       {my_sink, LogFilter(LevelFilter::kWarn, {{"net", LevelFilter::kDebug}})}});
#ifndef MICROMEGAS_PIPELINE_SINK_COMPOSITE_SINK_H_
#define MICROMEGAS_PIPELINE_SINK_COMPOSITE_SINK_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/log_filter.h"
#include "micromegas/pipeline/sink/event_sink.h"

namespace micromegas {

// A child that throws is isolated: the exception is swallowed and reported on the diagnostics
// channel, and the other children are served. Children are called in their order, on the caller's
// thread. Threading as EventSink; the accessors may be called by any thread.
class CompositeSink final : public EventSink {
 public:
  struct Child {
    std::shared_ptr<EventSink> sink;
    LogFilter filter = {};
  };

  // Null sinks are left out.
  explicit CompositeSink(std::vector<Child> children);

  void on_startup(std::shared_ptr<const ProcessInfo> process) override;
  void on_shutdown() override;
  bool on_log_enabled(const LogMetadata& metadata) override;
  void on_log(const LogMetadata& metadata, std::span<const Property> properties, std::int64_t time,
              std::string_view text) override;
  void on_init_log_stream(const LogStream& stream) override;
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override;
  void on_init_metrics_stream(const MetricsStream& stream) override;
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override;
  void on_init_thread_stream(const ThreadStream& stream) override;
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override;
  void on_end_thread_stream(const ThreadStream& stream) override;
  void on_init_image_stream(const ImageStream& stream) override;
  void on_process_image_block(std::shared_ptr<const ImageBlock> block) override;
  [[nodiscard]] bool is_busy() const override;

  [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }
  // Which child (as given, nulls left out) this sink is.
  [[nodiscard]] std::optional<std::size_t> index_of(const EventSink& sink) const noexcept;

  // From now on, for lines and for blocks that are handed over later. Whoever has a cached answer
  // of on_log_enabled() must ask again. Nothing happens for an index out of range.
  void set_filter(std::size_t index, LogFilter filter);
  // Logs that child `index` did not get in its blocks because of its filter. 0 for an index out of
  // range.
  [[nodiscard]] std::uint64_t filtered_logs(std::size_t index) const noexcept;

  // Blocks of this kind that child `index` (as given, nulls left out) threw at: what it did with
  // their events is unknown. 0 for an index out of range.
  [[nodiscard]] std::uint64_t failed_blocks(std::size_t index, StreamKind kind) const noexcept;

 private:
  struct Entry {
    std::shared_ptr<EventSink> sink;
    std::mutex mutex;                         // of the pointer below
    std::shared_ptr<const LogFilter> filter;  // never null
    FilteredLogs logs;
    std::atomic<std::uint64_t> filtered_logs{0};
    std::array<std::atomic<std::uint64_t>, kStreamKinds> failed_blocks{};  // by StreamKind
  };

  static std::shared_ptr<const LogFilter> filter_of(Entry& entry);
  static bool wants(Entry& entry, const LogMetadata& metadata);
  void for_each_child(FunctionRef<void(Entry&)> call);
  void deliver(StreamKind kind, FunctionRef<void(Entry&)> call);

  std::vector<std::unique_ptr<Entry>> children_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_COMPOSITE_SINK_H_
