// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// telemetry.h on wasm32: the console and the program's own sinks, no server, no environment.

#include "micromegas/telemetry.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/sink/composite_sink.h"
#include "micromegas/pipeline/sink/console_sink.h"
#include "micromegas/wasm/clock.h"
#include "micromegas/wasm/session.h"

namespace micromegas {
namespace {

constexpr std::string_view kReservedPrefix = "micromegas.";

}  // namespace

Result<TelemetryGuard> init_telemetry(TelemetryOptions options) {
  for (const auto& [key, value] : options.properties) {
    if (key.starts_with(kReservedPrefix)) {
      return Error("init_telemetry: properties: " + key +
                   ": keys that begin with 'micromegas.' belong to the server; rename it");
    }
  }
  std::vector<CompositeSink::Child> sinks;
  LevelFilter most = LevelFilter::kOff;
  const auto add = [&](std::shared_ptr<EventSink> sink, LevelFilter max_level) {
    if (sink == nullptr) return;
    sinks.push_back({std::move(sink), max_level});
    most = std::max(most, max_level);
  };
  if (options.console) {
    const LevelFilter level = options.console_level.value_or(LevelFilter::kInfo);
    add(std::make_shared<ConsoleEventSink>(ConsoleOptions{.max_level = level}), level);
  }
  for (ExtraSink& extra : options.sinks) add(std::move(extra.sink), extra.max_level);

  const bool console_alone = options.console && sinks.size() == 1;  // it has a filter of its own
  auto sink =
      console_alone ? std::move(sinks[0].sink) : std::make_shared<CompositeSink>(std::move(sinks));

  wasm::Filters filters;
  filters.max_level = options.max_level.value_or(most);
  filters.targets.assign(options.target_levels.begin(), options.target_levels.end());
  const Result<wasm::SessionId> started =
      wasm::start_session(std::move(sink), std::move(options.properties), std::move(filters));
  if (!started) return Error("init_telemetry: " + started.error().message());
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
  return out;
}

void set_max_level(LevelFilter level) {
  wasm::change_filters([=](wasm::Filters& filters) { filters.max_level = level; });
}

void set_target_level(std::string_view target_prefix, LevelFilter level) {
  wasm::change_filters([=](wasm::Filters& filters) {
    for (auto& [prefix, old] : filters.targets) {
      if (prefix != target_prefix) continue;
      old = level;
      return;
    }
    filters.targets.emplace_back(target_prefix, level);
  });
}

void set_max_verbosity(Verbosity /*verbosity*/) {}

std::optional<Uuid> process_id() { return wasm::session_process_id(); }

void set_thread_name(std::string_view /*name*/) {}
void prepare_thread() {}

void log_dynamic(Level level, std::string_view target, std::string_view text) {
  const LogMetadata metadata{.level = level, .target = target};
  dispatch::log_interop(metadata, text);
}

std::int64_t now() noexcept { return wasm::now(); }

DualTime DualTime::now() noexcept { return {micromegas::now(), std::chrono::system_clock::now()}; }

}  // namespace micromegas
