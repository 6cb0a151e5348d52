// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Stands in for the native header of the same path: on wasm32 there are no streams and no blocks.
// The names are there, so that one EventSink compiles on both; its functions for them are never
// called.
#ifndef MICROMEGAS_PIPELINE_SINK_BLOCK_H_
#define MICROMEGAS_PIPELINE_SINK_BLOCK_H_

#include <cstdint>
#include <memory>

#include "micromegas/pipeline/instrument/log_filter.h"
#include "micromegas/pipeline/sink/events.h"

namespace micromegas {

// Of every time: microseconds. Date.now() gives whole milliseconds.
inline constexpr std::int64_t kTicksPerSecond = 1'000'000;

struct LogStream {};
struct MetricsStream {};
struct ThreadStream {};
struct ImageStream {};
class LogBlock {};
class MetricsBlock {};
class ThreadBlock {};
class ImageBlock {};

struct FilteredLogs {
  std::uint64_t left_out = 0;
};
inline std::shared_ptr<const LogBlock> filter_block(const std::shared_ptr<const LogBlock>& block,
                                                    const LogFilter& /*filter*/,
                                                    FilteredLogs& /*stream*/) {
  return block;
}

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_BLOCK_H_
