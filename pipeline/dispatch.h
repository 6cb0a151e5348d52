// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Events as function calls: for bridges from another logger and for code that cannot use macros.
// The same functions exist on wasm32. Metadata are statics (pipeline/instrument/metadata.h):
//
//   static constinit micromegas::LogMetadata kMeta{.level = Level::kInfo, .target = "bridge"};
//   if (micromegas::dispatch::log_enabled(kMeta)) micromegas::dispatch::log(kMeta, text);
//
// Any thread, at any time; without a running telemetry nothing is recorded. Strings are copied: a
// text is cut at 60 KiB, a name or target at 1 KiB.
//
// `properties`: pairs known only now, copied as text; they win over a set's, a later one over an
// earlier one of the same name (ASCII case ignored). Of one event at most 64, and 28 KiB (of a span
// 14 KiB); names that the server reads otherwise, and empty or long ones, are left out
// (TelemetryStats::refused_properties).
#ifndef MICROMEGAS_PIPELINE_DISPATCH_H_
#define MICROMEGAS_PIPELINE_DISPATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_map.h"
#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"

namespace micromegas::dispatch {

// Starts telemetry with this sink and nothing else: all levels, no console, no upload. Most
// programs want telemetry.h. Buffer sizes: bytes of records at which a block is cut, at least 128.
// An error if telemetry is running or an argument is out of range.
Result<void> init_event_dispatch(std::size_t logs_buffer_size, std::size_t metrics_buffer_size,
                                 std::size_t threads_buffer_size, std::shared_ptr<EventSink> sink,
                                 PropertyMap process_properties, bool cpu_tracing_enabled);
// Hands over what is recorded, ends the sink; waits 5 s at most.
void shutdown_dispatch();
// For tests: as if nothing had been started. Threads' queues and call sites' ids remain.
void force_uninit();

void log(const LogMetadata& metadata, std::string_view text);
void log_tagged(const LogMetadata& metadata, const PropertySet& properties, std::string_view text);
// The metadata's level and target are taken at each call, so it need not be a static.
void log_interop(const LogMetadata& metadata, std::string_view text);
bool log_enabled(const LogMetadata& metadata);

void log_dyn_tagged(const LogMetadata& metadata, const PropertySet& set,
                    std::span<const Property> properties, std::string_view text);
void log_interop_dyn_tagged(const LogMetadata& metadata, std::span<const Property> properties,
                            std::string_view text);

// That a log is wanted, for code that makes its properties only then; the sinks are not asked
// again:
//
//   if (const auto sink = dispatch::enabled_log_sink(kMeta)) {
//     dispatch::log_dyn_tagged_enabled(*sink, kMeta, set, expensive_properties(), text);
//   }
class EnabledLogSink {
  friend std::optional<EnabledLogSink> enabled_log_sink(const LogMetadata& metadata);
  EnabledLogSink() = default;
};
std::optional<EnabledLogSink> enabled_log_sink(const LogMetadata& metadata);
void log_dyn_tagged_enabled(EnabledLogSink sink, const LogMetadata& metadata,
                            const PropertySet& set, std::span<const Property> properties,
                            std::string_view text);

void int_metric(const StaticMetricMetadata& metadata, std::uint64_t value);
void float_metric(const StaticMetricMetadata& metadata, double value);
void tagged_integer_metric(const StaticMetricMetadata& metadata, const PropertySet& properties,
                           std::uint64_t value);
void tagged_float_metric(const StaticMetricMetadata& metadata, const PropertySet& properties,
                         double value);
void tagged_integer_metric_dyn(const StaticMetricMetadata& metadata, const PropertySet& set,
                               std::span<const Property> properties, std::uint64_t value);
void tagged_float_metric_dyn(const StaticMetricMetadata& metadata, const PropertySet& set,
                             std::span<const Property> properties, double value);
// Name and unit known only now.
void named_integer_metric(const StaticMetricMetadata& metadata, std::string_view name,
                          std::string_view unit, const PropertySet& set,
                          std::span<const Property> properties, std::uint64_t value);
void named_float_metric(const StaticMetricMetadata& metadata, std::string_view name,
                        std::string_view unit, const PropertySet& set,
                        std::span<const Property> properties, double value);

// Spans of the calling thread; they must nest. An end without a begin is ignored, and counted.
void on_begin_scope(const SpanMetadata& metadata);
void on_end_scope(const SpanMetadata& metadata);
void on_begin_named_scope(const SpanLocation& location, std::string_view name);
void on_end_named_scope(const SpanLocation& location, std::string_view name);
// Names are always copied: these are the same two, for code that knows them by these names.
void on_begin_named_scope_dyn(const SpanLocation& location, std::string_view name);
void on_end_named_scope_dyn(const SpanLocation& location, std::string_view name);
// With the span's properties.
void on_end_scope_tagged(const SpanMetadata& metadata, const PropertySet& set,
                         std::span<const Property> properties);
void on_end_named_scope_tagged(const SpanLocation& location, std::string_view name,
                               const PropertySet& set, std::span<const Property> properties);

// Asynchronous spans: any thread may end what another began. The id is unique in the process, not
// 0, and below 2^53; it is given out whether or not the span is recorded. Parent 0: a root. What
// has begun ends, whatever a filter says by then; another end of the same id, and one of no id of
// ours, is ignored and counted. Open at once: 65,536; what begins beyond is dropped whole, and
// counted.
std::uint64_t on_begin_async_scope(const SpanMetadata& metadata, std::uint64_t parent_span_id,
                                   std::uint32_t depth);
void on_end_async_scope(std::uint64_t span_id, std::uint64_t parent_span_id,
                        const SpanMetadata& metadata, std::uint32_t depth);
std::uint64_t on_begin_async_named_scope(const SpanLocation& location, std::string_view name,
                                         std::uint64_t parent_span_id, std::uint32_t depth);
void on_end_async_named_scope(std::uint64_t span_id, std::uint64_t parent_span_id,
                              const SpanLocation& location, std::string_view name,
                              std::uint32_t depth);
std::uint64_t on_begin_async_named_scope_dyn(const SpanLocation& location, std::string_view name,
                                             std::uint64_t parent_span_id, std::uint32_t depth);
void on_end_async_named_scope_dyn(std::uint64_t span_id, std::uint64_t parent_span_id,
                                  const SpanLocation& location, std::string_view name,
                                  std::uint32_t depth);
void on_end_async_scope_tagged(std::uint64_t span_id, std::uint64_t parent_span_id,
                               const SpanMetadata& metadata, std::uint32_t depth,
                               const PropertySet& set, std::span<const Property> properties);
void on_end_async_named_scope_tagged(std::uint64_t span_id, std::uint64_t parent_span_id,
                                     const SpanLocation& location, std::string_view name,
                                     std::uint32_t depth, const PropertySet& set,
                                     std::span<const Property> properties);

// Hand everything recorded so far to the sink in blocks; they wait 1 s at most. The first two and
// the third are the same here: one actor empties all queues.
void flush_log_buffer();
void flush_metrics_buffer();
void flush_thread_buffer();

// Does the work of the calling thread's first event early; undoes it (the next event repeats it).
void init_thread_stream();
void unregister_thread_stream();
// The thread streams that have recorded spans and whose threads live; copies, called on this
// thread.
void for_each_thread_stream(FunctionRef<void(ThreadStream&)> visit);

// Of the running telemetry; none before and after.
std::optional<Uuid> process_id();
std::optional<bool> cpu_tracing_enabled();
std::shared_ptr<EventSink> get_sink();

// This process as the system describes it.
ProcessInfo make_process_info(const Uuid& process_id, std::optional<Uuid> parent_process_id,
                              PropertyMap properties);

}  // namespace micromegas::dispatch

#endif  // MICROMEGAS_PIPELINE_DISPATCH_H_
