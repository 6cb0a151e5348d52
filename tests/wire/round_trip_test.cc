// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Everything that the encoders take comes back from the decoder as it was.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "micromegas/tests/wire/events.h"
#include "micromegas/transport/wire/log_encoder.h"
#include "micromegas/transport/wire/metrics_encoder.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/span_encoder.h"

namespace micromegas::wire::testing {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs(std::span<const Property> properties) {
  Pairs list;
  for (const Property& property : properties) list.emplace_back(property.name, property.value);
  return list;
}

std::int64_t tick_of(std::int64_t time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time) + 5000U -
                                   static_cast<std::uint64_t>(kStart));
}

// Texts that tend to break things, and keeps what views refer to.
class Material {
 public:
  explicit Material(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string_view text() {
    static const std::string kTexts[] = {
        "",
        "a",
        "hello world",
        "exactly8",
        "sixteen bytes !!",
        "{braces} {{doubled}} }{",
        std::string("nul \0 inside", 12),
        "\xc3\xa9\xe4\xb8\x96\xf0\x9f\x98\x80",
        std::string(300, 'x'),
        std::string(70'000, 'y'),
    };
    if (below(3) == 0) return texts_.emplace_back("value " + std::to_string(below(50)));
    return kTexts[below(std::size(kTexts) - (below(20) == 0 ? 0 : 1))];
  }

  std::span<const Property> properties() {
    if (below(2) == 0) return {};
    auto& list = properties_.emplace_back();
    const std::size_t count = 1 + below(4);
    for (std::size_t i = 0; i < count; ++i) {
      list.push_back({texts_.emplace_back("key" + std::to_string(below(5))), text()});
    }
    return list;
  }

  std::int64_t time() {
    const std::int64_t kTimes[] = {kStart + static_cast<std::int64_t>(below(10'000)), 0, -1,
                                   std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max()};
    return kTimes[below(10) == 0 ? below(5) : 0];
  }

 private:
  std::mt19937 random_;
  std::deque<std::string> texts_;
  std::deque<std::vector<Property>> properties_;
};

TEST(RoundTrip, Logs) {
  static const LogMetadata kSites[] = {
      {.level = Level::kFatal, .text = "a literal", .target = "one"},
      {.level = Level::kTrace, .text = "with {} argument", .target = ""},
      {.level = Level::kInfo, .text = "", .target = "\xe4\xb8\x96"},
  };
  for (const Compatibility compatibility : {Compatibility::k033, Compatibility::kBefore033}) {
    Material material(1);
    std::vector<LogEvent> events;
    for (int i = 0; i < 2000; ++i) {
      LogEvent& event = events.emplace_back();
      event.form = static_cast<LogEvent::Form>(material.below(3));
      event.metadata = &kSites[material.below(3)];
      event.level = event.metadata->level;
      event.target = event.metadata->target;
      event.time = material.time();
      event.properties = material.properties();
      event.text = event.form == LogEvent::Form::kLiteral ? event.metadata->text : material.text();
      if (event.form == LogEvent::Form::kInterop) {
        event.metadata = nullptr;
        event.level = static_cast<Level>(1 + material.below(6));
        event.target = material.text();
      }
    }
    LogEncoder encoder({compatibility, 0});
    const Sent sent = send(StreamKind::kLog, encoder, events);
    std::size_t at = 0;
    std::set<std::string, std::less<>> types;
    const auto read =
        for_each_log_row(sent.process, sent.stream, sent.block, [&](const LogRow& row) {
          ASSERT_LT(at, events.size());
          const LogEvent& event = events[at];
          EXPECT_EQ(row.event_id, 7 + static_cast<std::int64_t>(at));
          EXPECT_EQ(row.ticks, tick_of(event.time));
          EXPECT_EQ(row.level, static_cast<std::int32_t>(event.level));
          EXPECT_EQ(row.target, event.target);
          EXPECT_EQ(row.msg, event.text);
          EXPECT_EQ(pairs(row.properties), pairs(event.properties));
          types.emplace(row.event_type);
          ++at;
        });
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(at, events.size());
    std::set<std::string, std::less<>> expected = {"LogStaticStrEvent", "LogStringEventV2",
                                                   "TaggedLogString", "LogStringInteropEventV3",
                                                   "TaggedLogInteropEvent"};
    if (compatibility == Compatibility::k033) expected.insert("TaggedLogStaticStrEvent");
    EXPECT_EQ(types, expected);
  }
}

TEST(RoundTrip, Metrics) {
  static const StaticMetricMetadata kSites[] = {
      {.name = "queue_depth", .unit = "count", .target = "one"},
      {.name = "heap", .unit = "bytes", .target = ""},
      {.target = "run time"},
  };
  const double kNumbers[] = {0.0,
                             -0.0,
                             1.5,
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::denorm_min(),
                             std::numeric_limits<double>::max()};
  const std::uint64_t kIntegers[] = {0, 1, 9007199254740993U, std::uint64_t{1} << 63,
                                     std::numeric_limits<std::uint64_t>::max()};
  Material material(2);
  std::vector<MetricEvent> events;
  for (int i = 0; i < 2000; ++i) {
    MetricEvent& event = events.emplace_back();
    event.is_float = material.below(2) == 0;
    event.integer = kIntegers[material.below(5)];
    event.number = kNumbers[material.below(8)];
    event.time = material.time();
    event.metadata = &kSites[material.below(3)];
    event.name = event.metadata->name;
    event.unit = event.metadata->unit;
    if (event.name.empty()) {
      event.name = material.text();
      event.unit = material.text();
    }
    event.properties = material.properties();
  }
  MetricsEncoder encoder;
  const Sent sent = send(StreamKind::kMetrics, encoder, events);
  std::size_t at = 0;
  const auto read =
      for_each_metric_row(sent.process, sent.stream, sent.block, [&](const MetricRow& row) {
        ASSERT_LT(at, events.size());
        const MetricEvent& event = events[at++];
        EXPECT_EQ(row.ticks, tick_of(event.time));
        EXPECT_EQ(row.name, event.name);
        EXPECT_EQ(row.unit, event.unit);
        EXPECT_EQ(row.target, event.metadata->target);
        EXPECT_EQ(row.is_integer, !event.is_float);
        EXPECT_EQ(pairs(row.properties), pairs(event.properties));
        if (event.is_float) {
          EXPECT_EQ(std::memcmp(&row.value, &event.number, sizeof row.value), 0);
        } else {
          EXPECT_EQ(row.integer, event.integer);
        }
      });
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(at, events.size());
}

TEST(RoundTrip, Spans) {
  static const SpanMetadata kSites[] = {
      {.name = "outer", .location = {.target = "one", .file = "a.cc", .line = 1}},
      {.name = "inner", .location = {.target = "", .file = "", .line = 0xffffffff}},
      {.name = "", .location = {.target = "run time", .file = "b.cc", .line = 7}},
  };
  using Kind = SpanEvent::Kind;
  for (const Compatibility compatibility : {Compatibility::k033, Compatibility::kBefore033}) {
    Material material(3);
    std::vector<SpanEvent> events;
    for (int i = 0; i < 2000; ++i) {
      SpanEvent& event = events.emplace_back();
      event.kind = static_cast<Kind>(material.below(4));
      event.time = material.time();
      event.metadata = &kSites[material.below(3)];
      event.named = event.metadata->name.empty();
      event.name = event.named ? material.text() : event.metadata->name;
      event.properties = material.properties();
      if (event.kind == Kind::kAsyncBegin || event.kind == Kind::kAsyncEnd) {
        event.span_id = material.below(2) == 0 ? ~std::uint64_t{0} : 1;
        event.parent_span_id = material.below(100);
        event.depth = material.below(2) == 0 ? 0xffffffff : 0;
      }
    }
    SpanEncoder encoder({compatibility, 0});
    const Sent sent = send(StreamKind::kThread, encoder, events);
    std::size_t at = 0;
    std::set<std::string, std::less<>> types;
    const auto read =
        for_each_span_event(sent.process, sent.stream, sent.block, [&](const SpanEventRow& row) {
          ASSERT_LT(at, events.size());
          const SpanEvent& event = events[at++];
          const bool is_end = event.kind == Kind::kEnd || event.kind == Kind::kAsyncEnd;
          EXPECT_EQ(row.ticks, tick_of(event.time));
          EXPECT_EQ(row.is_begin, !is_end);
          EXPECT_EQ(row.is_async, event.kind == Kind::kAsyncBegin || event.kind == Kind::kAsyncEnd);
          EXPECT_EQ(row.name, event.name);
          EXPECT_EQ(row.target, event.metadata->location.target);
          EXPECT_EQ(row.file, event.metadata->location.file);
          EXPECT_EQ(row.line, event.metadata->location.line);
          EXPECT_EQ(row.span_id, event.span_id);
          EXPECT_EQ(row.parent_span_id, event.parent_span_id);
          EXPECT_EQ(row.depth, event.depth);
          if (is_end && compatibility == Compatibility::k033) {
            EXPECT_EQ(pairs(row.properties), pairs(event.properties));
          } else {
            EXPECT_TRUE(row.properties.empty());
          }
          types.emplace(row.event_type);
        });
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(at, events.size());
    EXPECT_EQ(types.size(), compatibility == Compatibility::k033 ? 12U : 8U);
    for (const std::string& type : types) {
      EXPECT_TRUE(compatibility == Compatibility::k033 || !type.starts_with("Tagged")) << type;
    }
  }
}

TEST(RoundTrip, BlockBoundsAreRelativeAndEventTimesAbsolute) {
  static const LogMetadata kSite{.text = "t", .target = "t"};
  std::vector<LogEvent> events(1);
  events[0].metadata = &kSite;
  events[0].time = kStart + 4;
  LogEncoder encoder;
  const Sent sent = send(StreamKind::kLog, encoder, events);
  EXPECT_EQ(sent.block.begin_ticks, 0);
  EXPECT_EQ(sent.block.end_ticks, 10'000);
  EXPECT_EQ(sent.block.begin_time, kStart);
  EXPECT_EQ(sent.block.end_time, kStart + 10'000);
  EXPECT_EQ(sent.block.object_offset, 7);
  EXPECT_EQ(sent.block.event_count, 1);
  EXPECT_EQ(sent.block.block_id, test_header(1).block_id);
  const auto read = for_each_log_row(sent.process, sent.stream, sent.block, [](const LogRow& row) {
    EXPECT_EQ(row.ticks, 5004);
    EXPECT_EQ(row.time, kStart + 4);
  });
  EXPECT_TRUE(read);
}

// Texts are told apart by what they say, not by where they begin.
TEST(RoundTrip, APrefixInTheSameBufferIsAnotherText) {
  static const LogMetadata kSite{.text = "t", .target = "t"};
  const std::string buffer = "regional";
  const std::string_view whole = buffer;
  const Property properties[] = {{whole.substr(0, 6), whole}, {whole, whole.substr(0, 6)}};
  std::vector<LogEvent> events(2);
  for (LogEvent& event : events) {
    event.metadata = &kSite;
    event.text = whole.substr(0, 3);
  }
  events[0].properties = std::span(properties).first(1);
  events[1].properties = std::span(properties).last(1);
  LogEncoder encoder;
  const Sent sent = send(StreamKind::kLog, encoder, events);
  std::vector<Pairs> seen;
  const auto read = for_each_log_row(sent.process, sent.stream, sent.block, [&](const LogRow& row) {
    EXPECT_EQ(row.msg, "reg");
    seen.push_back(pairs(row.properties));
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(seen, (std::vector<Pairs>{{{"region", "regional"}}, {{"regional", "region"}}}));
}

// The decoder refuses a repeated id; here the content counts.
TEST(RoundTrip, NothingIsEmittedTwice) {
  static std::deque<LogMetadata> sites;
  std::deque<std::string> texts;
  std::vector<LogEvent> events;
  for (int i = 0; i < 1000; ++i) {
    LogMetadata& site = sites.emplace_back();
    site.text = texts.emplace_back("format " + std::to_string(i));
    site.target = "target";
  }
  static const Property kSet[] = {{"a", "1"}, {"b", "1"}};
  for (int i = 0; i < 5000; ++i) {
    LogEvent& event = events.emplace_back();
    event.metadata = &sites[static_cast<std::size_t>(i) % 1000];
    event.time = kStart;
    event.text = "same";
    event.properties = kSet;
  }
  LogEncoder encoder;
  const Sent sent = send(StreamKind::kLog, encoder, events);
  std::map<std::string, int> seen;
  std::string_view rest = sent.block.dependencies;
  int records = 0;
  while (!rest.empty()) {
    const bool dynamic = rest[0] != 1;
    std::uint32_t size = 25;
    if (dynamic) std::memcpy(&size, rest.data() + 1, 4);
    const std::size_t head = dynamic ? 5 : 1;
    ++seen[std::string(rest.substr(head + 8, size - 8)) + rest[0]];  // without the id
    ++records;
    rest.remove_prefix(head + size);
  }
  EXPECT_EQ(records, 1000 + 1 + 3 + 1000 + 1);  // formats, target, a b 1, descriptors, set
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(records));
}

TEST(RoundTrip, TheSameEventsGiveTheSameBytes) {
  static const LogMetadata kSite{.text = "t", .target = "t"};
  Material material(4);
  std::vector<LogEvent> events;
  for (int i = 0; i < 500; ++i) {
    LogEvent& event = events.emplace_back();
    event.metadata = &kSite;
    event.time = kStart + i;
    event.text = material.text();
    event.properties = material.properties();
  }
  LogEncoder one;
  LogEncoder other;
  const std::string first = encode_events(one, events)->body;
  EXPECT_EQ(encode_events(one, events)->body, first);
  EXPECT_EQ(encode_events(other, events)->body, first);
}

TEST(RoundTrip, HugeTextsPass) {
  static const LogMetadata kSite{.text = "t", .target = "t"};
  const std::string huge(std::size_t{50} << 20, 'z');
  std::vector<LogEvent> events(2);
  for (LogEvent& event : events) {
    event.metadata = &kSite;
    event.text = huge;
  }
  LogEncoder encoder;
  const Sent sent = send(StreamKind::kLog, encoder, events);
  int rows = 0;
  const auto read = for_each_log_row(sent.process, sent.stream, sent.block, [&](const LogRow& row) {
    EXPECT_TRUE(row.msg == huge);
    ++rows;
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(rows, 2);
}

}  // namespace
}  // namespace micromegas::wire::testing
