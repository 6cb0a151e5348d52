// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/dispatch.h"

#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/pipeline/instrument/values.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/platform/process.h"

namespace micromegas::dispatch {
namespace {

using detail::TextRef;
using queue::QueueKind;
using queue::RecordKind;
using queue::Writer;
using std::chrono::steady_clock;

constexpr std::size_t kMinBuffer = 128;
constexpr std::uint32_t kMaxText = queue::kMaxRecordBytes - 2048;  // leaves room for a target
constexpr auto kShutdownWait = std::chrono::seconds(5);
constexpr auto kFlushWait = std::chrono::seconds(1);

TextRef cut_text(std::string_view text, std::uint32_t limit) {
  TextRef value{text.data(), text.size()};
  value.cut(limit);
  return value;
}

std::uint32_t log_id(const LogMetadata& metadata) {
  std::uint32_t id = queue::site_id(metadata.word);
  // The text is given with each event, so the entry is one without arguments.
  if (id == 0) id = micromegas_v0_register_log(&metadata, &detail::kArgList<>);
  if (id == 0) micromegas_v0_drop(EventKind::kLog, DropReason::kInvalid, 1);
  return id;
}

void write_text(const LogMetadata& metadata, const PropertySet* properties, std::string_view text) {
  if (!queue::enabled(metadata)) return;
  const std::uint32_t id = log_id(metadata);
  if (id == 0) return;
  const TextRef value = cut_text(text, kMaxText);
  const bool tagged = properties != nullptr;
  Writer w(QueueKind::kEvents,
           static_cast<std::uint32_t>(queue::kRecordHeaderBytes + (tagged ? 8 : 0) + value.bytes()),
           EventKind::kLog);
  if (!w) return;
  w.header(id, RecordKind::kLogText, tagged ? queue::kHasPropertySet : queue::kNoFlags);
  if (tagged) w.number(properties->id());
  value.write(w);
  w.publish();
}

void write_metric(const StaticMetricMetadata& metadata, const PropertySet& properties,
                  std::uint64_t bits, RecordKind record, EventKind kind) {
  if (!queue::enabled(metadata)) return;
  const std::uint32_t id = detail::metric_id(metadata, kind);
  if (id == 0) return;
  Writer w(QueueKind::kEvents, queue::kRecordHeaderBytes + 16, kind);
  if (!w) return;
  w.header(id, record, queue::kHasPropertySet);
  w.number(properties.id());
  w.number(bits);
  w.publish();
}

// A scope that comes before the thread's first event is not noted, nor is its end: they nest.
template <class Begin>
void begin_scope(const SpanLocation& location, Begin begin) {
  queue::ThreadSlot* slot = queue::Runtime::registered_thread();
  bool recorded = false;
  if (queue::enabled(location)) {
    if (slot != nullptr && slot->scopes.full()) {
      micromegas_v0_drop(EventKind::kSpan, DropReason::kInvalid, 2);
    } else {
      recorded = begin();
      slot = queue::Runtime::registered_thread();
    }
  }
  if (slot != nullptr) slot->scopes.push(recorded);
}

void end_scope(const SpanLocation& location, RecordKind kind) {
  queue::ThreadSlot* slot = queue::Runtime::registered_thread();
  if (slot == nullptr || !slot->scopes.pop()) return;
  const std::uint64_t open = micromegas_v0_thread->open_spans;
  if (queue::open_count(open) == 0) return;  // begun before telemetry was started anew
  detail::end_span(queue::site_id(location.word), kind, open);
}

void write_async(std::uint32_t id, RecordKind kind, std::uint64_t span_id, std::uint64_t parent,
                 std::uint32_t depth, const TextRef* name) {
  if (id == 0) return;
  const std::uint32_t reserve =
      queue::open_count(micromegas_v0_thread->open_spans) * queue::kSpanEndBytes;
  const std::size_t bytes = queue::kRecordHeaderBytes + 24 + (name != nullptr ? name->bytes() : 0);
  Writer w(QueueKind::kSpans, static_cast<std::uint32_t>(bytes), EventKind::kAsyncSpan, reserve);
  if (!w) return;
  w.header(id, kind, queue::kNoFlags);
  w.number(span_id);
  w.number(parent);
  w.number(depth);
  if (name != nullptr) name->write(w);
  w.publish();
}

std::uint32_t async_id(const SpanMetadata& metadata) {
  std::uint32_t id = queue::site_id(metadata.location.word);
  if (id == 0) id = micromegas_v0_register_span(&metadata, &detail::kArgList<>);
  if (id == 0) micromegas_v0_drop(EventKind::kAsyncSpan, DropReason::kInvalid, 1);
  return id;
}

std::uint32_t async_id(const SpanLocation& location) {
  std::uint32_t id = queue::site_id(location.word);
  if (id == 0) id = micromegas_v0_register_location(&location, &detail::kArgList<>);
  if (id == 0) micromegas_v0_drop(EventKind::kAsyncSpan, DropReason::kInvalid, 1);
  return id;
}

void hand_over() { pipeline::hand_over_session(steady_clock::now() + kFlushWait); }

}  // namespace

// --- life ---

Result<void> init_event_dispatch(std::size_t logs_buffer_size, std::size_t metrics_buffer_size,
                                 std::size_t threads_buffer_size, std::shared_ptr<EventSink> sink,
                                 PropertyMap process_properties, bool cpu_tracing_enabled) {
  if (sink == nullptr) return Error("init_event_dispatch: sink is null: pass an EventSink");
  const std::pair<const char*, std::size_t> sizes[] = {
      {"logs_buffer_size", logs_buffer_size},
      {"metrics_buffer_size", metrics_buffer_size},
      {"threads_buffer_size", threads_buffer_size}};
  for (const auto& [name, size] : sizes) {
    if (size < kMinBuffer) {
      return Error("init_event_dispatch: " + std::string(name) + " is " + std::to_string(size) +
                   " bytes: the least is 128");
    }
  }
  pipeline::SessionOptions options;
  options.sink = std::move(sink);
  options.process = make_process_info(Uuid::random(), std::nullopt, std::move(process_properties));
  options.filters.log = LevelFilter::kTrace;
  options.filters.spans = cpu_tracing_enabled;
  options.flush.log_block_bytes = logs_buffer_size;
  options.flush.metrics_block_bytes = metrics_buffer_size;
  options.flush.thread_block_bytes = threads_buffer_size;
  const Result<pipeline::SessionId> started = pipeline::start_session(std::move(options));
  if (!started) return started.error();
  return {};
}

void shutdown_dispatch() { pipeline::stop_session(0, steady_clock::now() + kShutdownWait); }

void force_uninit() { shutdown_dispatch(); }

// --- logs ---

void log(const LogMetadata& metadata, std::string_view text) {
  write_text(metadata, nullptr, text);
}

void log_tagged(const LogMetadata& metadata, const PropertySet& properties, std::string_view text) {
  write_text(metadata, &properties, text);
}

void log_interop(const LogMetadata& metadata, std::string_view text) {
  if (!queue::Runtime::get().log_enabled(metadata.level, metadata.target)) return;
  const TextRef target = cut_text(metadata.target, detail::kMaxNameBytes);
  const TextRef value = cut_text(text, kMaxText);
  Writer w(
      QueueKind::kEvents,
      static_cast<std::uint32_t>(queue::kRecordHeaderBytes + 8 + target.bytes() + value.bytes()),
      EventKind::kLog);
  if (!w) return;
  w.header(0, RecordKind::kLogInterop, queue::kNoFlags);
  w.number(static_cast<std::uint64_t>(metadata.level));
  target.write(w);
  value.write(w);
  w.publish();
}

bool log_enabled(const LogMetadata& metadata) { return queue::enabled(metadata); }

// --- metrics ---

void int_metric(const StaticMetricMetadata& metadata, std::uint64_t value) {
  if (queue::enabled(metadata)) detail::IntegerMetric{metadata, value};
}

void float_metric(const StaticMetricMetadata& metadata, double value) {
  if (queue::enabled(metadata)) detail::FloatMetric{metadata, value};
}

void tagged_integer_metric(const StaticMetricMetadata& metadata, const PropertySet& properties,
                           std::uint64_t value) {
  write_metric(metadata, properties, value, RecordKind::kIntegerMetric, EventKind::kIntegerMetric);
}

void tagged_float_metric(const StaticMetricMetadata& metadata, const PropertySet& properties,
                         double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, 8);
  write_metric(metadata, properties, bits, RecordKind::kFloatMetric, EventKind::kFloatMetric);
}

