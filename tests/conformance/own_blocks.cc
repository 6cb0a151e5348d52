// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/conformance/own_blocks.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <utility>

#include "micromegas/tests/conformance/official.h"
#include "micromegas/tests/wire/events.h"
#include "micromegas/transport/wire/image_encoder.h"
#include "micromegas/transport/wire/log_encoder.h"
#include "micromegas/transport/wire/metrics_encoder.h"
#include "micromegas/transport/wire/span_encoder.h"

namespace micromegas::conformance {
namespace {

using wire::testing::kStart;
using wire::testing::test_header;
using wire::testing::test_process;
using wire::testing::test_stream;

constexpr Property kTwo[] = {{"color", "red"}, {"größe", "世界"}};
constexpr Property kOne[] = {{"color", ""}};

json two() { return {{"color", "red"}, {"größe", "世界"}}; }

// The block's events and rows are made one after the other, a microsecond apart.
template <class Event>
class Maker {
 public:
  void add(Event event, json row) {
    event.time = kStart + static_cast<std::int64_t>(events.size() + 1) * 1000;
    row["time"] = {event.time, event.time};
    if (!row.contains("properties")) row["properties"] = json::object();
    events.push_back(event);
    rows.push_back(std::move(row));
  }

  template <class Encoder>
  OwnBlock finish(std::string name, StreamKind kind, Encoder encoder, const char* id) {
    OwnBlock block;
    block.name = std::move(name);
    StreamInfo stream = test_stream(kind);
    stream.stream_id = wire::testing::test_uuid(id);
    stream.properties = {{"thread-name", "made"}};
    BlockHeader header = test_header(events.size());
    header.stream_id = stream.stream_id;
    header.block_id = stream.stream_id;
    header.object_offset = 0;
    header.end_time = kStart + 1'000'000;
    encoder.begin(test_process());
    for (const Event& event : events) encoder.add(event);
    block.stream_body = wire::encode_stream(stream);
    block.block_body = encoder.finish(header, test_process())->body;
    block.rows = std::move(rows);
    return block;
  }

