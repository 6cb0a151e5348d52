// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/process_end.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/instrument/key_value.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/thread.h"

namespace micromegas {
namespace {

constexpr std::string_view kTarget = "micromegas";

constinit StaticMetricMetadata g_lifetime{
    .verbosity = Verbosity::kMin, .name = "process_lifetime", .unit = "ns", .target = kTarget};

}  // namespace

void record_clean_end(std::int64_t start_time, std::string_view reason) {
  using namespace literals;
  // No filter is asked: without this a process that has ended looks like one that was killed.
  if (!detail::records_anything()) return;
  const ScopedLibraryThread never_waits_for_room;
  const std::int64_t lifetime = std::max<std::int64_t>(pipeline::now() - start_time, 0);
  detail::IntegerMetric{g_lifetime, static_cast<std::uint64_t>(lifetime), "reason"_k = reason};
}

void report_terminate(std::string_view why, std::chrono::milliseconds timeout) {
  if (!pipeline::session_running(0)) return;
  std::array<char, 8400> text;  // no memory is asked for: there may be none
  if (why.empty()) why = "without an exception";
  const int size = std::snprintf(
      text.data(), text.size(), "std::terminate in thread %s (%llu): %.*s",
      current_thread_name().c_str(), static_cast<unsigned long long>(current_thread_id()),
      static_cast<int>(why.size()), why.data());
  const std::string_view line(text.data(), std::clamp<std::size_t>(size, 0, text.size() - 1));
  const LogMetadata metadata{.level = Level::kFatal, .target = kTarget};
  {
    const ScopedLibraryThread never_waits_for_room;
    dispatch::log_interop(metadata, line);
  }
  if (!pipeline::flush_session(std::chrono::steady_clock::now() + timeout)) {
    diagnose("terminate.unsent", line);
  }
}

std::string_view signal_name(int signal) noexcept {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "signal";
  }
}

}  // namespace micromegas
