// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/terminate.h"

#include <atomic>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/wasm/running_sink.h"

namespace micromegas::wasm {
namespace {

// Read by whichever thread terminates.
constinit std::atomic<std::terminate_handler> g_previous{nullptr};

[[noreturn]] void on_terminate() {
  constexpr std::string_view kText = "std::terminate() was called";
  static constinit LogMetadata metadata{
      .level = Level::kFatal, .text = kText, .target = "micromegas"};
  static constinit std::atomic<int> entered{0};
  const int before = entered.fetch_add(1);
  // Once: the sink may be what terminates.
  if (before == 0) {
    leave_sinks();
    dispatch::log(metadata, kText);
  }
  // Twice: after the log, and when the log terminates. A third time is a circle of handlers.
  const std::terminate_handler previous = g_previous.load();
  if (before < 2 && previous != nullptr) previous();
  std::abort();
}

}  // namespace

void install_terminate_handler() noexcept {
  const std::terminate_handler present = std::get_terminate();
  if (present == &on_terminate) return;
  g_previous.store(present);
  std::set_terminate(&on_terminate);
}

void remove_terminate_handler() noexcept {
  if (std::get_terminate() == &on_terminate) std::set_terminate(g_previous.load());
}

}  // namespace micromegas::wasm
