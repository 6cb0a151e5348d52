// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the encoder repairs, leaves out or refuses, so that nothing it sends is unreadable.

#include <gtest/gtest.h>

#include <random>

#include "micromegas/tests/wire/events.h"
#include "micromegas/transport/wire/log_encoder.h"
#include "micromegas/transport/wire/metrics_encoder.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/span_encoder.h"

namespace micromegas::wire::testing {
namespace {

constexpr std::string_view kBad = "\xef\xbf\xbd";  // U+FFFD

TEST(Sanitizing, ProcessColumnsAreCutAt255Characters) {
  ProcessInfo process = test_process();
  process.exe = std::string(300, 'a');
  for (int i = 0; i < 300; ++i) process.username += "\xc3\xa9";
  process.realname = std::string(255, 'b');
  for (int i = 0; i < 254; ++i) process.computer += 'c';
  process.computer += "\xf0\x9f\x98\x80 more";
  process.properties["long"] = std::string(5000, 'd');
  const auto decoded = decode_process(encode_process(process));
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->info.exe, std::string(255, 'a'));
  EXPECT_EQ(decoded->info.username.size(), 510U);
  EXPECT_EQ(decoded->info.realname, process.realname);
  EXPECT_EQ(decoded->info.computer, std::string(254, 'c') + "\xf0\x9f\x98\x80");
  EXPECT_EQ(decoded->info.properties, process.properties);
}

TEST(Sanitizing, ProcessAndStreamTextsAreUtf8WithoutNul) {
  ProcessInfo process = test_process();
  process.exe = "bad \xff\xfe path";
  process.distro = std::string("a\0b", 3);
  process.properties[std::string("k\0", 2)] = "\xc3(";
  const auto decoded = decode_process(encode_process(process));
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->info.exe, "bad " + std::string(kBad) + std::string(kBad) + " path");
  EXPECT_EQ(decoded->info.distro, "a" + std::string(kBad) + "b");
  const PropertyMap expected = {{"k" + std::string(kBad), std::string(kBad) + "("}};
  EXPECT_EQ(decoded->info.properties, expected);

  StreamInfo stream = test_stream(StreamKind::kThread);
  stream.properties["thread-name"] = "worker\x80";
  const auto decoded_stream = decode_stream(encode_stream(stream));
  ASSERT_TRUE(decoded_stream) << decoded_stream.error().message();
  EXPECT_EQ(decoded_stream->properties.at("thread-name"), "worker" + std::string(kBad));
}

TEST(Sanitizing, NamesThatBecomeEqualAreSentOnce) {
  ProcessInfo process = test_process();
  process.properties["k\xfe"] = "1";
  process.properties["k\xff"] = "2";
  const auto decoded = decode_process(encode_process(process));
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->info.properties.size(), 1U);
}

TEST(Sanitizing, ParentIsNullOrAnId) {
  ProcessInfo process = test_process();
  EXPECT_FALSE(decode_process(encode_process(process))->info.parent_process_id);
  process.parent_process_id = Uuid::random();
  EXPECT_EQ(decode_process(encode_process(process))->info.parent_process_id,
            process.parent_process_id);
}

// Bytes that are no UTF-8 travel as they are; every reader replaces them.
TEST(Sanitizing, BadUtf8InEventsIsReadAsReplacementCharacters) {
  static const LogMetadata kSite{.text = "t", .target = "t\xff"};
  const Property properties[] = {{"k\xff", "v\xed\xa0\x80"}};
  LogEvent event;
  event.metadata = &kSite;
  event.text = "text \xf0\x9f end";
  event.properties = properties;
  LogEncoder encoder;
  const Sent sent = send(StreamKind::kLog, encoder, std::vector{event});
  const auto read = for_each_log_row(sent.process, sent.stream, sent.block, [](const LogRow& row) {
    EXPECT_EQ(row.target, "t" + std::string(kBad));
    EXPECT_EQ(row.msg, "text " + std::string(kBad) + " end");
    EXPECT_EQ(row.properties[0].name, "k" + std::string(kBad));
    EXPECT_EQ(row.properties[0].value,
              "v" + std::string(kBad) + std::string(kBad) + std::string(kBad));
  });
  EXPECT_TRUE(read) << read.error().message();
}

TEST(ReservedKeys, OfALogAreLeftOut) {
  static const LogMetadata kSite{.level = Level::kInfo, .text = "t", .target = "own"};
  const Property properties[] = {{"level", "warn"}, {"target", "other"}, {"Level", "kept"}};
  LogEvent event;
  event.metadata = &kSite;
  event.text = "text";
  event.properties = properties;
  LogEvent only_reserved = event;
  only_reserved.properties = std::span(properties).first(2);
  LogEncoder encoder;
  const Sent sent = send(StreamKind::kLog, encoder, std::vector{event, only_reserved});
  int rows = 0;
  const auto read = for_each_log_row(sent.process, sent.stream, sent.block, [&](const LogRow& row) {
    EXPECT_EQ(row.level, 4);
    EXPECT_EQ(row.target, "own");
    EXPECT_EQ(row.properties.size(), rows == 0 ? 1U : 0U);
    EXPECT_EQ(row.event_type, rows == 0 ? "TaggedLogString" : "LogStringEventV2");
    ++rows;
  });
  EXPECT_TRUE(read) << read.error().message();
  EXPECT_EQ(rows, 2);
}

