// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/session.h"

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include "micromegas/pipeline/flush/clock_model.h"
#include "micromegas/pipeline/flush/redaction.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/platform/clock.h"

namespace micromegas::pipeline {
namespace {

using std::chrono::steady_clock;

constexpr auto kFatalWait = std::chrono::milliseconds(250);
constexpr auto kStatsWait = std::chrono::seconds(1);
// A sink that works up to the deadline returns a little after it, and then the books are read.
constexpr auto kSinkGrace = std::chrono::milliseconds(500);

struct Session {
  SessionId id = 0;
  SessionOptions options;
  std::shared_ptr<const ProcessInfo> process;
  std::shared_ptr<FlushActor> actor;
};

// A session on its way out. Whoever asks for its end, or for a flush, meanwhile waits here.
struct Ending {
  explicit Ending(std::shared_ptr<Session> s) : session(std::move(s)) {}

  const std::shared_ptr<Session> session;

  void finish(bool without_rest) {
    const std::lock_guard lock(mutex_);
    done_ = true;
    complete_ = without_rest;
    changed_.notify_all();
  }
  // Whether it ended by the deadline and left nothing behind.
  bool wait(Deadline deadline) {
    if (session->actor->on_this_thread()) return false;  // a sink: it is what the end waits for
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [this] { return done_; }) && complete_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  bool complete_ = false;
};

struct Sessions {
  std::mutex mutex;  // the fields below; never held over a call to a sink or the actor
  std::shared_ptr<Session> current;
  std::shared_ptr<Ending> ending;
  std::shared_ptr<Session> stuck;   // the last one, if a sink had not returned when it was left
  EventStats past{};                // books of the last session, without the queues
  std::shared_ptr<void> companion;  // of the running or the last session
  SessionId next_id = 1;
  bool starting = false;
  bool at_exit_registered = false;
  PublishedClock clock;
};

}  // namespace
}  // namespace micromegas::pipeline

// One for all copies of this code in the process, and never destroyed.
extern "C" MICROMEGAS_SHARED void* micromegas_v0_sessions() noexcept {
  static void* const sessions = new micromegas::pipeline::Sessions;
  return sessions;
}

