// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/capture.h"

#include <chrono>
#include <mutex>
#include <optional>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/flush/captures.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/sink/null_sink.h"
#include "micromegas/platform/thread.h"

namespace micromegas::pipeline {
namespace {

constexpr auto kWait = std::chrono::seconds(10);

Deadline deadline() { return std::chrono::steady_clock::now() + kWait; }

// The telemetry that was started for captures, while there are any.
struct Shared {
  std::mutex mutex;  // over start and end of the session too: it has no sink that could come back
  SessionId session = 0;
  int captures = 0;
};
Shared& shared() {
  static Shared& instance = *new Shared;
  return instance;
}

Result<void> start_shared_session() {
  Shared& s = shared();
  const std::lock_guard lock(s.mutex);
  ++s.captures;
  if (session_running(0)) return {};
  SessionOptions options;
  options.sink = std::make_shared<NullSink>();
  options.process = dispatch::make_process_info(Uuid::random(), std::nullopt, {});
  options.filters.log = LevelFilter::kTrace;
  options.flush.period = options.flush.tick;  // whoever waits for a span does not wait long
  const Result<SessionId> started = start_session(std::move(options));
  if (!started) {
    --s.captures;
    return started.error();
  }
  s.session = *started;
  return {};
}

void end_shared_session() {
  Shared& s = shared();
  const std::lock_guard lock(s.mutex);
  if (--s.captures > 0 || s.session == 0) return;
  stop_session(s.session, deadline());
  s.session = 0;
}

}  // namespace

// Messages own what they use: they may run after their caller has gone.

namespace {

// Without telemetry nothing is recorded: as good as done.
bool change(ChangeCaptures how, bool must_run = false) {
  return change_captures(std::move(how), deadline(), must_run) || !session_running(0);
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::start(std::shared_ptr<EventSink> sink, Threads threads) {
  if (Result<void> started = start_shared_session(); !started) return started.error();
  const bool all = threads == Threads::kAll;
  const bool added = change_captures(
      [sink, all](Captures& captures, const std::shared_ptr<const ProcessInfo>& process) {
        captures.add(sink, all, process);
      },
      deadline());
  // Its end takes away what may still be added.
  std::unique_ptr<Capture> capture(new Capture(std::move(sink)));
  if (!added) return Error("telemetry has ended meanwhile, or a sink keeps it from answering");
  return capture;
}

Capture::~Capture() {
  change([sink = sink_](Captures& captures, const auto&) { captures.remove(sink.get()); },
         /*must_run=*/true);
  end_shared_session();
}

bool Capture::join_current_thread() {
  return change([sink = sink_, thread = current_thread_id()](Captures& captures, const auto&) {
    captures.add_thread(sink.get(), thread);
  });
}

bool Capture::leave_current_thread() {
  return change(
      [sink = sink_, thread = current_thread_id()](Captures& captures, const auto&) {
        captures.remove_thread(sink.get(), thread);
      },
      /*must_run=*/true);
}

bool Capture::flush() {
  return change([](Captures&, const auto&) {});
}

}  // namespace micromegas::pipeline
