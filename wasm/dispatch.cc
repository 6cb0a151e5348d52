// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// pipeline/dispatch.h on wasm32: logs go to the sink where they stand, the rest is silent.

#include "micromegas/pipeline/dispatch.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/pipeline/instrument/run_time_properties.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/wasm/clock.h"
#include "micromegas/wasm/session.h"

namespace micromegas::dispatch {
namespace {

using Pairs = std::span<const Property>;

// Pairs that it may have, then what a set has beside them.
void deliver(const LogMetadata& metadata, Pairs set, Pairs properties, std::string_view text) {
  const detail::RunTimeProperties pairs(properties, detail::PropertiesOf::kLog);
  if (pairs.refused() != 0 && wasm::count_refused_properties(pairs.refused())) {
    diagnose("properties.refused",
             "properties given at run time are left out: a name is empty, too long, twice there, "
             "or one that the server reads otherwise, or there are more than 64");
  }
  Property all[2 * PropertySet::kMaxProperties];
  std::size_t size = 0;
  for (const Property& pair : pairs.get()) all[size++] = pair;
  for (const Property& property : set) {
    const auto has_its_name = [&](const Property& pair) {
      return same_property_name(pair.name, property.name);
    };
    if (std::none_of(pairs.get().begin(), pairs.get().end(), has_its_name)) all[size++] = property;
  }
  wasm::deliver(metadata, {all, size}, text);
}

}  // namespace

// --- life ---

Result<void> init_event_dispatch(std::size_t /*logs_buffer_size*/,
                                 std::size_t /*metrics_buffer_size*/,
                                 std::size_t /*threads_buffer_size*/,
                                 std::shared_ptr<EventSink> sink, PropertyMap process_properties,
                                 bool /*cpu_tracing_enabled*/) {
  if (sink == nullptr) return Error("init_event_dispatch: sink is null: pass an EventSink");
  const Result<wasm::SessionId> started =
      wasm::start_session(std::move(sink), std::move(process_properties), {});
  if (!started) return Error("init_event_dispatch: " + started.error().message());
  return {};
}

void shutdown_dispatch() { wasm::stop_session(0, wasm::kShutdownWait); }

void force_uninit() { wasm::forget_everything(); }

// --- logs ---

void log(const LogMetadata& metadata, std::string_view text) {
  if (queue::enabled(metadata)) wasm::deliver(metadata, {}, text);
}

void log_tagged(const LogMetadata& metadata, const PropertySet& properties, std::string_view text) {
  if (queue::enabled(metadata)) wasm::deliver(metadata, properties.properties(), text);
}

void log_interop(const LogMetadata& metadata, std::string_view text) { log(metadata, text); }

bool log_enabled(const LogMetadata& metadata) { return queue::enabled(metadata); }

void log_dyn_tagged(const LogMetadata& metadata, const PropertySet& set, Pairs properties,
                    std::string_view text) {
  if (queue::enabled(metadata)) deliver(metadata, set.properties(), properties, text);
}

void log_interop_dyn_tagged(const LogMetadata& metadata, Pairs properties, std::string_view text) {
  if (queue::enabled(metadata)) deliver(metadata, {}, properties, text);
}

std::optional<EnabledLogSink> enabled_log_sink(const LogMetadata& metadata) {
  if (!queue::enabled(metadata)) return std::nullopt;
  return EnabledLogSink();
}

void log_dyn_tagged_enabled(EnabledLogSink /*sink*/, const LogMetadata& metadata,
                            const PropertySet& set, Pairs properties, std::string_view text) {
  deliver(metadata, set.properties(), properties, text);
}

// --- metrics ---

void int_metric(const StaticMetricMetadata& /*metadata*/, std::uint64_t /*value*/) {}
void float_metric(const StaticMetricMetadata& /*metadata*/, double /*value*/) {}
void tagged_integer_metric(const StaticMetricMetadata& /*metadata*/,
                           const PropertySet& /*properties*/, std::uint64_t /*value*/) {}
void tagged_float_metric(const StaticMetricMetadata& /*metadata*/,
                         const PropertySet& /*properties*/, double /*value*/) {}
void tagged_integer_metric_dyn(const StaticMetricMetadata& /*metadata*/, const PropertySet& /*set*/,
                               Pairs /*properties*/, std::uint64_t /*value*/) {}
void tagged_float_metric_dyn(const StaticMetricMetadata& /*metadata*/, const PropertySet& /*set*/,
                             Pairs /*properties*/, double /*value*/) {}
void named_integer_metric(const StaticMetricMetadata& /*metadata*/, std::string_view /*name*/,
                          std::string_view /*unit*/, const PropertySet& /*set*/,
                          Pairs /*properties*/, std::uint64_t /*value*/) {}
void named_float_metric(const StaticMetricMetadata& /*metadata*/, std::string_view /*name*/,
                        std::string_view /*unit*/, const PropertySet& /*set*/, Pairs /*properties*/,
                        double /*value*/) {}

// --- spans ---

void on_begin_scope(const SpanMetadata& /*metadata*/) {}
void on_end_scope(const SpanMetadata& /*metadata*/) {}
void on_begin_named_scope(const SpanLocation& /*location*/, std::string_view /*name*/) {}
void on_end_named_scope(const SpanLocation& /*location*/, std::string_view /*name*/) {}
void on_begin_named_scope_dyn(const SpanLocation& /*location*/, std::string_view /*name*/) {}
void on_end_named_scope_dyn(const SpanLocation& /*location*/, std::string_view /*name*/) {}
void on_end_scope_tagged(const SpanMetadata& /*metadata*/, const PropertySet& /*set*/,
                         Pairs /*properties*/) {}
void on_end_named_scope_tagged(const SpanLocation& /*location*/, std::string_view /*name*/,
                               const PropertySet& /*set*/, Pairs /*properties*/) {}

std::uint64_t on_begin_async_scope(const SpanMetadata& /*metadata*/,
                                   std::uint64_t /*parent_span_id*/, std::uint32_t /*depth*/) {
  return wasm::next_span_id();
}
void on_end_async_scope(std::uint64_t /*span_id*/, std::uint64_t /*parent_span_id*/,
                        const SpanMetadata& /*metadata*/, std::uint32_t /*depth*/) {}
std::uint64_t on_begin_async_named_scope(const SpanLocation& /*location*/,
                                         std::string_view /*name*/,
                                         std::uint64_t /*parent_span_id*/,
                                         std::uint32_t /*depth*/) {
  return wasm::next_span_id();
}
void on_end_async_named_scope(std::uint64_t /*span_id*/, std::uint64_t /*parent_span_id*/,
                              const SpanLocation& /*location*/, std::string_view /*name*/,
                              std::uint32_t /*depth*/) {}
std::uint64_t on_begin_async_named_scope_dyn(const SpanLocation& /*location*/,
                                             std::string_view /*name*/,
                                             std::uint64_t /*parent_span_id*/,
                                             std::uint32_t /*depth*/) {
  return wasm::next_span_id();
}
void on_end_async_named_scope_dyn(std::uint64_t /*span_id*/, std::uint64_t /*parent_span_id*/,
                                  const SpanLocation& /*location*/, std::string_view /*name*/,
                                  std::uint32_t /*depth*/) {}
void on_end_async_scope_tagged(std::uint64_t /*span_id*/, std::uint64_t /*parent_span_id*/,
                               const SpanMetadata& /*metadata*/, std::uint32_t /*depth*/,
                               const PropertySet& /*set*/, Pairs /*properties*/) {}
void on_end_async_named_scope_tagged(std::uint64_t /*span_id*/, std::uint64_t /*parent_span_id*/,
                                     const SpanLocation& /*location*/, std::string_view /*name*/,
                                     std::uint32_t /*depth*/, const PropertySet& /*set*/,
                                     Pairs /*properties*/) {}

// --- flush and threads: there is nothing to flush ---

void flush_log_buffer() {}
void flush_metrics_buffer() {}
void flush_thread_buffer() {}
void init_thread_stream() {}
void unregister_thread_stream() {}
void for_each_thread_stream(FunctionRef<void(ThreadStream&)> /*visit*/) {}

// --- queries ---

std::optional<Uuid> process_id() { return wasm::session_process_id(); }

std::optional<bool> cpu_tracing_enabled() {
  if (!wasm::session_running(0)) return std::nullopt;
  return false;
}

std::shared_ptr<EventSink> get_sink() { return wasm::session_sink(); }

ProcessInfo make_process_info(const Uuid& process_id, std::optional<Uuid> parent_process_id,
                              PropertyMap properties) {
  ProcessInfo info;
  info.process_id = process_id;
  info.parent_process_id = parent_process_id;
  info.exe = info.username = info.realname = info.computer = info.distro = "wasm";
  info.cpu_brand = "wasm32";
  info.tsc_frequency = kTicksPerSecond;
  info.start_ticks = wasm::now();
  info.start_time = info.start_ticks * (1'000'000'000 / kTicksPerSecond);
  info.properties = std::move(properties);
  return info;
}

}  // namespace micromegas::dispatch
