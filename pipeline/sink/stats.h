// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The books: recorded = delivered + dropped (by reason) + sampled out + held, for each kind of
// event. Each term
// is counted where it happens, none is computed from the others (docs/data-loss.md).
#ifndef MICROMEGAS_PIPELINE_SINK_STATS_H_
#define MICROMEGAS_PIPELINE_SINK_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace micromegas {

enum class EventKind : std::uint8_t {
  kLog,
  kIntegerMetric,
  kFloatMetric,
  kSpan,       // begins and ends of thread spans: two events a span
  kAsyncSpan,  // begins and ends of asynchronous spans
  kImage,
};
inline constexpr std::size_t kEventKinds = 6;

enum class DropReason : std::uint8_t {
  kQueueFull,     // the memory budget of the queues, or of images, was spent
  kInvalid,       // a negative integer metric, a call site past the catalogue's limit, an orphan,
                  // an image that is too large
  kStopped,       // recorded while telemetry was stopping, or held by a sink that never returned;
                  // a histogram's last period that its thread kept
  kSinkFailed,    // a sink threw while it was given the block
  kUploadBudget,  // the upload queue's byte budget was spent
  kRefused,       // the server refused the block, its stream or its process
  kDeadline,      // still unsent when the shutdown deadline passed
};
inline constexpr std::size_t kDropReasons = 7;

std::string_view to_string(EventKind kind) noexcept;     // "log", "integer_metric", ...
std::string_view to_string(DropReason reason) noexcept;  // "queue_full", ...

struct KindStats {
  std::uint64_t recorded = 0;     // calls of enabled call sites
  std::uint64_t delivered = 0;    // acknowledged by the server; without one, taken by the sinks
  std::uint64_t sampled_out = 0;  // spans that no window wanted (sampling.h)
  std::uint64_t held = 0;         // in queues, in the actor, in the upload queue
  std::array<std::uint64_t, kDropReasons> dropped{};

  [[nodiscard]] std::uint64_t dropped_total() const noexcept {
    std::uint64_t sum = 0;
    for (std::uint64_t n : dropped) sum += n;
    return sum;
  }
};

using EventStats = std::array<KindStats, kEventKinds>;

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_STATS_H_