  std::vector<Event> events;
  std::vector<json> rows;
};

OwnBlock log_block() {
  static const LogMetadata literal{.level = Level::kError, .text = "a {literal}", .target = "made"};
  static const LogMetadata format{.level = Level::kDebug, .text = "{} of {}", .target = "mäde"};
  Maker<LogEvent> maker;
  const auto add = [&](const LogMetadata* site, LogEvent::Form form, const char* text,
                       std::span<const Property> properties, json shown) {
    LogEvent event;
    event.form = form;
    event.metadata = site;
    event.level = site != nullptr ? site->level : Level::kWarn;
    event.target = site != nullptr ? site->target : "given";
    event.text = text;
    event.properties = properties;
    maker.add(event, {{"kind", "log"},
                      {"level", static_cast<int>(event.level)},
                      {"target", event.target},
                      {"msg", text},
                      {"properties", std::move(shown)}});
  };
  using Form = LogEvent::Form;
  add(&literal, Form::kLiteral, "a {literal}", {}, json::object());
  add(&literal, Form::kLiteral, "a {literal}", kTwo, two());
  add(&format, Form::kText, "1 of 2", {}, json::object());
  add(&format, Form::kText, "2 of 2", kTwo, two());
  add(&format, Form::kText, "", kOne, {{"color", ""}});
  add(nullptr, Form::kInterop, "interop", {}, json::object());
  add(nullptr, Form::kInterop, "tagged interop", kTwo, two());
  return maker.finish("our logs", StreamKind::kLog, wire::LogEncoder(),
                      "00000000-0000-4000-8000-000000000001");
}

OwnBlock metrics_block() {
  static const StaticMetricMetadata site{.name = "n", .unit = "count", .target = "made"};
  static const StaticMetricMetadata dynamic{.target = "made"};
  Maker<MetricEvent> maker;
  const auto add = [&](const StaticMetricMetadata& metadata, const char* name, bool is_float,
                       double value, std::span<const Property> properties, json shown) {
    MetricEvent event;
    event.is_float = is_float;
    event.integer = static_cast<std::uint64_t>(value);
    event.number = value;
    event.metadata = &metadata;
    event.name = name;
    event.unit = "count";
    event.properties = properties;
    maker.add(event, {{"kind", "metric"},
                      {"target", "made"},
                      {"name", name},
                      {"unit", "count"},
                      {"value", is_float ? json(value) : json(event.integer)},
                      {"properties", std::move(shown)}});
  };
  add(site, "n", false, 1, {}, json::object());
  add(site, "n", false, 2, kTwo, two());
  add(site, "n", true, 0.5, {}, json::object());
  add(site, "n", true, -1e300, kTwo, two());
  add(dynamic, "given", false, 3, kOne, {{"color", ""}});
  add(dynamic, "given too", true, 3.5, {}, json::object());
  return maker.finish("our metrics", StreamKind::kMetrics, wire::MetricsEncoder(),
                      "00000000-0000-4000-8000-000000000002");
}

// Spans with and without properties, each row made of its begin and its end.
OwnBlock span_block() {
  static const SpanMetadata site{.name = "s",
                                 .location = {.target = "made", .file = "made.cc", .line = 7}};
  static const SpanMetadata place{.location = {.target = "mäde", .file = "made.cc", .line = 8}};
  Maker<SpanEvent> maker;
  const auto place_of = [](bool named) {
    return json{{"name", named ? "named 世界" : "s"},
                {"target", named ? "mäde" : "made"},
                {"file", "made.cc"},
                {"line", named ? 8 : 7}};
  };
  const auto event_of = [&](SpanEvent::Kind kind, bool named, std::span<const Property> set) {
    SpanEvent event;
    event.kind = kind;
    event.named = named;
    event.metadata = named ? &place : &site;
    event.name = named ? "named 世界" : "s";
    event.properties = set;
    event.span_id = named ? 12 : 11;
    event.parent_span_id = named ? 11 : 0;
    event.depth = named ? 1 : 0;
    return event;
  };
  const auto add_thread_span = [&](bool named, std::span<const Property> set, json shown) {
    maker.add(event_of(SpanEvent::Kind::kBegin, named, {}), json::object());
    json row = place_of(named);
    row.update({{"kind", "span"}, {"thread", "made"}, {"depth", 1}, {"properties", shown}});
    row["begin"] = maker.rows.back().at("time");
    maker.rows.pop_back();
    maker.add(event_of(SpanEvent::Kind::kEnd, named, set), row);
    maker.rows.back()["end"] = maker.rows.back().at("time");
    maker.rows.back().erase("time");
  };
  const auto add_async = [&](bool named, bool begin, std::span<const Property> set, json shown) {
    const auto kind = begin ? SpanEvent::Kind::kAsyncBegin : SpanEvent::Kind::kAsyncEnd;
    const SpanEvent event = event_of(kind, named, set);
    json row = place_of(named);
    row.update({{"kind", "async"},
                {"event", begin ? "begin" : "end"},
                {"id", event.span_id},
                {"parent", event.parent_span_id},
                {"depth", event.depth},
                {"properties", std::move(shown)}});
    maker.add(event, row);
  };
  for (const bool named : {false, true}) {
    add_thread_span(named, {}, json::object());
    add_thread_span(named, kTwo, two());
    add_async(named, true, {}, json::object());
    add_async(named, false, kTwo, two());
    add_async(named, false, {}, json::object());
  }
  return maker.finish("our spans", StreamKind::kThread, wire::SpanEncoder(),
                      "00000000-0000-4000-8000-000000000003");
}

}  // namespace

OwnBlock image_block() {
  static const std::byte data[] = {std::byte{0}, std::byte{255}, std::byte{'{'}};
  Maker<ImageEvent> maker;
  const auto add = [&](const char* name, const char* format, std::span<const std::byte> bytes,
                       const char* hex) {
    ImageEvent event;
    event.name = name;
    event.format = format;
    event.data = bytes;
    maker.add(event, {{"kind", "image"}, {"name", name}, {"format", format}, {"data", hex}});
    maker.rows.back().erase("properties");
  };
  add("mäde", "image/png", data, "00ff7b");
  add("", "", {}, "");
  return maker.finish("our images", StreamKind::kImage, wire::ImageEncoder(),
                      "aaaaaaaa-0000-4000-8000-000000000004");
}

std::vector<OwnBlock> own_blocks() {
  return {log_block(), metrics_block(), span_block(), image_block()};
}

std::string own_folder() {
  const std::string folder = new_folder();
  int number = 0;
  const auto write = [&](const char* kind, const std::string& body) {
    char name[32];
    std::snprintf(name, sizeof name, "/%06d-%s.cbor", number++, kind);
    std::ofstream(folder + name, std::ios::binary) << body;
  };
  write("process", wire::encode_process(test_process()));
  for (const OwnBlock& block : own_blocks()) {
    write("stream", block.stream_body);
    write("block", block.block_body);
  }
  return folder;
}

std::vector<json> own_rows() {
  std::vector<json> rows = {{{"kind", "process"},
                             {"id", test_process().process_id.to_string()},
                             {"parent", nullptr},
                             {"exe", ""},
                             {"computer", ""},
                             {"username", ""},
                             {"frequency", 1'000'000'000},
                             {"properties", json::object()},
                             {"time", {kStart, kStart}}}};
  for (OwnBlock& block : own_blocks()) {
    for (json& row : block.rows) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace micromegas::conformance
