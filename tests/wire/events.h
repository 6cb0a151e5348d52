// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Blocks made by hand: what the encoders write, decoded again.
#ifndef MICROMEGAS_TESTS_WIRE_EVENTS_H_
#define MICROMEGAS_TESTS_WIRE_EVENTS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/process_info.h"
#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/encode.h"

namespace micromegas::wire::testing {

inline constexpr std::int64_t kStart = 1'700'000'000'000'000'000;

inline Uuid test_uuid(std::string_view text) { return Uuid::parse(text).value(); }

inline ProcessInfo test_process() {
  ProcessInfo process;
  process.process_id = test_uuid("11111111-2222-4333-8444-555555555555");
  process.start_time = kStart;
  process.start_ticks = 5000;
  return process;
}

inline StreamInfo test_stream(StreamKind kind) {
  StreamInfo stream;
  stream.process_id = test_process().process_id;
  stream.stream_id = test_uuid("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee");
  stream.kind = kind;
  return stream;
}

inline BlockHeader test_header(std::size_t events) {
  BlockHeader header;
  header.process_id = test_process().process_id;
  header.stream_id = test_stream(StreamKind::kLog).stream_id;
  header.block_id = test_uuid("01234567-89ab-4cde-8f01-23456789abcd");
  header.begin_time = kStart;
  header.end_time = kStart + 10'000;
  header.object_offset = 7;
  header.event_count = static_cast<std::int32_t>(events);
  return header;
}

// A block that went over the wire.
struct Sent {
  DecodedProcess process;
  DecodedStream stream;
  DecodedBlock block;
};

template <class Encoder, class Event>
Result<EncodedBlock> encode_events(Encoder& encoder, const std::vector<Event>& events) {
  encoder.begin(test_process());
  for (const Event& event : events) encoder.add(event);
  return encoder.finish(test_header(events.size()), test_process());
}

template <class Encoder, class Event>
Sent send(StreamKind kind, Encoder& encoder, const std::vector<Event>& events) {
  Sent sent;
  const auto process = decode_process(encode_process(test_process()));
  const auto stream = decode_stream(encode_stream(test_stream(kind)));
  const auto encoded = encode_events(encoder, events);
  EXPECT_TRUE(encoded) << encoded.error().message();
  const auto block = decode_block(encoded ? encoded->body : std::string());
  EXPECT_TRUE(process && stream && block);
  if (!process || !stream || !block) return sent;
  EXPECT_EQ(block->dependencies.size(), encoded->dependencies_bytes);
  EXPECT_EQ(block->objects.size(), encoded->objects_bytes);
  return {*process, *stream, *block};
}

}  // namespace micromegas::wire::testing

#endif  // MICROMEGAS_TESTS_WIRE_EVENTS_H_
