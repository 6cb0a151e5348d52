// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/flush_actor.h"

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "micromegas/pipeline/flush/drain.h"
#include "micromegas/pipeline/flush/property_set_watch.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/thread.h"

namespace micromegas::pipeline {
namespace {

// What becomes of a message when its caller has waited long enough.
enum class Late {
  kWaitedFor,  // it uses what is the caller's: one that runs is waited for, another one never runs
  kGivenUp,    // one that runs is left alone, another one never runs
  kDone,       // it runs all the same
};

// A message's way back.
struct Reply {
  enum class State { kWaiting, kRunning, kDone, kGivenUp };
  std::mutex mutex;
  std::condition_variable changed;
  State state = State::kWaiting;
  bool succeeded = false;

  bool begin() {
    const std::lock_guard lock(mutex);
    if (state != State::kWaiting) return false;
    state = State::kRunning;
    return true;
  }
  void finish(bool success) {
    const std::lock_guard lock(mutex);
    state = State::kDone;
    succeeded = success;
    changed.notify_all();
  }
  bool wait(Deadline deadline, Late late) {
    std::unique_lock lock(mutex);
    changed.wait_until(lock, deadline, [this] { return state == State::kDone; });
    if (state == State::kRunning && late == Late::kWaitedFor) {
      changed.wait(lock, [this] { return state == State::kDone; });
    }
    if (state == State::kWaiting && late != Late::kDone) state = State::kGivenUp;
    return state == State::kDone && succeeded;
  }
};

}  // namespace

struct FlushActor::Impl {
  Impl(const FlushOptions& options, std::shared_ptr<EventSink> sink,
       std::shared_ptr<const ProcessInfo> process, const ClockModel& model, PublishedClock& clock)
      : tick(options.tick),
        on_books(options.on_books),
        on_tick(options.on_tick),
        drain(options, std::move(sink), std::move(process), model, clock) {}

  asio::io_context io{1};
  asio::steady_timer timer{io};
  std::chrono::milliseconds tick;
  std::function<void(const EventStats&)> on_books;
  std::function<void()> on_tick;
  std::chrono::steady_clock::time_point next_books{};
  Drain drain;
  PropertySetWatch property_sets{std::chrono::steady_clock::now()};
  std::chrono::steady_clock::time_point next_watch{};
  std::thread thread;
  std::thread::id thread_id;
  std::atomic<bool> wake_pending{false};
  std::atomic<bool> stopping{false};
  std::atomic<bool> ended{false};
  std::shared_ptr<Reply> end = std::make_shared<Reply>();
  std::mutex closing;  // over a post, so that none comes after the last one has run
  bool closed = false;

  // Nothing that runs here may end the host: what throws (memory is short) is said, and the next
  // tick goes on. What was lost by it has been counted where it was.
  template <class F>
  static bool guarded(F f) noexcept {
    try {
      f();
      return true;
    } catch (...) {
      complain();
      return false;
    }
  }
  static void complain() noexcept {
    diagnose("flush.failed", "the flush actor could not do its work: out of memory?");
  }

  void run() {
    guarded([this] { drain.startup(); });
    while (!stopping.load()) {
      try {
        arm();
        io.run();  // until stop()
        io.restart();
      } catch (...) {  // the timer could not be set
        complain();
        std::this_thread::sleep_for(tick);
      }
    }
    guarded([this] { drain.shutdown(); });
    next_watch = {};
    watch_property_sets();
    {
      const std::lock_guard lock(closing);
      closed = true;
    }
    // Messages that came too late: they find an ended Drain, and their callers an answer.
    guarded([this] {
      io.restart();
      io.poll();
    });
    ended.store(true, std::memory_order_release);
    end->finish(true);
  }

  void arm() {
    // A burst is followed closely, so that its segments come back before the budget is spent.
    const auto wait = drain.busy() ? std::chrono::milliseconds(1) : tick;
    timer.expires_after(wait);
    timer.async_wait([this](const asio::error_code& error) {
      if (error || stopping.load(std::memory_order_relaxed)) return;
      guarded([this] { drain.tick(); });
      guarded([this] { show_books(); });
      watch_property_sets();
      if (on_tick) guarded(on_tick);
      arm();
    });
  }

  // False: the actor has ended.
  template <class F>
  bool post(F message) {
    const std::lock_guard lock(closing);
    if (closed) return false;
    asio::post(io, std::move(message));
    return true;
  }

  void show_books() {
    const auto now = std::chrono::steady_clock::now();
    if (!on_books || now < next_books) return;
    next_books = now + std::chrono::seconds(1);
    EventStats books{};
    drain.add_stats(books);
    queue::Runtime::get().add_counts(books);
    on_books(books);
  }

