// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The one telemetry of the program, behind dispatch.h and telemetry.h.
//
// Threads: safe from several (a build with -pthread). The lock is held for a look or a change only,
// never while a sink is called.
#ifndef MICROMEGAS_WASM_SESSION_H_
#define MICROMEGAS_WASM_SESSION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/level.h"
#include "micromegas/pipeline/instrument/log_filter.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_map.h"
#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"

namespace micromegas::wasm {

// A log is shown if both say so: the first, and one of those of the sinks.
struct Filters {
  LogFilter log = {};
  std::vector<LogFilter> sinks{LogFilter()};
};

using SessionId = std::uint64_t;  // from 1

// Gives the sink on_startup(), then lets logs in. An error if telemetry is running.
Result<SessionId> start_session(std::shared_ptr<EventSink> sink, PropertyMap process_properties,
                                Filters filters);
// 0: whichever is running. The sink's on_shutdown() is called once, when no line is in the sink:
// after `timeout`, or from within a sink, that is left to the last line. False if lines were left
// at the timeout.
bool stop_session(SessionId id, std::chrono::milliseconds timeout);
inline constexpr std::chrono::milliseconds kShutdownWait{5000};  // of dispatch.h, as natively
bool session_running(SessionId id);
// 0: none has been started.
SessionId last_session() noexcept;
// As if nothing had ever been started.
void forget_everything();

std::shared_ptr<EventSink> session_sink();
std::optional<Uuid> session_process_id();
// Without effect if nothing is running.
void change_filters(FunctionRef<void(Filters&)> change);

// Gives a text to the sink, which wanted it.
void deliver(const LogMetadata& metadata, std::span<const Property> properties,
             std::string_view text) noexcept;
KindStats log_stats() noexcept;
// By rate helpers.
std::uint64_t left_out_logs() noexcept;
// True for the first of the session.
bool count_refused_properties(std::size_t n) noexcept;
std::uint64_t refused_properties() noexcept;

std::uint64_t next_span_id() noexcept;

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_SESSION_H_