// --- spans ---

void on_begin_scope(const SpanMetadata& metadata) {
  begin_scope(metadata.location, [&] {
    const std::uint32_t id = detail::span_id(metadata);
    return id != 0 &&
           detail::begin_span(id, RecordKind::kSpanBegin, detail::NoValue(), detail::NoSet());
  });
}

void on_end_scope(const SpanMetadata& metadata) {
  end_scope(metadata.location, RecordKind::kSpanEnd);
}

void on_begin_named_scope(const SpanLocation& location, std::string_view name) {
  begin_scope(location, [&] {
    const std::uint32_t id = detail::span_id(location);
    return id != 0 && detail::begin_span(id, RecordKind::kNamedSpanBegin, detail::span_name(name),
                                         detail::NoSet());
  });
}

void on_end_named_scope(const SpanLocation& location, std::string_view /*name*/) {
  end_scope(location, RecordKind::kNamedSpanEnd);
}

std::uint64_t on_begin_async_scope(const SpanMetadata& metadata, std::uint64_t parent_span_id,
                                   std::uint32_t depth) {
  const std::uint64_t span_id = queue::take_span_id();
  if (queue::enabled(metadata.location)) {
    write_async(async_id(metadata), RecordKind::kAsyncSpanBegin, span_id, parent_span_id, depth,
                nullptr);
  }
  return span_id;
}

