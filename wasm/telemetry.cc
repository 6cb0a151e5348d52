// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// telemetry.h on wasm32: the console and the program's own sinks, no server, no environment.

#include "micromegas/telemetry.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/instrument/context_names.h"
#include "micromegas/pipeline/sink/composite_sink.h"
#include "micromegas/pipeline/sink/console_sink.h"
#include "micromegas/sampling.h"
#include "micromegas/wasm/clock.h"
#include "micromegas/wasm/context.h"
#include "micromegas/wasm/session.h"

namespace micromegas {
namespace {

constexpr std::string_view kReservedPrefix = "micromegas.";
constexpr LevelFilter kDefaultConsoleLevel = LevelFilter::kInfo;

// The sinks of the last start, in the order of their filters.
struct Sinks {
  std::mutex mutex;
  wasm::SessionId session = 0;
  bool console = false;
  std::vector<const EventSink*> order;
  std::weak_ptr<CompositeSink> all;  // null if there is but one
};

Sinks& sinks_of_last_start() {
  static Sinks& sinks = *new Sinks;
  return sinks;
}

// `index` picks one.
template <class Index>
Result<void> change_sink_filter(std::string_view text, std::string_view where,
                                LevelFilter otherwise, Index index) {
  Result<LogFilter> filter = parse_log_filter(text, where, otherwise);
  if (!filter) return filter.error();
  Sinks& sinks = sinks_of_last_start();
  const std::lock_guard lock(sinks.mutex);
  if (sinks.session == 0 || !wasm::session_running(sinks.session)) {
    return Error(std::string(where) + ": telemetry is not running: call init_telemetry() first");
  }
  const std::size_t at = index(sinks);
  if (at >= sinks.order.size()) {
    return Error(std::string(where) + ": telemetry was started without this sink");
  }
  if (const auto all = sinks.all.lock()) all->set_filter(at, *filter);
  wasm::change_filters([&](wasm::Filters& filters) { filters.sinks[at] = std::move(*filter); });
  return {};
}

}  // namespace

Result<TelemetryGuard> init_telemetry(TelemetryOptions options) {
  for (const auto& [key, value] : options.properties) {
    if (key.starts_with(kReservedPrefix)) {
      return Error("init_telemetry: properties: " + key +
                   ": keys that begin with 'micromegas.' belong to the server; rename it");
    }
  }
  std::vector<CompositeSink::Child> sinks;
  std::vector<const EventSink*> order;
  wasm::Filters filters{.log = std::move(options.log_filter).value_or(LogFilter()), .sinks = {}};
  const auto add = [&](std::shared_ptr<EventSink> sink, LogFilter filter) {
    if (sink == nullptr) return;
    filters.sinks.push_back(filter);
    order.push_back(sink.get());
    sinks.push_back({std::move(sink), std::move(filter)});
  };
  if (options.console) {
    add(std::make_shared<ConsoleEventSink>(),
        std::move(options.console_filter).value_or(kDefaultConsoleLevel));
  }
  for (ExtraSink& extra : options.sinks) add(std::move(extra.sink), std::move(extra.filter));

  std::shared_ptr<EventSink> sink;
  std::shared_ptr<CompositeSink> all;
  if (options.console && sinks.size() == 1) {
    sink = std::move(sinks[0].sink);  // the session has its filter too
  } else {
    sink = all = std::make_shared<CompositeSink>(std::move(sinks));
  }
  const Result<wasm::SessionId> started =
      wasm::start_session(std::move(sink), std::move(options.properties), std::move(filters));
  if (!started) return Error("init_telemetry: " + started.error().message());
  Sinks& last = sinks_of_last_start();
  const std::lock_guard lock(last.mutex);
  last.session = *started;
  last.console = options.console;
  last.order = std::move(order);
  last.all = all;
  return TelemetryGuard(*started, options.shutdown_deadline);
}

TelemetryGuard& TelemetryGuard::operator=(TelemetryGuard&& other) noexcept {
  if (this != &other) {
    if (id_ != 0) wasm::stop_session(id_, deadline_);
    id_ = std::exchange(other.id_, 0);
    deadline_ = other.deadline_;
  }
  return *this;
}

TelemetryGuard::~TelemetryGuard() {
  if (id_ != 0) wasm::stop_session(id_, deadline_);
}

bool flush(std::chrono::milliseconds /*timeout*/) { return wasm::session_running(0); }

bool shutdown(std::chrono::milliseconds deadline) { return wasm::stop_session(0, deadline); }

KindStats TelemetryStats::total() const noexcept {
  return events[static_cast<std::size_t>(EventKind::kLog)];  // there are no others
}

TelemetryStats stats() {
  TelemetryStats out;
  out.events[static_cast<std::size_t>(EventKind::kLog)] = wasm::log_stats();
  out.refused_properties = wasm::refused_properties();
  out.left_out_logs = wasm::left_out_logs();
  out.property_sets = property_set_stats();
  return out;
}

Result<void> set_log_filter(std::string_view text) {
  Result<LogFilter> filter = parse_log_filter(text, "set_log_filter");
  if (!filter) return filter.error();
  if (!wasm::session_running(0)) {
    return Error("set_log_filter: telemetry is not running: call init_telemetry() first");
  }
  wasm::change_filters([&](wasm::Filters& filters) { filters.log = std::move(*filter); });
  return {};
}

Result<void> set_console_filter(std::string_view text) {
  return change_sink_filter(
      text, "set_console_filter", kDefaultConsoleLevel,
      [](const Sinks& sinks) { return sinks.console ? 0 : sinks.order.size(); });
}

// Checked as anywhere else, but there is no upload.
Result<void> set_upload_filter(std::string_view text) {
  return change_sink_filter(text, "set_upload_filter", LevelFilter::kOff,
                            [](const Sinks& sinks) { return sinks.order.size(); });
}

Result<void> set_sink_filter(const EventSink& sink, std::string_view text) {
  return change_sink_filter(text, "set_sink_filter", LevelFilter::kTrace, [&](const Sinks& sinks) {
    const auto found = std::find(sinks.order.begin(), sinks.order.end(), &sink);
    return static_cast<std::size_t>(found - sinks.order.begin());
  });
}

bool set_max_level(LevelFilter level) {
  if (!wasm::session_running(0)) return false;
  wasm::change_filters([=](wasm::Filters& filters) { filters.log.max_level = level; });
  return true;
}

bool set_target_level(std::string_view target_prefix, LevelFilter level) {
  if (!wasm::session_running(0)) return false;
  wasm::change_filters([=](wasm::Filters& filters) {
    filters.log.targets.insert_or_assign(std::string(target_prefix), level);
  });
  return true;
}

bool set_max_verbosity(VerbosityFilter /*verbosity*/) { return wasm::session_running(0); }
Result<void> set_process_context(const PropertyMap& properties) {
  Result<ContextProperties> kept = context_properties(properties);
  if (!kept) return kept.error();
  wasm::count_refused_properties(kept->refused);
  wasm::set_process_context(std::move(kept->properties));
  return {};
}
void set_system_metrics_period(std::chrono::milliseconds /*period*/) {}

void set_span_sampling(SpanSampling /*sampling*/) {}
void sample_spans(SpanWindow /*window*/) {}
void sample_spans_for(std::chrono::nanoseconds /*duration*/) {}

std::optional<Uuid> process_id() { return wasm::session_process_id(); }

void set_thread_name(std::string_view /*name*/) {}
void prepare_thread() {}

void log_dynamic(Level level, std::string_view target, std::string_view text,
                 std::span<const Property> properties) {
  // A bridge may have made it of any number.
  const LogMetadata metadata{.level = std::clamp(level, Level::kFatal, Level::kTrace),
                             .target = target};
  dispatch::log_interop_dyn_tagged(metadata, properties, text);
}

std::int64_t now() noexcept { return wasm::now(); }

DualTime DualTime::now() noexcept { return {micromegas::now(), std::chrono::system_clock::now()}; }

}  // namespace micromegas
