// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a server would answer 400 or 500, or store where no row is ever made of it, never leaves the
// encoder: whatever the caller says, its bodies pass the checks below. They read the bytes with a
// CBOR library of their own.

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "micromegas/tests/wire/events.h"
#include "micromegas/tests/wire/vectors.h"
#include "micromegas/transport/wire/log_encoder.h"
#include "micromegas/transport/wire/metrics_encoder.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/span_encoder.h"

namespace micromegas::wire::testing {
namespace {

using nlohmann::json;

std::set<std::string> keys_of(const json& body) {
  std::set<std::string> keys;
  for (const auto& [key, value] : body.items()) keys.insert(key);
  return keys;
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// A NUL is answered 500, ill-formed UTF-8 400.
void expect_storable(const json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    EXPECT_EQ(text.find('\0'), std::string::npos) << text;
    EXPECT_NO_THROW((void)value.dump()) << "ill-formed UTF-8";
  }
  if (!value.is_structured()) return;
  for (const auto& [key, inner] : value.items()) {
    expect_storable(key);
    expect_storable(inner);
  }
}

void expect_served_process(const std::string& bytes) {
  const json body = json::from_cbor(bytes);
  EXPECT_EQ(keys_of(body),
            (std::set<std::string>{"process_id", "exe", "username", "realname", "computer",
                                   "distro", "cpu_brand", "tsc_frequency", "start_time",
                                   "start_ticks", "parent_process_id", "properties"}));
  for (const char* column : {"exe", "username", "realname", "computer", "distro", "cpu_brand"}) {
    EXPECT_LE(characters(body.at(column)), 255U) << column;
  }
  EXPECT_TRUE(body.at("process_id").is_string());
  EXPECT_TRUE(body.at("parent_process_id").is_null() || body.at("parent_process_id").is_string());
  EXPECT_TRUE(body.at("start_ticks").is_number_integer());
  EXPECT_TRUE(body.at("tsc_frequency").is_number_integer());
  expect_storable(body);
}

void expect_served_stream(const std::string& bytes) {
  const json body = json::from_cbor(bytes);
  EXPECT_EQ(keys_of(body),
            (std::set<std::string>{"process_id", "stream_id", "dependencies_metadata",
                                   "objects_metadata", "tags", "properties"}));
  expect_storable(body);
}

void expect_served_block(const std::string& bytes) {
  const json body = json::from_cbor(bytes);
  EXPECT_EQ(keys_of(body), (std::set<std::string>{
                               "block_id", "stream_id", "process_id", "begin_time", "begin_ticks",
                               "end_time", "end_ticks", "payload", "object_offset", "nb_objects"}));
  EXPECT_TRUE(body.at("begin_ticks").is_number_integer());
  EXPECT_TRUE(body.at("end_ticks").is_number_integer());
  EXPECT_GT(body.at("nb_objects"), 0);
  EXPECT_LE(bytes.size(), kMaxBodyBytes);
  for (const char* half : {"dependencies", "objects"}) {
    const auto& frame = body.at("payload").at(half).get_binary();
    const std::string_view view(reinterpret_cast<const char*>(frame.data()), frame.size());
    EXPECT_TRUE(view.starts_with("\x04\x22\x4d\x18")) << half << " is no LZ4 frame";
    EXPECT_GT(frame.size(), 11U) << half << " is a frame of nothing";
  }
}

constexpr Property kHostile[] = {
    {"level", "warn"}, {"level", "WARNING"}, {"level", ""},     {"level", "fatal"},
    {"target", ""},    {"name", "x"},        {"unit", "ticks"}, {"LEVEL", "loud"},
    {"", "no name"},   {"bad\xff", "\xc3("}, {"nul\0", "\0"},   {"", ""},
};

const LogMetadata kLogSite{.level = Level::kError, .text = "{level} of {", .target = "own"};

TEST(Served, LogsWithAnyPropertiesInEveryForm) {
  for (const auto compatibility : {Compatibility::k033, Compatibility::kBefore033}) {
    for (const Property& property : kHostile) {
      std::vector<LogEvent> events(3);
      const LogEvent::Form forms[] = {LogEvent::Form::kLiteral, LogEvent::Form::kText,
                                      LogEvent::Form::kInterop};
      for (std::size_t i = 0; i < 3; ++i) {
        events[i].form = forms[i];
        events[i].level = Level::kError;
        events[i].metadata = i < 2 ? &kLogSite : nullptr;
        events[i].target = "own";
        events[i].text = "{level} of {";
        events[i].properties = {&property, 1};
      }
      LogEncoder encoder({.compatibility = compatibility});
      const auto encoded = encode_events(encoder, events);
      ASSERT_TRUE(encoded) << encoded.error().message();
      expect_served_block(encoded->body);
      // No override took hold: one with a wrong level would cost the block.
      const Sent sent = send(StreamKind::kLog, encoder, events);
      int rows = 0;
      const auto read =
          for_each_log_row(sent.process, sent.stream, sent.block, [&](const LogRow& row) {
            EXPECT_EQ(row.level, 2) << property.name << "=" << property.value;
            EXPECT_EQ(row.target, "own");
            ++rows;
          });
      EXPECT_TRUE(read) << property.name << "=" << property.value << ": " << read.error().message();
      EXPECT_EQ(rows, 3);
    }
  }
}

TEST(Served, MetricsAndSpansWithAnyProperties) {
  static const StaticMetricMetadata kMetric{.name = "n", .unit = "count", .target = "own"};
  static const SpanMetadata kSpan{.name = "s", .location = {.target = "own"}};
  MetricEvent metric;
  metric.metadata = &kMetric;
  metric.name = "n";
  metric.unit = "count";
  metric.properties = kHostile;
  MetricsEncoder metrics;
  const auto encoded_metric = encode_events(metrics, std::vector{metric});
  ASSERT_TRUE(encoded_metric) << encoded_metric.error().message();
  expect_served_block(encoded_metric->body);

  SpanEvent span;
  span.kind = SpanEvent::Kind::kEnd;
  span.metadata = &kSpan;
  span.name = "s";
  span.properties = kHostile;
  SpanEncoder spans;
  const auto encoded_span = encode_events(spans, std::vector{span});
  ASSERT_TRUE(encoded_span) << encoded_span.error().message();
  expect_served_block(encoded_span->body);
}

TEST(Served, ProcessesAndStreamsWithAnyTexts) {
  const std::string texts[] = {"",
                               std::string(256, 'a'),
                               std::string(100'000, 'b'),
                               std::string("a\0b", 3),
                               std::string(300, '\0'),
                               "\xff\xfe\xc3",
                               [] {
                                 std::string wide;
                                 for (int i = 0; i < 256; ++i) wide += "\xf0\x9f\x98\x80";
                                 return wide;
                               }(),
                               std::string(254, 'c') + "\xc3\xa9\xc3\xa9",
                               std::string(255, '\xff') + "d"};
  for (const std::string& text : texts) {
    ProcessInfo process = test_process();
    for (std::string* column : {&process.exe, &process.username, &process.realname,
                                &process.computer, &process.distro, &process.cpu_brand}) {
      *column = text;
    }
    process.properties = {{text, text}, {"k", text}};
    expect_served_process(encode_process(process));
    process.parent_process_id = Uuid::random();
    expect_served_process(encode_process(process));
    for (const auto kind : {StreamKind::kLog, StreamKind::kMetrics, StreamKind::kThread}) {
      StreamInfo stream = test_stream(kind);
      stream.properties = {{text, text}, {"thread-name", text}};
      expect_served_stream(encode_stream(stream));
    }
  }
}

// nb_objects is 32 bits, and neither 0 nor negative: it decides whether a partition is empty.
TEST(Served, NoBlockWithoutItsTrueCount) {
  LogEvent event;
  event.metadata = &kLogSite;
  event.text = "text";
  for (const std::int32_t count : {-1, 0, 2}) {
    LogEncoder encoder;
    encoder.begin(test_process());
    encoder.add(event);
    BlockHeader header = test_header(1);
    header.event_count = count;
    EXPECT_FALSE(encoder.finish(header, test_process())) << count;
  }
}

// The checks can fail: the very mistakes, made by hand.
TEST(Served, TheChecksFindWhatTheyLookFor) {
  const auto failures = [](auto check, json body) {
    ::testing::TestPartResultArray found;
    {
      const ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &found);
      const auto bytes = json::to_cbor(body);
      check(std::string(bytes.begin(), bytes.end()));
    }
    return found.size();
  };
  const json process = json::from_cbor(encode_process(test_process()));
  EXPECT_EQ(failures(expect_served_process, process), 0);
  json bad = process;
  bad["exe"] = std::string(256, 'a');
  EXPECT_GT(failures(expect_served_process, bad), 0);
  bad = process;
  bad["properties"]["k"] = std::string("\0", 1);
  EXPECT_GT(failures(expect_served_process, bad), 0);

  LogEvent event;
  event.metadata = &kLogSite;
  event.text = "text";
  LogEncoder encoder;
  const json block = json::from_cbor(encode_events(encoder, std::vector{event})->body);
  EXPECT_EQ(failures(expect_served_block, block), 0);
  bad = block;
  bad.erase("begin_ticks");
  bad["begin_tick"] = 0;
  bad["begin_ticks"] = 0.5;
  EXPECT_GT(failures(expect_served_block, bad), 0);
  bad = block;
  bad["payload"]["objects"] = json::binary({});
  EXPECT_GT(failures(expect_served_block, bad), 0);
  bad = block;
  bad["nb_objects"] = -1;
  EXPECT_GT(failures(expect_served_block, bad), 0);
}

}  // namespace
}  // namespace micromegas::wire::testing