void on_end_async_scope(std::uint64_t span_id, std::uint64_t parent_span_id,
                        const SpanMetadata& metadata, std::uint32_t depth) {
  if (!queue::enabled(metadata.location)) return;
  write_async(async_id(metadata), RecordKind::kAsyncSpanEnd, span_id, parent_span_id, depth,
              nullptr);
}

std::uint64_t on_begin_async_named_scope(const SpanLocation& location, std::string_view name,
                                         std::uint64_t parent_span_id, std::uint32_t depth) {
  const std::uint64_t span_id = queue::take_span_id();
  if (queue::enabled(location)) {
    const TextRef text = cut_text(name, detail::kMaxNameBytes);
    write_async(async_id(location), RecordKind::kAsyncNamedBegin, span_id, parent_span_id, depth,
                &text);
  }
  return span_id;
}

void on_end_async_named_scope(std::uint64_t span_id, std::uint64_t parent_span_id,
                              const SpanLocation& location, std::string_view name,
                              std::uint32_t depth) {
  if (!queue::enabled(location)) return;
  const TextRef text = cut_text(name, detail::kMaxNameBytes);
  write_async(async_id(location), RecordKind::kAsyncNamedEnd, span_id, parent_span_id, depth,
              &text);
}

// --- flush and threads ---

void flush_log_buffer() { hand_over(); }
void flush_metrics_buffer() { hand_over(); }
void flush_thread_buffer() { hand_over(); }

void init_thread_stream() {
  queue::Runtime& runtime = queue::Runtime::get();
  if (runtime.running()) runtime.prepare_current_thread();
}

void unregister_thread_stream() { queue::Runtime::get().retire_current_thread(); }

void for_each_thread_stream(FunctionRef<void(ThreadStream&)> visit) {
  for (ThreadStream& stream : pipeline::session_thread_streams()) visit(stream);
}

// --- queries ---

std::optional<Uuid> process_id() { return pipeline::session_process_id(); }

std::optional<bool> cpu_tracing_enabled() {
  if (!pipeline::session_running(0)) return std::nullopt;
  return queue::Runtime::get().filters().spans;
}

std::shared_ptr<EventSink> get_sink() { return pipeline::session_sink(); }

ProcessInfo make_process_info(const Uuid& process_id, std::optional<Uuid> parent_process_id,
                              PropertyMap properties) {
  SystemInfo system = gather_system_info();
  ProcessInfo info;
  info.process_id = process_id;
  info.parent_process_id = parent_process_id;
  info.exe = std::move(system.exe);
  info.username = std::move(system.username);
  info.realname = std::move(system.realname);
  info.computer = std::move(system.computer);
  info.distro = std::move(system.distro);
  info.cpu_brand = std::move(system.cpu_brand);
  info.start_time = info.start_ticks = pipeline::now();
  info.properties = std::move(properties);
  return info;
}

}  // namespace micromegas::dispatch
