// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// One sink between its first call and its last one. Several threads may be in it (a build with
// -pthread), and a sink may end telemetry itself: on_shutdown() comes once, when nobody is in it.
#ifndef MICROMEGAS_WASM_RUNNING_SINK_H_
#define MICROMEGAS_WASM_RUNNING_SINK_H_

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/wasm/mutex.h"

namespace micromegas::wasm {

namespace detail {

extern constinit thread_local bool t_in_sink;
void sink_threw(std::string_view what) noexcept;

}  // namespace detail

// False when the call threw, or when this thread is in a sink already: a sink may log, but what it
// logs is not given to it, or there would be no end.
template <class Call>
bool call_sink(const Call& call) noexcept {
  if (detail::t_in_sink) return false;
  detail::t_in_sink = true;
  bool ok = false;
#if defined(__cpp_exceptions)
  // Without -fexceptions the compiler leaves the handlers out, and a throw ends the program.
  try {
    call();
    ok = true;
  } catch (const std::exception& error) {
    detail::sink_threw(error.what());
  } catch (...) {
    detail::sink_threw("a sink threw something that is not a std::exception");
  }
#else
  call();
  ok = true;
#endif
  detail::t_in_sink = false;
  return ok;
}
// This thread's next call_sink() calls, wherever it stands.
inline void leave_sinks() noexcept { detail::t_in_sink = false; }

// Any thread. No lock is held while the sink is called.
class RunningSink {
 public:
  explicit RunningSink(std::shared_ptr<EventSink> sink) noexcept : sink_(std::move(sink)) {}

  [[nodiscard]] const std::shared_ptr<EventSink>& sink() const noexcept { return sink_; }

  // Gives on_startup(); then lines are let in. Called once, also when end() has been.
  void start(std::shared_ptr<const ProcessInfo> process) noexcept;

  // Lets no further line in and waits for those that have begun, then gives on_shutdown(). If they
  // are not over in time, or if this thread is in a sink itself, whoever is last in this one gives
  // it, when leaving. False if they were not over in time. Called once.
  bool end(std::chrono::milliseconds timeout) noexcept;

  // One line's way through the sink.
  class Visit {
   public:
    explicit Visit(RunningSink* running) noexcept
        : running_(running != nullptr && running->enter() ? running : nullptr) {}
    ~Visit() {
      if (running_ != nullptr) running_->leave();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    // False: there is no sink, or it lets no line in.
    explicit operator bool() const noexcept { return running_ != nullptr; }
    EventSink* operator->() const noexcept { return running_->sink_.get(); }

   private:
    RunningSink* running_;
  };

 private:
  enum class State { kStarting, kOpen, kEnding };

  bool enter() noexcept {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kOpen) return false;
    ++inside_;
    return true;
  }
  void leave() noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (--inside_ != 0 || state_ != State::kEnding) return;
      if (!last_gives_shutdown_) {
        empty_.notify_all();
        return;
      }
    }
    give_shutdown();
  }
  void give_shutdown() noexcept;

  const std::shared_ptr<EventSink> sink_;
  Mutex mutex_;
  Condition empty_;
  State state_ = State::kStarting;
  unsigned inside_ = 1;  // threads in the sink, or about to start it
  bool last_gives_shutdown_ = false;
};

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_RUNNING_SINK_H_