namespace micromegas::pipeline {
namespace {

Sessions& sessions() noexcept { return *static_cast<Sessions*>(micromegas_v0_sessions()); }

std::shared_ptr<Session> current() {
  Sessions& all = sessions();
  const std::lock_guard lock(all.mutex);
  return all.current;
}

void wake() noexcept {
  // On a recording thread: must not wait for whoever holds the lock.
  Sessions& all = sessions();
  std::shared_ptr<FlushActor> actor;
  {
    const std::unique_lock lock(all.mutex, std::try_to_lock);
    if (!lock || all.current == nullptr) return;
    actor = all.current->actor;
  }
  actor->wake();
}

void wait_for_live_sinks() noexcept {
  const std::shared_ptr<Session> session = current();
  if (session != nullptr) session->actor->show_live(steady_clock::now() + kFatalWait);
}

void abandon(Session& session) noexcept {
  session.actor->abandon_after_fork();
  if (session.options.abandon_after_fork) session.options.abandon_after_fork();
}

void after_fork_child() noexcept {
  Sessions& all = sessions();
  new (&all.mutex) std::mutex;  // another thread may have held it
  all.starting = false;
  all.past = {};
  new std::shared_ptr<void>(std::move(all.companion));
  new std::shared_ptr<Session>(std::move(all.stuck));
  if (all.ending != nullptr) {
    abandon(*all.ending->session);
    new std::shared_ptr<Ending>(std::move(all.ending));
  }
  if (all.current == nullptr) return;
  abandon(*all.current);
  new std::shared_ptr<Session>(std::move(all.current));  // its sinks' threads are not here either
}

void at_exit() {
  Sessions& all = sessions();
  std::shared_ptr<Session> session;
  {
    const std::lock_guard lock(all.mutex);
    session = all.ending != nullptr ? all.ending->session : all.current;
  }
  if (session != nullptr) {
    stop_session(session->id, steady_clock::now() + session->options.exit_wait, EndedBy::kExit);
  }
}

// The session's books at this instant; `recorded` is the runtime's and not in it.
bool read_books(const Session& session, EventStats& books, Deadline deadline) {
  EventStats fresh{};
  const bool read = session.actor->add_stats(
      fresh,
      [&] {
        if (!session.options.delivery_books) return;
        for (KindStats& kind : fresh) kind.delivered = 0;
        session.options.delivery_books(fresh);
      },
      deadline);
  if (read) books = fresh;
  return read;
}

}  // namespace

Result<SessionId> start_session(SessionOptions options) {
  Sessions& all = sessions();
  SessionId id;
  std::shared_ptr<Session> released;  // its sinks are destroyed without the lock
  {
    const std::lock_guard lock(all.mutex);
    if (all.current != nullptr || all.starting) {
      return Error(
          "telemetry is already running in this process: end it (the guard's destructor, "
          "shutdown()) before starting it again");
    }
    if (all.stuck != nullptr) {
      if (!all.stuck->actor->ended()) {
        return Error(
            "a sink of the previous telemetry has not returned yet: start again when it "
            "has");
      }
      released = std::move(all.stuck);
    }
    all.starting = true;
    id = all.next_id++;
    if (!all.at_exit_registered) all.at_exit_registered = std::atexit(&at_exit) == 0;
  }

  const ClockSample sample = sample_clock();
  const ClockModel model(sample, tick_frequency_estimate());
  all.clock.publish(model);
  options.process.start_time = options.process.start_ticks = model.to_ns(sample.ticks);
  options.process.tsc_frequency = 1'000'000'000;

  auto session = std::make_shared<Session>();
  session->id = id;
  session->options = std::move(options);
  session->process = std::make_shared<const ProcessInfo>(session->options.process);
  queue::Runtime& runtime = queue::Runtime::get();
  runtime.set_child_hook(&after_fork_child);
  runtime.set_live_wait(&wait_for_live_sinks);
  runtime.prepare(session->options.queue_bytes);
  set_redactor(session->options.redactor);
  runtime.let_wait(session->options.wait, session->options.wait_limit);
  auto actor = FlushActor::start(session->options.flush, session->options.sink, session->process,
                                 model, all.clock);
  const std::lock_guard lock(all.mutex);
  all.starting = false;
  if (!actor) return actor.error();
  session->actor = std::move(*actor);
  all.past = {};
  all.companion = session->options.companion;
  all.current = session;
  // Last: the first event finds everything in place.
  runtime.sample_windows().begin(session->options.span_sampling);
  runtime.images().open(session->options.image_bytes);
  runtime.open(session->options.filters, &wake);
  return id;
}

Stopped stop_session(SessionId id, Deadline deadline, EndedBy by) {
  Sessions& all = sessions();
  std::shared_ptr<Ending> ending;
  bool mine = false;
  {
    const std::lock_guard lock(all.mutex);
    if (all.current != nullptr && (id == 0 || all.current->id == id)) {
      ending = all.ending = std::make_shared<Ending>(std::move(all.current));
      all.current = nullptr;
      all.starting = true;  // nobody may start before this one has ended
      mine = true;
    } else if (all.ending != nullptr && (id == 0 || all.ending->session->id == id)) {
      ending = all.ending;
    } else {
      return {.complete = true, .mine = false};
    }
  }
  if (!mine) return {.complete = ending->wait(deadline), .mine = false};

  Session& session = *ending->session;
  if (session.options.on_end) session.options.on_end(by, *session.process);
  queue::Runtime::get().close();
  if (session.options.before_stop) session.options.before_stop(deadline);
  const bool ended = session.actor->stop(deadline + kSinkGrace);
  EventStats books{};
  if (ended) read_books(session, books, deadline);
  {
    const std::lock_guard lock(all.mutex);
    all.starting = false;
    all.ending = nullptr;
    all.past = books;
    if (!ended) all.stuck = ending->session;
  }
  RecordBuffer::drop_stock();
  ending->finish(ended);
  return {.complete = ended, .mine = true};
}

bool session_running(SessionId id) noexcept {
  Sessions& all = sessions();
  const std::lock_guard lock(all.mutex);
  return all.current != nullptr && (id == 0 || all.current->id == id);
}

bool hand_over_session(Deadline deadline) {
  const std::shared_ptr<Session> session = current();
  return session != nullptr && session->actor->cut_all(deadline);
}

bool change_captures(ChangeCaptures change, Deadline deadline, bool must_run) {
  const std::shared_ptr<Session> session = current();
  return session != nullptr &&
         session->actor->change_captures(std::move(change), deadline, must_run);
}

bool flush_session(Deadline deadline) {
  Sessions& all = sessions();
  std::shared_ptr<Session> session;
  std::shared_ptr<Ending> ending;
  {
    const std::lock_guard lock(all.mutex);
    session = all.current;
    ending = all.ending;
  }
  if (session == nullptr) return ending != nullptr && ending->wait(deadline);
  const SessionOptions& options = session->options;
  // Now: what the hand-over drops must be told to this caller, whoever else is waiting.
  const std::uint64_t told = options.told_drops ? options.told_drops() : 0;
  if (!session->actor->flush(deadline)) return false;
  return !options.wait_delivered || options.wait_delivered(deadline, told);
}

EventStats session_stats() {
  Sessions& all = sessions();
  EventStats stats{};
  std::shared_ptr<Session> session;
  std::shared_ptr<Session> released;  // its sinks are destroyed without the lock
  {
    const std::lock_guard lock(all.mutex);
    session = all.current;
    if (session == nullptr) {
      if (all.stuck != nullptr && all.stuck->actor->ended()) {  // the sink has returned since
        read_books(*all.stuck, all.past, steady_clock::now());
        released = std::move(all.stuck);
      }
      stats = all.past;
      // With the lock held no session starts, so nobody else reads the queues.
      if (!all.starting && all.stuck == nullptr) queue::Runtime::get().add_held(stats);
    }
  }
  // Before `recorded` is read: an event that is held or further has been recorded.
  if (session != nullptr) read_books(*session, stats, steady_clock::now() + kStatsWait);
  queue::Runtime::get().add_counts(stats);
  return stats;
}

std::shared_ptr<const ProcessInfo> session_process() {
  const std::shared_ptr<Session> session = current();
  return session != nullptr ? session->process : nullptr;
}

std::optional<Uuid> session_process_id() {
  const std::shared_ptr<const ProcessInfo> process = session_process();
  return process != nullptr ? std::optional(process->process_id) : std::nullopt;
}

std::shared_ptr<EventSink> session_sink() {
  const std::shared_ptr<Session> session = current();
  return session != nullptr ? session->options.sink : nullptr;
}

std::shared_ptr<void> session_companion() {
  Sessions& all = sessions();
  const std::lock_guard lock(all.mutex);
  return all.companion;
}

std::vector<ThreadStream> session_thread_streams() {
  std::vector<ThreadStream> streams;
  if (const std::shared_ptr<Session> session = current()) {
    session->actor->thread_streams(streams, steady_clock::now() + kStatsWait);
  }
  return streams;
}

std::int64_t now() noexcept {
  if (queue::Runtime::get().running()) return sessions().clock.to_ns(read_ticks());
  return sample_clock().wall_ns;
}

}  // namespace micromegas::pipeline
