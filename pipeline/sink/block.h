// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A block: a batch of one stream's events, immutable and shared between sinks. Sinks read it with
// for_each(), which hands out views that are valid during the call only; for_each() may be called
// from any thread, from several at once, and as often as wanted.
//
//   void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
//     block->for_each([](const LogEvent& event) { print(event.time, event.text); });
//   }
//
// All times are nanoseconds since the Unix epoch by the process's clock model (never backwards in
// a thread stream).
#ifndef MICROMEGAS_PIPELINE_SINK_BLOCK_H_
#define MICROMEGAS_PIPELINE_SINK_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/sink/record_buffer.h"
#include "micromegas/platform/uuid.h"

namespace micromegas {

enum class StreamKind : std::uint8_t { kLog, kMetrics, kThread };

// What is known of a stream; sent before its first block (insert_stream).
struct StreamInfo {
  Uuid process_id;
  Uuid stream_id;
  StreamKind kind = StreamKind::kLog;
  PropertyMap properties;  // a thread's: "thread-id" (decimal), "thread-name" if it has one
};

struct LogStream : StreamInfo {};
struct MetricsStream : StreamInfo {};
struct ThreadStream : StreamInfo {};

struct LogEvent {
  enum class Form : std::uint8_t {
    kLiteral,  // text is metadata->text with its doubled braces undone; no arguments
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

struct BlockHeader {
  Uuid process_id;
  Uuid stream_id;
  Uuid block_id;
  std::int64_t begin_time = 0;     // nanoseconds since the epoch
  std::int64_t end_time = 0;       // >= every event
  std::int64_t object_offset = 0;  // events in all earlier blocks of the stream
  std::int32_t event_count = 0;    // > 0
};

// The records of one block as they left the queue, times converted. Layout: queue/record.h.
struct BlockRecords {
  RecordBuffer bytes;
  std::vector<std::uint32_t> order;  // offsets in time order; empty: as they stand
};

class Block {
 public:
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  [[nodiscard]] const BlockHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::int32_t event_count() const noexcept { return header_.event_count; }
  // Bytes of memory this object keeps alive.
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return sizeof(Block) + records_.bytes.capacity() + records_.order.capacity() * 4;
  }

 protected:
  Block(const BlockHeader& header, BlockRecords records)
      : header_(header), records_(std::move(records)) {}
  ~Block() = default;

  BlockHeader header_;
  BlockRecords records_;
};

class LogBlock final : public Block {
 public:
  LogBlock(const BlockHeader& header, BlockRecords records) : Block(header, std::move(records)) {}
  void for_each(FunctionRef<void(const LogEvent&)> visit) const;
};

class MetricsBlock final : public Block {
 public:
  // `integers`: how many of the events are integer metrics.
  MetricsBlock(const BlockHeader& header, BlockRecords records, std::int32_t integers)
      : Block(header, std::move(records)), integers_(integers) {}
  void for_each(FunctionRef<void(const MetricEvent&)> visit) const;
  [[nodiscard]] std::int32_t integer_count() const noexcept { return integers_; }

 private:
  std::int32_t integers_;
};

class ThreadBlock final : public Block {
 public:
  // `asyncs`: how many of the events belong to asynchronous spans.
  ThreadBlock(const BlockHeader& header, BlockRecords records, std::int32_t asyncs = 0)
      : Block(header, std::move(records)), asyncs_(asyncs) {}
  void for_each(FunctionRef<void(const SpanEvent&)> visit) const;
  [[nodiscard]] std::int32_t async_count() const noexcept { return asyncs_; }

 private:
  std::int32_t asyncs_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_BLOCK_H_
