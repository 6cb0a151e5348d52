// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/split.h"

#include <algorithm>
#include <utility>

#include "micromegas/transport/wire/block_writer.h"
#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/layout.h"
#include "micromegas/transport/wire/lz4_frame.h"
#include "micromegas/transport/wire/packed_records.h"
#include "micromegas/transport/wire/used_dependencies.h"

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
    case StreamKind::kImage:
      return EventKind::kImage;
    case StreamKind::kThread:
      break;
  }
  const bool async =
      (type >= layout::kBeginAsyncSpanEvent && type <= layout::kEndAsyncNamedSpanEvent) ||
      type == layout::kTaggedEndAsyncSpanEvent || type == layout::kTaggedEndAsyncNamedSpanEvent;
  return async ? EventKind::kAsyncSpan : EventKind::kSpan;
}

// Of the record; every span has it.
std::int64_t ticks_of(const PackedRecords& record, StreamKind kind) {
  for (const layout::PackedMember& member : layout::of(kind).objects[record.type()].members) {
    if (member.name == "time") return static_cast<std::int64_t>(record.u64_at(member.offset));
  }
  return 0;
}

}  // namespace

Result<std::array<HalfBlock, 2>> split_block(std::string_view body, StreamKind kind,
                                             const ProcessInfo& process) {
  const DecodeLimits as_written{.body_bytes = body.size(),
                                .decompressed_bytes = 2 * kMaxPayloadBytes + kMaxBodyBytes};
  const auto decoded = decode_block(body, as_written);
  if (!decoded) return decoded.error();
  const DecodedBlock& block = *decoded;
  if (block.event_count < 2) return Error("a block of one event cannot be split");

  std::array<HalfBlock, 2> halves;
  std::int32_t count = 0;
  std::int32_t first_count = 0;
  std::size_t cut = 0;  // by bytes, not by number: one event may be as large as all others
  std::int64_t cut_ticks = 0;
  PackedRecords records(block.objects, layout::of(kind).objects);
  while (records.next()) {
    ++count;
    const std::size_t read = records.offset();
    const bool first = cut == 0;
    ++halves[first ? 0 : 1].events[static_cast<std::size_t>(kind_of(kind, records.type()))];
    if (first && (read >= block.objects.size() / 2 || count == block.event_count - 1)) {
      cut = read;
      first_count = count;
      cut_ticks = ticks_of(records, kind);
    }
  }
  if (!records.end()) return Error("a record is not of this client's layout");
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
  ByteBuffer used;
  ByteBuffer dependencies;
  ByteBuffer compressed;
  for (std::size_t i = 0; i < 2; ++i) {
    header.block_id = halves[i].block_id = Uuid::random();
    header.event_count = i == 0 ? first_count : count - first_count;
    header.object_offset = block.object_offset + (i == 0 ? 0 : first_count);
    header.begin_time = i == 1 && spans ? cut_time : block.begin_time;
    header.end_time = i == 0 && spans ? cut_time : block.end_time;
    const auto half = i == 0 ? objects.substr(0, cut) : objects.substr(cut);
    auto done = copy_used_dependencies(block.dependencies, half, kind, used);
    if (done) done = compressor.compress(used.view(), dependencies);
    if (done) done = compressor.compress(half, compressed);
    if (!done) return done.error();
    halves[i].body = write_block(header, process, dependencies.view(), compressed.view());
  }
  return halves;
}

}  // namespace micromegas::wire
