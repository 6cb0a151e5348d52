// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Reads the bodies of the three requests, whoever sent them (this client, Rust, Unreal), as the
// official server and analytics do. Every byte is hostile: a body gives a value or an Error that
// says what is wrong and where, within the limits below.
//
//   auto stream = wire::decode_stream(body);              // keep one per stream id
//   auto block = wire::decode_block(body);
//   auto read = wire::for_each_event(*stream, *block,
//       [&](std::int64_t event_id, const wire::Object& event) { ... });
//
// rows.h reads events as log entries, measures and spans; json_lines.h prints them.
// Any thread; no global state.
#ifndef MICROMEGAS_TRANSPORT_WIRE_DECODE_H_
#define MICROMEGAS_TRANSPORT_WIRE_DECODE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/function_ref.h"
#include "micromegas/pipeline/instrument/property_map.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"
#include "micromegas/transport/wire/value.h"

namespace micromegas::wire {

struct DecodeLimits {
  std::size_t body_bytes = std::size_t{100} << 20;
  // Of one block, both parts together.
  std::size_t decompressed_bytes = std::size_t{256} << 20;
  // Of one block's events, each with the text of all that it refers to: a record of 17 bytes may
  // name a string of a megabyte, and so may the next.
  std::size_t expanded_bytes = std::size_t{1} << 30;
};

struct DecodedProcess {
  ProcessInfo info;             // start_time in nanoseconds since the epoch
  std::string start_time_text;  // as it was sent
};

struct UdtMember {
  std::string name;
  std::string type_name;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool is_reference = false;
};

// The layout of a record; size 0: records with a length of their own.
struct Udt {
  std::string name;
  std::uint64_t size = 0;
  std::vector<UdtMember> members;
  bool is_reference = false;
};

struct DecodedStream {
  Uuid process_id;
  Uuid stream_id;
  std::vector<Udt> dependencies_metadata;
  std::vector<Udt> objects_metadata;
  std::vector<std::string> tags;
  PropertyMap properties;

  [[nodiscard]] bool has_tag(std::string_view tag) const noexcept;
};

struct DecodedBlock {
  Uuid block_id;
  Uuid stream_id;
  Uuid process_id;
  std::string begin_time_text;  // as it was sent
  std::string end_time_text;
  std::int64_t begin_time = 0;  // nanoseconds since the epoch
  std::int64_t end_time = 0;
  std::int64_t begin_ticks = 0;  // relative to the process's start_ticks
  std::int64_t end_ticks = 0;
  std::int64_t object_offset = 0;
  std::int32_t event_count = 0;      // as announced (nb_objects)
  std::string dependencies;          // decompressed
  std::string objects;               // decompressed
  std::size_t dependencies_lz4 = 0;  // bytes on the wire
  std::size_t objects_lz4 = 0;
};

// Strict as the server is: every key once and of the right type, other keys ignored, bytes after
// the map ignored. Refused here although the server answers 200, because no row would ever come
// of it: a payload that is not one LZ4 frame each, a negative number of events.
Result<DecodedProcess> decode_process(std::string_view body, const DecodeLimits& limits = {});
Result<DecodedStream> decode_stream(std::string_view body, const DecodeLimits& limits = {});
Result<DecodedBlock> decode_block(std::string_view body, const DecodeLimits& limits = {});

// Calls `visit` with each event in order and its id (object_offset + position), and returns their
// number (which may differ from event_count). The event and all that it refers to are valid during
// the call. After an error the official analytics has no row of the whole block: forget what was
// visited.
Result<std::int64_t> for_each_event(const DecodedStream& stream, const DecodedBlock& block,
                                    FunctionRef<void(std::int64_t, const Object&)> visit,
                                    const DecodeLimits& limits = {});

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_DECODE_H_
