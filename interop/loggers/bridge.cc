// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/interop/loggers/bridge.h"

#include <charconv>
#include <chrono>
#include <cstddef>

#include "micromegas/dispatch.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/platform/thread.h"

namespace micromegas::detail {
namespace {

// Neither a thread that is cancelled meanwhile nor the lack of memory may end the program.
template <class Flush>
void wait_for_flush(Flush flush) noexcept {
  if (on_library_thread()) return;  // whom the flush would wait for
  const ScopedNoCancellation no_cancellation;
  try {
    flush();
  } catch (...) {
  }
}

}  // namespace

void record_bridged(const BridgedLog& log) noexcept {
  if (on_library_thread()) return;
  Property properties[3];
  std::size_t size = 0;
  char digits[10];
  if (!log.file.empty()) {
    properties[size++] = {"source.file", log.file};
    char* const end = std::to_chars(digits, digits + sizeof digits, log.line).ptr;
    properties[size++] = {"source.line", {digits, static_cast<std::size_t>(end - digits)}};
  }
  if (!log.function.empty()) properties[size++] = {"source.function", log.function};
  const LogMetadata metadata{.level = log.level, .target = log.target};
  dispatch::log_interop_dyn_tagged(metadata, {properties, size}, log.text);
}

void deliver_before_abort() noexcept {
  static constexpr auto kLimit = std::chrono::seconds(2);
  wait_for_flush([] { pipeline::flush_session(std::chrono::steady_clock::now() + kLimit); });
}

void hand_over_bridged() noexcept { wait_for_flush(&dispatch::flush_log_buffer); }

}  // namespace micromegas::detail
