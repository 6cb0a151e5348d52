// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the bridges from other loggers have in common. Not part of the surface.
#ifndef MICROMEGAS_INTEROP_LOGGERS_BRIDGE_H_
#define MICROMEGAS_INTEROP_LOGGERS_BRIDGE_H_

#include <cstdint>
#include <string_view>

#include "micromegas/pipeline/instrument/level.h"

namespace micromegas::detail {

struct BridgedLog {
  Level level = Level::kInfo;
  std::string_view target = {};
  std::string_view text = {};
  std::string_view file = {};  // the properties source.file, source.line, source.function
  std::uint32_t line = 0;
  std::string_view function = {};
};

// Records it, filtered by level and target. Not on a thread of this library's: a sink that logs
// through the bridged logger would feed itself for ever. Any thread; throws nothing, logs nothing.
void record_bridged(const BridgedLog& log) noexcept;

// Waits until what was recorded has been delivered, 2 s at most: the process is about to abort.
// Neither this nor the next waits on a thread of this library's, is a cancellation point, or
// throws.
void deliver_before_abort() noexcept;

// Hands what was recorded to the sinks, 1 s at most.
void hand_over_bridged() noexcept;

}  // namespace micromegas::detail

#endif  // MICROMEGAS_INTEROP_LOGGERS_BRIDGE_H_
