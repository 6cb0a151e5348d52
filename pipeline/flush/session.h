// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The one running telemetry of the process: recording open, flush actor alive. What telemetry.h and
// dispatch.h are made of; they differ in what they put into SessionOptions.
//
// All functions: any thread; none holds a lock while it calls a sink.
#ifndef MICROMEGAS_PIPELINE_FLUSH_SESSION_H_
#define MICROMEGAS_PIPELINE_FLUSH_SESSION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "micromegas/pipeline/flush/flush_actor.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/pipeline/sink/redactor.h"
#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"

namespace micromegas::pipeline {

// What a session is ended by.
enum class EndedBy : std::uint8_t { kShutdown, kGuard, kExit };

struct SessionOptions {
  std::shared_ptr<EventSink> sink;
  ProcessInfo process;  // start stamps are filled in
  queue::Filters filters;
  std::size_t queue_bytes = 64U << 20;  // of all threads' queues
  std::size_t image_bytes = 65U << 20;  // of images until they are in a block
  SpanSampling span_sampling = SpanSampling::kAll;
  queue::Kinds wait = 0;  // of these a thread waits for room instead of dropping
  std::chrono::milliseconds wait_limit{1000};
  FlushOptions flush;
  Redactor redactor;

  // For a sink that delivers later than its on_process_..._block returns; all optional.
  std::function<void(EventStats&)> delivery_books;  // adds its delivered, held and dropped
  std::function<std::uint64_t()> told_drops;        // asked before a flush hands over
  // Until all it was given is acknowledged; with what told_drops() was. True: and nothing was lost.
  std::function<bool(Deadline, std::uint64_t)> wait_delivered;
  std::function<void(Deadline)> before_stop;  // the deadline for its on_shutdown()
  // On the ending thread, and may record the last events.
  std::function<void(EndedBy, const ProcessInfo&)> on_end;
  std::function<void()> abandon_after_fork;  // in a child: forget threads and sockets
  std::shared_ptr<void> companion;           // kept until the next start, for its owner

  // How long exit() waits when nobody has ended the session.
  std::chrono::milliseconds exit_wait{5000};
};

using SessionId = std::uint64_t;

// An error if a session is running, or if a sink of the previous one has not returned yet.
Result<SessionId> start_session(SessionOptions options);

struct Stopped {
  bool complete = true;  // false: something was left at the deadline, a sink that did not return
  bool mine = false;     // this call ended it
  explicit operator bool() const noexcept { return complete; }
};
// Ends session `id` if it is the running one (0: whichever is); waits for it if somebody else is
// ending it. What remained undelivered is in the stats.
Stopped stop_session(SessionId id, Deadline deadline, EndedBy by = EndedBy::kShutdown);
[[nodiscard]] bool session_running(SessionId id) noexcept;

// False at the deadline, or if no session is running. One that is ending: waits for its end.
bool flush_session(Deadline deadline);
// Hands everything recorded before the call to the sink; does not wait for delivery. Spans that are
// held back for a window stay so, unlike with flush_session().
bool hand_over_session(Deadline deadline);
// Captures of the running session (captures.h): `change` runs on the flush actor, behind a
// hand_over_session(). False as there; FlushActor::change_captures().
bool change_captures(ChangeCaptures change, Deadline deadline, bool must_run = false);
// Of the running session, else of the last one.
EventStats session_stats();

std::optional<Uuid> session_process_id();
std::shared_ptr<const ProcessInfo> session_process();
std::shared_ptr<EventSink> session_sink();
// Of the running session, else of the last one.
std::shared_ptr<void> session_companion();
std::vector<ThreadStream> session_thread_streams();

// Nanoseconds since the epoch by the running session's clock model, else by the system clock.
std::int64_t now() noexcept;

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_SESSION_H_
