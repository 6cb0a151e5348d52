// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/count_events.h"

#include <utility>

#include "micromegas/transport/wire/rows.h"

namespace micromegas::collector {

Result<BlockEvents> count_events(const wire::DecodedProcess& process,
                                 const wire::DecodedStream& stream, const wire::DecodedBlock& block,
                                 const wire::DecodeLimits& limits,
                                 FunctionRef<std::uint32_t(std::string_view)> intern) {
  BlockEvents read;
  EventCounts& counts = read.counts;
  Result<std::int64_t> number = std::int64_t{0};
  if (stream.has_tag("log")) {
    number = wire::for_each_log_row(
        process, stream, block, [&](const wire::LogRow&) { ++counts.logs; }, limits);
  } else if (stream.has_tag("metrics")) {
    number = wire::for_each_metric_row(
        process, stream, block,
        [&](const wire::MetricRow& row) {
          row.is_integer ? ++counts.integer_metrics : ++counts.float_metrics;
        },
        limits);
  } else if (stream.has_tag("cpu")) {
    read.has_thread_stream = true;
    number = wire::for_each_span_event(
        process, stream, block,
        [&](const wire::SpanEventRow& row) {
          if (row.is_async) {
            row.is_begin ? ++counts.async_begins : ++counts.async_ends;
          } else {
            row.is_begin ? ++counts.span_begins : ++counts.span_ends;
          }
          read.marks.push_back({.name = intern(row.name),
                                .is_begin = row.is_begin,
                                .is_async = row.is_async,
                                .time = row.time,
                                .span_id = row.span_id});
        },
        limits);
  } else if (stream.has_tag("image")) {
    number = wire::for_each_image_row(
        process, stream, block, [&](const wire::ImageRow&) { ++counts.images; }, limits);
  } else {
    number = wire::for_each_event(
        stream, block, [](std::int64_t, const wire::Object&) {}, limits);
  }
  if (!number) return number.error();
  read.number = *number;
  counts.other = static_cast<std::uint64_t>(*number) - counts.total();
  return read;
}

}  // namespace micromegas::collector
