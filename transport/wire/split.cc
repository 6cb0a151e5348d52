// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/split.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "micromegas/transport/wire/block_writer.h"
#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/layout.h"
#include "micromegas/transport/wire/lz4_frame.h"

namespace micromegas::wire {
namespace {

EventKind kind_of(StreamKind stream, std::uint8_t type) {
  switch (stream) {
    case StreamKind::kLog:
      return EventKind::kLog;
    case StreamKind::kMetrics:
      return type == layout::kIntegerMetricEvent || type == layout::kTaggedIntegerMetricEvent
                 ? EventKind::kIntegerMetric
                 : EventKind::kFloatMetric;
    case StreamKind::kThread:
      break;
  }
  const bool async =
      (type >= layout::kBeginAsyncSpanEvent && type <= layout::kEndAsyncNamedSpanEvent) ||
      type == layout::kTaggedEndAsyncSpanEvent || type == layout::kTaggedEndAsyncNamedSpanEvent;
  return async ? EventKind::kAsyncSpan : EventKind::kSpan;
}

// Takes records from the front.
class Records {
 public:
  Records(std::string_view bytes, StreamKind kind) : rest_(bytes), kind_(kind) {}

  // False at a record that is not of our layout.
  bool next() {
    const auto& types = layout::of(kind_).objects;
    if (rest_.empty()) return false;
    type_ = static_cast<std::uint8_t>(rest_.front());
    if (type_ >= types.size()) return false;
    std::size_t size = types[type_].size;
    std::size_t head = 1;
    if (size == 0) {
      if (rest_.size() < 5) return false;
      std::uint32_t told = 0;
      std::memcpy(&told, rest_.data() + 1, sizeof(told));
      size = told;
      head = 5;
    }
    if (rest_.size() - head < size) return false;
    body_ = rest_.substr(head, size);
    rest_.remove_prefix(head + size);
    return true;
  }
  [[nodiscard]] bool end() const { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  [[nodiscard]] EventKind kind() const { return kind_of(kind_, type_); }
  // Of the last record; every span has it.
  [[nodiscard]] std::int64_t ticks() const {
    std::int64_t ticks = 0;
    for (const layout::PackedMember& member : layout::of(kind_).objects[type_].members) {
      if (member.name == "time" && member.offset + sizeof(ticks) <= body_.size()) {
        std::memcpy(&ticks, body_.data() + member.offset, sizeof(ticks));
      }
    }
    return ticks;
  }

 private:
  std::string_view rest_;
  std::string_view body_;
  StreamKind kind_;
  std::uint8_t type_ = 0;
};

}  // namespace

Result<std::array<HalfBlock, 2>> split_block(std::string_view body, StreamKind kind,
                                             const ProcessInfo& process) {
  const auto decoded = decode_block(body);
  if (!decoded) return decoded.error();
  const DecodedBlock& block = *decoded;
  if (block.event_count < 2) return Error("a block of one event cannot be split");

  std::array<HalfBlock, 2> halves;
  std::int32_t count = 0;
  std::int32_t first_count = 0;
  std::size_t cut = 0;  // by bytes, not by number: one event may be as large as all others
  std::int64_t cut_ticks = 0;
  Records records(block.objects, kind);
  while (!records.end()) {
    if (!records.next()) return Error("a record is not of this client's layout");
    ++count;
    const std::size_t read = block.objects.size() - records.left();
    const bool first = cut == 0;
    ++halves[first ? 0 : 1].events[static_cast<std::size_t>(records.kind())];
    if (first && (read >= block.objects.size() / 2 || count == block.event_count - 1)) {
      cut = read;
      first_count = count;
      cut_ticks = records.ticks();
    }
  }
  if (count != block.event_count || first_count == count) {
    return Error("the events of a block do not add up");
  }

  // Logs and metrics may overlap: both halves keep the bounds.
  const std::int64_t cut_time = cut_ticks - process.start_ticks + process.start_time;
  const bool spans = kind == StreamKind::kThread;
  BlockHeader header{block.process_id, block.stream_id,     {}, block.begin_time,
                     block.end_time,   block.object_offset, 0};
  const std::string_view objects = block.objects;
  FrameCompressor compressor(0);
  ByteBuffer dependencies;
  ByteBuffer compressed;
  if (auto done = compressor.compress(block.dependencies, dependencies); !done) return done.error();
  for (std::size_t i = 0; i < 2; ++i) {
    header.block_id = halves[i].block_id = Uuid::random();
    header.event_count = i == 0 ? first_count : count - first_count;
    header.object_offset = block.object_offset + (i == 0 ? 0 : first_count);
    header.begin_time = i == 1 && spans ? cut_time : block.begin_time;
    header.end_time = i == 0 && spans ? cut_time : block.end_time;
    const auto half = i == 0 ? objects.substr(0, cut) : objects.substr(cut);
    if (auto done = compressor.compress(half, compressed); !done) return done.error();
    halves[i].body = write_block(header, process, dependencies.view(), compressed.view());
  }
  return halves;
}

}  // namespace micromegas::wire
