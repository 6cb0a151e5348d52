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
// On wasm32 another header stands under this name (wasm/include): there are no blocks.
#ifndef MICROMEGAS_PIPELINE_SINK_BLOCK_H_
#define MICROMEGAS_PIPELINE_SINK_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/log_filter.h"
#include "micromegas/pipeline/sink/event_context.h"
#include "micromegas/pipeline/sink/events.h"
#include "micromegas/pipeline/sink/record_buffer.h"
#include "micromegas/pipeline/sink/redactor.h"

namespace micromegas {

// Of every time.
inline constexpr std::int64_t kTicksPerSecond = 1'000'000'000;

struct LogStream : StreamInfo {};
struct MetricsStream : StreamInfo {};
struct ThreadStream : StreamInfo {};
struct ImageStream : StreamInfo {};

// The records of one block as they left the queue, times converted. Layout: queue/record.h.
struct BlockRecords {
  RecordBuffer bytes;
  std::vector<std::uint32_t> order;       // offsets in time order; empty: as they stand
  std::vector<EventContextPtr> contexts;  // what records with kHasContext refer to
  std::size_t context_bytes = 0;          // of memory
  const Redactor* redactor = nullptr;     // of the telemetry that made it; lives for ever
};

class Block {
 public:
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  [[nodiscard]] const BlockHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::int32_t event_count() const noexcept { return header_.event_count; }
  // Bytes of memory this object keeps alive.
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return sizeof(Block) + records_.bytes.capacity() + records_.order.capacity() * 4 +
           records_.context_bytes;
  }

 protected:
  Block(const BlockHeader& header, BlockRecords records)
      : header_(header), records_(std::move(records)) {}
  ~Block() = default;

  BlockHeader header_;
  BlockRecords records_;
};

// How far a sink is that gets only a part of the log stream.
struct FilteredLogs {
  std::int64_t object_offset = 0;        // events that it got
  std::optional<std::int64_t> end_time;  // of its last block
  std::uint64_t left_out = 0;            // events that it did not get
};

class LogBlock final : public Block {
 public:
  LogBlock(const BlockHeader& header, BlockRecords records) : Block(header, std::move(records)) {}
  void for_each(FunctionRef<void(const LogEvent&)> visit) const;

 private:
  friend std::shared_ptr<const LogBlock> filter_block(const std::shared_ptr<const LogBlock>& block,
                                                      const LogFilter& filter,
                                                      FilteredLogs& stream);
};

// What the filter lets through, as such a sink's next block: with an id of its own, and offsets and
// bounds that follow each other. The block itself if nothing of the stream has been left out yet,
// null if all of this one is.
std::shared_ptr<const LogBlock> filter_block(const std::shared_ptr<const LogBlock>& block,
                                             const LogFilter& filter, FilteredLogs& stream);

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

// One image on its way; what is shared of it never changes.
struct Image {
  std::int64_t time = 0;
  std::uint64_t thread_id = 0;  // the kernel's
  std::string name;
  std::string format;
  std::vector<std::byte> data;

  // Bytes of memory.
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return sizeof(Image) + name.capacity() + format.capacity() + data.capacity();
  }
};

class ImageBlock final {
 public:
  // In time order.
  ImageBlock(const BlockHeader& header, std::vector<std::shared_ptr<const Image>> images)
      : header_(header), images_(std::move(images)) {}
  ImageBlock(const ImageBlock&) = delete;
  ImageBlock& operator=(const ImageBlock&) = delete;

  [[nodiscard]] const BlockHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::int32_t event_count() const noexcept { return header_.event_count; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    std::size_t bytes = sizeof(ImageBlock);
    for (const auto& image : images_) bytes += image->memory_bytes();
    return bytes;
  }
  void for_each(FunctionRef<void(const ImageEvent&)> visit) const {
    for (const auto& i : images_) visit({i->time, i->name, i->format, i->data});
  }

 private:
  BlockHeader header_;
  std::vector<std::shared_ptr<const Image>> images_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_SINK_BLOCK_H_