  void watch_property_sets() noexcept {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_watch) return;
    next_watch = now + std::chrono::seconds(1);
    const queue::Runtime& runtime = queue::Runtime::get();
    property_sets.poll(now, runtime.cut_texts(), runtime.lost_properties());
  }

  template <class F>
  bool call(F message, Deadline deadline, Late late) {
    if (std::this_thread::get_id() == thread_id || stopping.load(std::memory_order_acquire)) {
      return false;
    }
    auto reply = std::make_shared<Reply>();
    const bool posted = post([reply, message = std::move(message)] {
      if (!reply->begin()) return;
      reply->finish(guarded(message));
    });
    return posted && reply->wait(deadline, late);
  }
};

FlushActor::FlushActor() = default;

Result<std::shared_ptr<FlushActor>> FlushActor::start(const FlushOptions& options,
                                                      std::shared_ptr<EventSink> sink,
                                                      std::shared_ptr<const ProcessInfo> process,
                                                      const ClockModel& model,
                                                      PublishedClock& clock) {
  std::shared_ptr<FlushActor> actor(new FlushActor);
  actor->impl_ = std::make_shared<Impl>(options, std::move(sink), std::move(process), model, clock);
  // The thread owns a share: it may outlive the actor when a sink does not return.
  std::shared_ptr<Impl> impl = actor->impl_;
  std::promise<void> known;
  auto started =
      start_thread_with_signals_blocked("mm-flush", [impl, ready = known.get_future().share()] {
        ready.wait();
        impl->run();
      });
  if (!started) return started.error();
  impl->thread = std::move(*started);
  impl->thread_id = impl->thread.get_id();
  known.set_value();
  return actor;
}

FlushActor::~FlushActor() {
  if (impl_ && impl_->thread.joinable()) stop(std::chrono::steady_clock::now());
}

bool FlushActor::flush(Deadline deadline) {
  return impl_->call([impl = impl_] { impl->drain.flush(); }, deadline, Late::kGivenUp);
}

bool FlushActor::cut_all(Deadline deadline) {
  return impl_->call([impl = impl_] { impl->drain.cut_all(); }, deadline, Late::kGivenUp);
}

bool FlushActor::show_live(Deadline deadline) {
  return impl_->call([impl = impl_] { impl->drain.tick(); }, deadline, Late::kGivenUp);
}

bool FlushActor::add_stats(EventStats& stats, const std::function<void()>& also,
                           Deadline deadline) {
  if (impl_->ended.load(std::memory_order_acquire)) {
    impl_->drain.add_stats(stats);  // nobody else is there any more
    also();
    return true;
  }
  return impl_->call(
      [impl = impl_, &stats, &also] {
        impl->drain.add_stats(stats);
        queue::Runtime::get().add_held(stats);
        also();
      },
      deadline, Late::kWaitedFor);
}

bool FlushActor::thread_streams(std::vector<ThreadStream>& out, Deadline deadline) {
  return impl_->call([impl = impl_, &out] { impl->drain.thread_streams(out); }, deadline,
                     Late::kWaitedFor);
}

bool FlushActor::change_captures(ChangeCaptures change, Deadline deadline, bool must_run) {
  return impl_->call(
      [impl = impl_, change = std::move(change)] {
        impl->drain.cut_all();
        change(impl->drain.captures(), impl->drain.process());
      },
      deadline, must_run ? Late::kDone : Late::kGivenUp);
}

bool FlushActor::stop(Deadline deadline) {
  Impl& impl = *impl_;
  if (!impl.stopping.exchange(true)) impl.io.stop();  // no message: it must not need memory
  if (!impl.thread.joinable()) return true;
  if (std::this_thread::get_id() == impl.thread_id || !impl.end->wait(deadline, Late::kGivenUp)) {
    impl.thread.detach();
    return false;
  }
  impl.thread.join();
  return true;
}

bool FlushActor::ended() const noexcept { return impl_->ended.load(std::memory_order_acquire); }

bool FlushActor::on_this_thread() const noexcept {
  return std::this_thread::get_id() == impl_->thread_id;
}

void FlushActor::wake() noexcept {
  if (impl_->wake_pending.exchange(true, std::memory_order_acq_rel)) return;
  try {
    impl_->post([impl = impl_] {
      impl->wake_pending.store(false, std::memory_order_release);
      if (impl->stopping.load(std::memory_order_relaxed)) return;
      impl->guarded([&] { impl->drain.tick(); });
    });
  } catch (...) {  // out of memory: the next tick will do
    impl_->wake_pending.store(false, std::memory_order_release);
  }
}

void FlushActor::abandon_after_fork() noexcept {
  // Joining, detaching or destroying would touch a thread that is not there, or locks that it held.
  new std::shared_ptr<Impl>(std::move(impl_));
}

}  // namespace micromegas::pipeline
