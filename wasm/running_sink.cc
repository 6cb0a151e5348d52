// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/running_sink.h"

#include <mutex>
#include <utility>

#include "micromegas/platform/diagnostics.h"

namespace micromegas::wasm {
namespace detail {

constinit thread_local bool t_in_sink = false;

void sink_threw(std::string_view what) noexcept { diagnose("sink.threw", what); }

}  // namespace detail

using detail::t_in_sink;

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

bool RunningSink::end(std::chrono::milliseconds timeout) noexcept {
  {
    std::unique_lock lock(mutex_);
    state_ = State::kEnding;
    if (inside_ != 0 && t_in_sink) {
      // To wait might be to wait for this very line, or for one that waits for it.
      last_gives_shutdown_ = true;
      return true;
    }
    if (!empty_.wait_for(lock, timeout, [this] { return inside_ == 0; })) {
      last_gives_shutdown_ = true;
      return false;
    }
  }
  give_shutdown();
  return true;
}

void RunningSink::give_shutdown() noexcept {
  const bool outer = std::exchange(t_in_sink, false);
  call_sink([&] { sink_->on_shutdown(); });
  t_in_sink = outer;
}

}  // namespace micromegas::wasm
