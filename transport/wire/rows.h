// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Events as the official analytics 0.33 shows them: templates rendered, overrides applied, units
// converted. An event of a type that a view does not know is skipped; anything wrong in a known one
// is an error, and then the official view has no row of the block: forget what was visited.
//
//   auto read = wire::for_each_log_row(process, stream, block,
//       [&](const wire::LogRow& row) { print(row.time, row.level, row.target, row.msg); });
#ifndef MICROMEGAS_TRANSPORT_WIRE_ROWS_H_
#define MICROMEGAS_TRANSPORT_WIRE_ROWS_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/platform/result.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::wire {

// Rows are valid during the call only. `event_type` is the type's name on the wire; `ticks` is the
// event's time as sent, `time` the same in nanoseconds since the epoch. Properties stand in the
// order of the wire and may repeat a name (the official columns keep the last one).
struct LogRow {
  std::string_view event_type;
  std::int64_t event_id = 0;
  std::int64_t ticks = 0;
  std::int64_t time = 0;
  std::int32_t level = 0;  // 1 to 6 are the levels, other numbers are shown as they came
  std::string_view target;
  std::string_view msg;
  std::span<const Property> properties;
};

struct MetricRow {
  std::string_view event_type;
  std::int64_t event_id = 0;
  std::int64_t ticks = 0;
  std::int64_t time = 0;
  std::string_view target;
  std::string_view name;
  std::string_view unit;  // an integer in "ticks" becomes "seconds"
  double value = 0;
  bool is_integer = false;
  std::uint64_t integer = 0;  // if is_integer: the value as sent
  std::span<const Property> properties;
};

struct SpanEventRow {
  std::string_view event_type;
  std::int64_t event_id = 0;
  std::int64_t ticks = 0;
  std::int64_t time = 0;
  bool is_begin = false;
  bool is_async = false;
  std::string_view name;
  std::string_view target;
  std::string_view file;
  std::uint32_t line = 0;
  std::uint64_t span_id = 0;             // async only
  std::uint64_t parent_span_id = 0;      // async only
  std::uint32_t depth = 0;               // async only
  std::span<const Property> properties;  // ends only
};

struct ImageRow {
  std::int64_t event_id = 0;
  std::int64_t ticks = 0;
  std::int64_t time = 0;
  std::string_view name;
  std::string_view format;
  std::string_view data;
};

// Each returns the number of events of the block, rows or not. A block is read with the row
// function of its stream's tag: "log", "metrics", "cpu", "image".
Result<std::int64_t> for_each_log_row(const DecodedProcess& process, const DecodedStream& stream,
                                      const DecodedBlock& block,
                                      FunctionRef<void(const LogRow&)> visit,
                                      const DecodeLimits& limits = {});
Result<std::int64_t> for_each_metric_row(const DecodedProcess& process, const DecodedStream& stream,
                                         const DecodedBlock& block,
                                         FunctionRef<void(const MetricRow&)> visit,
                                         const DecodeLimits& limits = {});
Result<std::int64_t> for_each_span_event(const DecodedProcess& process, const DecodedStream& stream,
                                         const DecodedBlock& block,
                                         FunctionRef<void(const SpanEventRow&)> visit,
                                         const DecodeLimits& limits = {});
Result<std::int64_t> for_each_image_row(const DecodedProcess& process, const DecodedStream& stream,
                                        const DecodedBlock& block,
                                        FunctionRef<void(const ImageRow&)> visit,
                                        const DecodeLimits& limits = {});

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_ROWS_H_
