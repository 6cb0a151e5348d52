// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the encoder writes, byte for byte, against the golden bodies and vectors.

#include <gtest/gtest.h>

#include <cstring>

#include "micromegas/tests/wire/events.h"
#include "micromegas/tests/wire/vectors.h"
#include "micromegas/transport/wire/json_lines.h"
#include "micromegas/transport/wire/log_encoder.h"
#include "micromegas/transport/wire/lz4_frame.h"
#include "micromegas/transport/wire/metrics_encoder.h"
#include "micromegas/transport/wire/span_encoder.h"
#include "micromegas/transport/wire/time_text.h"

namespace micromegas::wire::testing {
namespace {

using nlohmann::json;

std::string golden_body(std::string_view name) {
  return from_hex(vectors_file().at("bodies").at(std::string(name)).get<std::string>());
}

TEST(EncodeProcess, GivesTheGoldenBody) {
  ProcessInfo process;
  process.process_id = test_uuid("11111111-2222-4333-8444-555555555555");
  process.exe = "/opt/game/game";
  process.username = process.realname = "alice";
  process.computer = "host1";
  process.distro = "Linux";
  process.cpu_brand = "unknown";
  process.start_time = *parse_time("2025-01-02T03:04:05.678901234Z");
  process.start_ticks = 5000;
  process.properties["version"] = "1.2.3";
  EXPECT_EQ(to_hex(encode_process(process)), to_hex(golden_body("insert_process")));
}

TEST(EncodeStream, RegistersThePackedLayout) {
  const std::pair<StreamKind, std::string> kinds[] = {
      {StreamKind::kLog, "log"}, {StreamKind::kMetrics, "metrics"}, {StreamKind::kThread, "cpu"}};
  for (const auto& [kind, tag] : kinds) {
    const json body = json::from_cbor(encode_stream(test_stream(kind)));
    const json packed = vectors_033_file().at("packed_metadata").at(tag);
    EXPECT_EQ(body.at("dependencies_metadata"), packed.at("dependencies_metadata"));
    EXPECT_EQ(body.at("objects_metadata"), packed.at("objects_metadata"));
    EXPECT_EQ(body.at("tags"), json::array({tag}));
    EXPECT_EQ(body.at("properties"), json::object());
    EXPECT_EQ(body.size(), 6U);
  }
}

// The same keys in the same order with the same encoding as the golden body around its payload.
TEST(EncodeBlock, PutsTheGoldenEnvelopeAroundThePayload) {
  const std::string golden = golden_body("insert_block");
  ProcessInfo process = test_process();
  process.start_time = *parse_time("2025-01-02T03:04:05.678901234Z");
  BlockHeader header = test_header(1);
  header.begin_time = process.start_time;
  header.end_time = process.start_time + 10'000;
  header.object_offset = 0;
  LogEncoder encoder;
  encoder.begin(process);
  static const LogMetadata kHello{.text = "hello", .target = "game"};
  encoder.add({.form = LogEvent::Form::kLiteral,
               .metadata = &kHello,
               .target = {},
               .text = "hello",
               .properties = {}});
  const auto body = encoder.finish(header, process);
  ASSERT_TRUE(body);
  const std::size_t payload = golden.find("gpayload");
  ASSERT_NE(payload, std::string::npos);
  EXPECT_EQ(to_hex(body->body.substr(0, payload)), to_hex(golden.substr(0, payload)));
  const std::string tail = golden.substr(golden.find("mobject_offset"));
  ASSERT_GE(body->body.size(), tail.size());
  EXPECT_EQ(to_hex(body->body.substr(body->body.size() - tail.size())), to_hex(tail));
}

TEST(EncodeBlock, WritesTheseBytesForALog) {
  static const LogMetadata kSite{
      .level = Level::kWarn, .text = "cache {}", .target = "game", .file = "main.cc", .line = 12};
  const Property properties[] = {{"region", "eu"}};
  LogEncoder encoder;
  encoder.begin(test_process());
  LogEvent event{
      .time = kStart + 3, .metadata = &kSite, .target = {}, .text = "cache 7", .properties = {}};
  encoder.add(event);
  event.properties = properties;
  encoder.add(event);
  EXPECT_EQ(to_hex(encoder.dependencies()),
            // StaticStringDependency: type, length, id, codec, length, bytes
            "00"
            "15000000"
            "0100000000000000"
            "02"
            "08000000"
            "6361636865207b7d"  // cache {}
            "00"
            "11000000"
            "0200000000000000"
            "02"
            "04000000"
            "67616d65"  // game
            // LogDesc: type, id, fmt_str, target, level
            "01"
            "0300000000000000"
            "0100000000000000"
            "0200000000000000"
            "03"
            "00"
            "13000000"
            "0400000000000000"
            "02"
            "06000000"
            "726567696f6e"  // region
            "00"
            "0f000000"
            "0500000000000000"
            "02"
            "02000000"
            "6575"  // eu
            // PropertySetDependency: type, length, id, count, name, value
            "02"
            "1c000000"
            "0600000000000000"
            "01000000"
            "0400000000000000"
            "0500000000000000");
  EXPECT_EQ(to_hex(encoder.objects()),
            // LogStringEventV2: type, length, desc, time (start_ticks + 3), codec, length, bytes
            "01"
            "1c000000"
            "0300000000000000"
            "8b13000000000000"
            "02"
            "07000000"
            "63616368652037"
            // TaggedLogString: the same with the set
            "02"
            "24000000"
            "0300000000000000"
            "0600000000000000"
            "8b13000000000000"
            "02"
            "07000000"
            "63616368652037");
}

// One event: its type, the bytes of its body with every reference zeroed, and what the references
// stand for. The ids are the sender's business.
struct Canonical {
  std::string type;
  std::string body;
  std::string resolved;
  friend bool operator==(const Canonical&, const Canonical&) = default;
};

void PrintTo(const Canonical& event, std::ostream* out) {
  *out << event.type << " " << to_hex(event.body) << " " << event.resolved;
}

void drop_ids(json& value) {
  if (!value.is_object()) return;
  value.erase("id");
  if (value.contains("type") && value.size() > 1 && value.at("type") != "property_set" &&
      value.at("type").get<std::string>().find("Event") == std::string::npos) {
    value.erase("type");  // a descriptor's type name is free
  }
  for (auto& [key, member] : value.items()) drop_ids(member);
}

std::vector<Canonical> canonical(const DecodedStream& stream, const DecodedBlock& block) {
  std::vector<Canonical> events;
  std::string_view rest = block.objects;
  while (!rest.empty()) {
    const Udt& type = stream.objects_metadata.at(static_cast<unsigned char>(rest[0]));
    rest.remove_prefix(1);
    std::uint32_t length = static_cast<std::uint32_t>(type.size);
    if (type.size == 0) {
      std::memcpy(&length, rest.data(), 4);
      rest.remove_prefix(4);
    }
    Canonical& event = events.emplace_back();
    event.type = type.name;
    event.body = rest.substr(0, length);
    rest.remove_prefix(length);
    for (const UdtMember& member : type.members) {
      if (member.is_reference) event.body.replace(member.offset, 8, 8, '\0');
    }
    if (type.name == "LogStringInteropEventV3") event.body.replace(9, 8, 8, '\0');
    if (type.name == "TaggedLogInteropEvent") event.body.replace(9, 16, 16, '\0');
  }
  std::size_t at = 0;
  const auto read = for_each_event(stream, block, [&](std::int64_t, const Object& object) {
    json line = json::parse(event_line(block, 0, object)).at("event");
    drop_ids(line);
    events.at(at++).resolved = line.dump();
  });
  EXPECT_TRUE(read) << read.error().message();
  return events;
}

std::vector<Canonical> canonical(const Vector& vector, std::vector<std::size_t> chosen) {
  const std::vector<Canonical> all = canonical(vector.stream, vector.block);
  std::vector<Canonical> events;
  for (const std::size_t i : chosen) events.push_back(all.at(i));
  return events;
}

template <class Encoder, class Event>
std::vector<Canonical> canonical_of(StreamKind kind, std::vector<Event> events) {
  // The vectors' times are ticks: start_ticks of the test's process is 5000 at kStart.
  for (Event& event : events) event.time += kStart - 5000;
  Encoder encoder;
  const Sent sent = send(kind, encoder, events);
  return canonical(sent.stream, sent.block);
}

TEST(EncodeBlock, WritesTheVectorsLogs) {
  static const LogMetadata kReady{.text = "cache ready", .target = "game"};
  static const Property kRegion[] = {{"region", "eu"}};
  const LogEvent tagged{.form = LogEvent::Form::kLiteral,
                        .time = 1000,
                        .metadata = &kReady,
                        .target = {},
                        .text = kReady.text,
                        .properties = kRegion};
  LogEvent plain = tagged;
  plain.time = 1002;
  plain.properties = {};
  EXPECT_EQ(canonical_of<LogEncoder>(StreamKind::kLog, std::vector{tagged, plain}),
            canonical(vector_named("N1 "), {0, 2}));

  static const Property kOverrides[] = {
      {"target", "net.dns"}, {"level", "warning"}, {"where", "eu"}};
  const LogEvent interop{.form = LogEvent::Form::kInterop,
                         .level = Level::kInfo,
                         .time = 4,
                         .target = "game",
                         .text = "interop",
                         .properties = kOverrides};
  EXPECT_EQ(canonical_of<LogEncoder>(StreamKind::kLog, std::vector{interop}),
            canonical(vector_named("N5 "), {3}));

  const LogEvent untagged{.form = LogEvent::Form::kInterop,
                          .level = Level::kInfo,
                          .time = 8,
                          .target = "net",
                          .text = "dyn text",
                          .properties = {}};
  EXPECT_EQ(canonical_of<LogEncoder>(StreamKind::kLog, std::vector{untagged}),
            canonical(vector_named("N7 "), {1}));
}

TEST(EncodeBlock, WritesTheVectorsMetrics) {
  static const StaticMetricMetadata kRunTime{.target = "game"};
  const MetricEvent named{.integer = 13,
                          .time = 1,
                          .metadata = &kRunTime,
                          .name = "queue.render.depth",
                          .unit = "count",
                          .properties = {}};
  EXPECT_EQ(canonical_of<MetricsEncoder>(StreamKind::kMetrics, std::vector{named}),
            canonical(vector_named("N10 "), {0}));

  static const StaticMetricMetadata kN{.name = "n", .unit = "game", .target = "game"};
  static const Property kName[] = {{"NAME", "other"}};
  const MetricEvent tagged{.integer = 7,
                           .time = 3,
                           .metadata = &kN,
                           .name = kN.name,
                           .unit = kN.unit,
                           .properties = kName};
  EXPECT_EQ(canonical_of<MetricsEncoder>(StreamKind::kMetrics, std::vector{tagged}),
            canonical(vector_named("N11 "), {2}));
}

TEST(EncodeBlock, WritesTheVectorsSpans) {
  using Kind = SpanEvent::Kind;
  static const SpanMetadata kFrame{.name = "frame",
                                   .location = {.target = "game", .file = "main.cc", .line = 12}};
  static const SpanMetadata kLoad{.name = "",
                                  .location = {.target = "game", .file = "main.cc", .line = 40}};
  static const Property kRows[] = {{"rows", "42"}};
  std::vector<SpanEvent> events(4);
  events[0] = {
      .kind = Kind::kBegin, .time = 100, .metadata = &kFrame, .name = "frame", .properties = {}};
  events[1] = {.kind = Kind::kBegin,
               .named = true,
               .time = 110,
               .metadata = &kLoad,
               .name = "load hero",
               .properties = {}};
  events[2] = events[1];
  events[2].kind = Kind::kEnd;
  events[2].time = 120;
  events[2].properties = kRows;
  events[3] = events[0];
  events[3].kind = Kind::kEnd;
  events[3].time = 130;
  events[3].properties = kRows;
  EXPECT_EQ(canonical_of<SpanEncoder>(StreamKind::kThread, events),
            canonical(vector_named("N12 "), {0, 1, 2, 3}));

  const Kind async_kinds[] = {Kind::kAsyncBegin, Kind::kAsyncBegin, Kind::kAsyncEnd,
                              Kind::kAsyncEnd};
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].kind = async_kinds[i];
    events[i].span_id = events[i].named ? 2 : 1;
    events[i].parent_span_id = events[i].named ? 1 : 0;
    events[i].depth = events[i].named ? 1 : 0;
  }
  EXPECT_EQ(canonical_of<SpanEncoder>(StreamKind::kThread, events),
            canonical(vector_named("N19 "), {0, 1, 2, 3}));
}

TEST(Lz4Frame, ReadsTheGoldenFrames) {
  const json frames = vectors_file().at("lz4");
  const auto content = [&](std::string_view name) {
    const auto bytes =
        decompress_frame(from_hex(frames.at(std::string(name)).get<std::string>()), 1 << 20);
    return bytes ? *bytes : bytes.error().message();
  };
  EXPECT_EQ(content("empty"), "");
  EXPECT_EQ(content("g1_dependencies"), vector_named("G1 ").block.dependencies);
  EXPECT_EQ(content("g1_objects"), vector_named("G1 ").block.objects);
}

TEST(Lz4Frame, OfNothingIsAFrameAndNotNothing) {
  FrameCompressor compressor(0);
  ByteBuffer frame;
  ASSERT_TRUE(compressor.compress({}, frame));
  EXPECT_EQ(to_hex(frame.view()), vectors_file().at("lz4").at("empty"));
}

}  // namespace
}  // namespace micromegas::wire::testing