TEST(ReservedKeys, OfAMetricAreLeftOut) {
  static const StaticMetricMetadata kSite{.name = "n", .unit = "count", .target = "own"};
  const Property properties[] = {{"name", "x"}, {"unit", "ticks"}, {"target", "x"}, {"zone", "z"}};
  MetricEvent event;
  event.integer = 5;
  event.metadata = &kSite;
  event.name = kSite.name;
  event.unit = kSite.unit;
  event.properties = properties;
  MetricsEncoder encoder;
  const Sent sent = send(StreamKind::kMetrics, encoder, std::vector{event});
  const auto read =
      for_each_metric_row(sent.process, sent.stream, sent.block, [](const MetricRow& row) {
        EXPECT_EQ(row.name, "n");
        EXPECT_EQ(row.unit, "count");
        EXPECT_EQ(row.target, "own");
        EXPECT_EQ(row.value, 5);
        EXPECT_EQ(row.properties.size(), 1U);
      });
  EXPECT_TRUE(read) << read.error().message();
}

// A span's properties ride on its end and are nobody's override.
TEST(ReservedKeys, OfASpanAreKept) {
  static const SpanMetadata kSite{.name = "s", .location = {.target = "own"}};
  const Property properties[] = {{"name", "x"}, {"level", "warn"}};
  SpanEvent event;
  event.kind = SpanEvent::Kind::kEnd;
  event.metadata = &kSite;
  event.name = kSite.name;
  event.properties = properties;
  SpanEncoder encoder;
  const Sent sent = send(StreamKind::kThread, encoder, std::vector{event});
  const auto read =
      for_each_span_event(sent.process, sent.stream, sent.block, [](const SpanEventRow& row) {
        EXPECT_EQ(row.name, "s");
        EXPECT_EQ(row.properties.size(), 2U);
      });
  EXPECT_TRUE(read) << read.error().message();
}

// dispatch.h lets a call site be used both ways, and bridges come without one.
TEST(LogForms, OneCallSiteMayBeLiteralAndText) {
  static const LogMetadata kSite{.text = "{{}} and {}", .target = "t"};
  std::vector<LogEvent> events(3);
  events[0].metadata = events[1].metadata = &kSite;
  events[0].form = LogEvent::Form::kLiteral;
  events[0].text = "{} and {}";
  events[1].text = "{} and 1";
  events[2].text = "without metadata";
  events[2].target = "given";
  LogEncoder encoder;
  const Sent sent = send(StreamKind::kLog, encoder, events);
  std::vector<std::string> shown;
  const auto read = for_each_log_row(sent.process, sent.stream, sent.block, [&](const LogRow& row) {
    shown.push_back(std::string(row.target) + ": " + std::string(row.msg));
  });
  EXPECT_TRUE(read) << read.error().message();
  EXPECT_EQ(shown,
            (std::vector<std::string>{"t: {} and {}", "t: {} and 1", "given: without metadata"}));
}

TEST(Refusals, NameWhatIsWrong) {
  static const LogMetadata kSite{.text = "t", .target = "t"};
  LogEvent event;
  event.metadata = &kSite;
  event.text = "text";
  LogEncoder encoder;

  encoder.begin(test_process());
  EXPECT_EQ(encoder.finish(test_header(0), test_process()).error().message(),
            "block without events: the server would hide its stream");

  encoder.begin(test_process());
  encoder.add(event);
  EXPECT_EQ(encoder.finish(test_header(2), test_process()).error().message(),
            "block says event_count 2 but holds 1 events");

  ProcessInfo other_clock = test_process();
  other_clock.tsc_frequency = 1'000'000;
  encoder.begin(other_clock);
  encoder.add(event);
  EXPECT_NE(encoder.finish(test_header(1), other_clock).error().message().find("tsc_frequency"),
            std::string::npos);

  EXPECT_TRUE(encode_events(encoder, std::vector{event}));
}

TEST(Refusals, ABodyPastTheServersLimit) {
  static const LogMetadata kSite{.text = "t", .target = "t"};
  std::mt19937_64 random(5);
  std::string noise(kMaxBodyBytes + 1000, '\0');
  for (std::size_t i = 0; i + 8 <= noise.size(); i += 8) {
    const std::uint64_t word = random();
    std::memcpy(noise.data() + i, &word, 8);
  }
  LogEvent event;
  event.metadata = &kSite;
  event.text = noise;
  LogEncoder encoder;
  const auto refused = encode_events(encoder, std::vector{event});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("104857600"), std::string::npos);

  event.text = std::string_view(noise).substr(0, 1000);
  EXPECT_TRUE(encode_events(encoder, std::vector{event})) << "the encoder stays usable";
}

}  // namespace
}  // namespace micromegas::wire::testing
