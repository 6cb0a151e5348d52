// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/running_sink.h"

#include <exception>
#include <utility>

#include "micromegas/platform/diagnostics.h"

namespace micromegas::wasm {
namespace {

thread_local bool t_in_sink = false;

}  // namespace

bool call_sink(FunctionRef<void()> call) noexcept {
  if (t_in_sink) return false;
  t_in_sink = true;
  bool ok = false;
#if defined(__cpp_exceptions)
  // Without -fexceptions the compiler leaves the handlers out, and a throw ends the program.
  try {
    call();
    ok = true;
  } catch (const std::exception& error) {
    diagnose("sink.threw", error.what());
  } catch (...) {
    diagnose("sink.threw", "a sink threw something that is not a std::exception");
  }
#else
  call();
  ok = true;
#endif
  t_in_sink = false;
  return ok;
}

void leave_sinks() noexcept { t_in_sink = false; }

void RunningSink::start(std::shared_ptr<const ProcessInfo> process) noexcept {
  // Also when another sink is what starts telemetry.
  const bool outer = std::exchange(t_in_sink, false);
  call_sink([&] { sink_->on_startup(std::move(process)); });
  t_in_sink = outer;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kStarting) state_ = State::kOpen;
  }
  leave();
}

bool RunningSink::end([[maybe_unused]] std::chrono::milliseconds timeout) noexcept {
  bool in_time = true;
  {
    std::unique_lock lock(mutex_);
    state_ = State::kEnding;
    if (inside_ != 0 && t_in_sink) {
      // To wait might be to wait for this very line, or for one that waits for it.
      last_gives_shutdown_ = true;
      return true;
    }
#if defined(__EMSCRIPTEN_PTHREADS__)
    in_time = empty_.wait_for(lock, timeout, [this] { return inside_ == 0; });
    if (!in_time) {
      last_gives_shutdown_ = true;
      return false;
    }
#endif
  }
  give_shutdown();
  return in_time;
}

bool RunningSink::enter() noexcept {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kOpen) return false;
  ++inside_;
  return true;
}

void RunningSink::leave() noexcept {
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

void RunningSink::give_shutdown() noexcept {
  const bool outer = std::exchange(t_in_sink, false);
  call_sink([&] { sink_->on_shutdown(); });
  t_in_sink = outer;
}

}  // namespace micromegas::wasm
