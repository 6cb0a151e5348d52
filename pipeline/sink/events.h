// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What blocks and streams are made of, as a sink sees it (block.h). All times are nanoseconds since
// the Unix epoch by the process's clock model (never backwards in a thread stream).
#ifndef MICROMEGAS_PIPELINE_SINK_EVENTS_H_
#define MICROMEGAS_PIPELINE_SINK_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_map.h"
#include "micromegas/platform/uuid.h"

namespace micromegas {

enum class StreamKind : std::uint8_t { kLog, kMetrics, kThread, kImage };
inline constexpr std::size_t kStreamKinds = 4;

// What is known of a stream; sent before its first block (insert_stream).
struct StreamInfo {
  Uuid process_id;
  Uuid stream_id;
  StreamKind kind = StreamKind::kLog;
  PropertyMap properties;  // a thread's: "thread-id" (decimal), "thread-name" if it has one
};

struct LogEvent {
  enum class Form : std::uint8_t {
    kLiteral,  // text is metadata->text with its doubled braces undone; it shows no argument
    kText,     // formatted from arguments, or given at run time
    kInterop,  // level, target and text given at run time; metadata is null
  };
  Form form = Form::kText;
  Level level = Level::kInfo;
  std::int64_t time = 0;
  const LogMetadata* metadata = nullptr;  // address stable for the life of the process: a fit key
  std::string_view target;
  std::string_view text;
  std::span<const Property> properties;
  // If not empty, {name} in it stands for the text of that property, and the result is `text`.
  // Address stable for the life of the process.
  std::string_view template_text = {};
};

struct MetricEvent {
  bool is_float = false;
  std::uint64_t integer = 0;  // if !is_float
  double number = 0;          // if is_float
  std::int64_t time = 0;
  const StaticMetricMetadata* metadata = nullptr;  // address stable for the life of the process
  // Those of the metadata, unless they were given at run time (then the metadata's are empty).
  std::string_view name;
  std::string_view unit;
  std::span<const Property> properties;
};

struct SpanEvent {
  enum class Kind : std::uint8_t { kBegin, kEnd, kAsyncBegin, kAsyncEnd };
  Kind kind = Kind::kBegin;
  bool named = false;  // the name was given at run time: metadata->name is empty
  std::int64_t time = 0;
  const SpanMetadata* metadata = nullptr;  // address stable for the life of the process
  std::string_view name;                   // metadata->name or the run-time name
  std::uint64_t span_id = 0;               // async only, from 1
  std::uint64_t parent_span_id = 0;        // async only, 0: a root
  std::uint32_t depth = 0;                 // async only
  std::span<const Property> properties;    // ends only
};

struct ImageEvent {
  std::int64_t time = 0;
  std::string_view name;
  std::string_view format;
  std::span<const std::byte> data;
};

struct BlockHeader {
  Uuid process_id;
  Uuid stream_id;
  Uuid block_id;
  std::int64_t begin_time = 0;     // nanoseconds since the epoch
  std::int64_t end_time = 0;       // >= every event
  std::int64_t object_offset = 0;  // events in all earlier blocks of the stream
  std::int32_t event_count = 0;    // > 0
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_EVENTS_H_
