// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A body cut in two, and again, down to single events: the same rows, and nothing that no event of
// a part needs.

#include "micromegas/transport/wire/split.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/tests/wire/events.h"
#include "micromegas/transport/wire/block_writer.h"
#include "micromegas/transport/wire/layout.h"
#include "micromegas/transport/wire/log_encoder.h"
#include "micromegas/transport/wire/metrics_encoder.h"
#include "micromegas/transport/wire/packed_records.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/span_encoder.h"

namespace micromegas::wire::testing {
namespace {

constexpr int kEvents = 64;

constinit LogMetadata g_literal{.level = Level::kInfo, .text = "the literal", .target = "a target"};
constinit LogMetadata g_format{.level = Level::kWarn, .text = "n {}", .target = "other"};
constinit StaticMetricMetadata g_metric{.name = "m", .unit = "count", .target = "a target"};
constinit StaticMetricMetadata g_named_metric{.target = "a target"};
constinit SpanMetadata g_span{.name = "s", .location = {.target = "t", .file = "f.cc", .line = 3}};
constinit SpanMetadata g_named_span{.location = {.target = "t", .file = "f.cc", .line = 4}};

// Every kind of record; each event has names of its own that no other one uses.
struct Material {
  std::deque<std::string> texts;
  std::deque<std::vector<Property>> properties;

  std::string_view unique(const char* what, int n) {
    return texts.emplace_back(std::string(what) + " " + std::to_string(n) + std::string(100, '.'));
  }
  std::span<const Property> set(int n) {
    if (n % 3 == 0) return {};
    return properties.emplace_back(
        std::vector<Property>{{"key", unique("value", n)}, {"shared", "by all"}});
  }
  static std::int64_t time(int n) { return kStart + n; }

  std::vector<LogEvent> logs() {
    std::vector<LogEvent> events;
    for (int n = 0; n < kEvents; ++n) {
      LogEvent event;
      event.time = time(n);
      event.properties = set(n);
      switch (n % 4) {
        case 0:
          event.form = LogEvent::Form::kLiteral;
          event.metadata = &g_literal;
          event.text = g_literal.text;
          break;
        case 1:
          event.form = LogEvent::Form::kInterop;
          event.target = unique("target", n);
          event.text = unique("text", n);
          break;
        default:
          event.metadata = &g_format;
          event.text = unique("text", n);
      }
      events.push_back(event);
    }
    return events;
  }
  std::vector<MetricEvent> metrics() {
    std::vector<MetricEvent> events;
    for (int n = 0; n < kEvents; ++n) {
      MetricEvent event{.is_float = n % 2 == 0,
                        .integer = static_cast<std::uint64_t>(n),
                        .number = n * 0.5,
                        .time = time(n),
                        .metadata = &g_metric,
                        .name = g_metric.name,
                        .unit = g_metric.unit,
                        .properties = set(n)};
      if (n % 5 != 0) {
        event.metadata = &g_named_metric;
        event.name = unique("name", n);
      }
      events.push_back(event);
    }
    return events;
  }
  std::vector<SpanEvent> spans() {
    std::vector<SpanEvent> events;
    for (int n = 0; n < kEvents; ++n) {
      const bool named = n % 4 != 0;
      const bool async = n % 3 == 0;
      const bool end = n % 2 != 0;
      using Kind = SpanEvent::Kind;
      events.push_back({.kind = async ? (end ? Kind::kAsyncEnd : Kind::kAsyncBegin)
                                      : (end ? Kind::kEnd : Kind::kBegin),
                        .named = named,
                        .time = time(n),
                        .metadata = named ? &g_named_span : &g_span,
                        .name = named ? unique("span", n) : g_span.name,
                        .span_id = async ? static_cast<std::uint64_t>(n) + 1 : 0,
                        .properties = end ? set(n) : std::span<const Property>()});
    }
    return events;
  }
};

std::string show(std::span<const Property> properties) {
  std::string text;
  for (const Property& p : properties) text.append(p.name).append("=").append(p.value).append(" ");
  return text;
}

// Every column of every event.
std::vector<std::string> rows(StreamKind kind, const DecodedBlock& block) {
  const auto process = decode_process(encode_process(test_process()));
  const auto stream = decode_stream(encode_stream(test_stream(kind)));
  std::vector<std::string> list;
  const auto add = [&](auto... columns) {
    std::string row;
    (row.append(columns).append("|"), ...);
    list.push_back(std::move(row));
  };
  const auto number = [](auto n) { return std::to_string(n); };
  Result<std::int64_t> read = Error("no kind");
  if (kind == StreamKind::kLog) {
    read = for_each_log_row(*process, *stream, block, [&](const LogRow& r) {
      add(r.event_type, number(r.event_id), number(r.time), number(r.level), r.target, r.msg,
          show(r.properties));
    });
  } else if (kind == StreamKind::kMetrics) {
    read = for_each_metric_row(*process, *stream, block, [&](const MetricRow& r) {
      add(r.event_type, number(r.event_id), number(r.time), r.name, r.unit, r.target,
          number(r.value), number(r.integer), show(r.properties));
    });
  } else {
    read = for_each_span_event(*process, *stream, block, [&](const SpanEventRow& r) {
      add(r.event_type, number(r.event_id), number(r.time), r.name, r.target, r.file,
          number(r.line), number(r.span_id), show(r.properties));
    });
  }
  EXPECT_TRUE(read) << (read ? "" : read.error().message());
  return list;
}

// How many dependencies the block has, and how many of them nothing refers to.
std::pair<std::size_t, std::size_t> count_dependencies(StreamKind kind, const DecodedBlock& block) {
  std::set<std::uint64_t> ids;
  std::set<std::uint64_t> used;
  const auto use = [&](std::uint64_t id) { used.insert(id); };
  PackedRecords dependencies(block.dependencies, layout::of(kind).dependencies);
  while (dependencies.next()) {
    ids.insert(dependencies.u64_at(0));
    dependencies.for_each_reference(use);
    const bool is_set =
        layout::of(kind).dependencies[dependencies.type()].name == "PropertySetDependency";
    for (std::size_t at = 12; is_set && at < dependencies.body().size(); at += 8) {
      use(dependencies.u64_at(at));
    }
  }
  PackedRecords objects(block.objects, layout::of(kind).objects);
  while (objects.next()) objects.for_each_reference(use);
  EXPECT_TRUE(dependencies.end() && objects.end());
  std::size_t unused = 0;
  for (const std::uint64_t id : ids) unused += used.count(id) == 0 ? 1U : 0U;
  return {ids.size(), unused};
}

// Cuts until single events are left.
void cut(StreamKind kind, const std::string& body, std::vector<std::string>& out, int depth = 0) {
  const auto block = decode_block(body);
  ASSERT_TRUE(block) << block.error().message();
  const auto [dependencies, unused] = count_dependencies(kind, *block);
  EXPECT_EQ(unused, 0U) << "of " << dependencies << " at depth " << depth;
  if (block->event_count == 1) {
    EXPECT_FALSE(split_block(body, kind, test_process()));
    for (auto& row : rows(kind, *block)) out.push_back(std::move(row));
    return;
  }
  const auto halves = split_block(body, kind, test_process());
  ASSERT_TRUE(halves) << halves.error().message();
  for (const HalfBlock& half : *halves) {
    EXPECT_LT(half.body.size(), body.size());
    cut(kind, half.body, out, depth + 1);
  }
}

template <class Encoder, class Event>
void expect_the_same_rows(StreamKind kind, const std::vector<Event>& events) {
  Encoder encoder{EncodeOptions{}};
  const auto body = encode_events(encoder, events);
  ASSERT_TRUE(body) << body.error().message();
  std::vector<std::string> parts;
  cut(kind, body->body, parts);
  EXPECT_TRUE(parts == rows(kind, *decode_block(body->body))) << parts.size() << " rows";

  // Half the events, half the names: cutting converges.
  const auto halves = split_block(body->body, kind, test_process());
  ASSERT_TRUE(halves);
  for (const HalfBlock& half : *halves) {
    EXPECT_LT(decode_block(half.body)->dependencies.size(), body->dependencies_bytes * 6 / 10);
  }
}

TEST(Split, PartsOfLogsHaveTheSameRowsAndOnlyWhatTheyNeed) {
  Material material;
  expect_the_same_rows<LogEncoder>(StreamKind::kLog, material.logs());
}

TEST(Split, PartsOfMetricsHaveTheSameRowsAndOnlyWhatTheyNeed) {
  Material material;
  expect_the_same_rows<MetricsEncoder>(StreamKind::kMetrics, material.metrics());
}

TEST(Split, PartsOfSpansHaveTheSameRowsAndOnlyWhatTheyNeed) {
  Material material;
  expect_the_same_rows<SpanEncoder>(StreamKind::kThread, material.spans());
}

TEST(Split, ABodyPastTheServersLimitIsEncodedAndGivesTwo) {
  std::mt19937_64 random(5);
  std::string noise(kMaxBodyBytes + 1000, '\0');
  for (std::size_t i = 0; i + 8 <= noise.size(); i += 8) {
    const std::uint64_t word = random();
    std::memcpy(noise.data() + i, &word, 8);
  }
  std::vector<LogEvent> events(2);
  for (LogEvent& event : events) event.metadata = &g_format;
  events[0].text = std::string_view(noise).substr(0, kMaxBodyBytes / 2);
  events[1].text = std::string_view(noise).substr(kMaxBodyBytes / 2);
  LogEncoder encoder;
  const auto whole = encode_events(encoder, events);
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_GT(whole->body.size(), kMaxBodyBytes);
  const auto halves = split_block(whole->body, StreamKind::kLog, test_process());
  ASSERT_TRUE(halves) << halves.error().message();
  for (const HalfBlock& half : *halves) EXPECT_LT(half.body.size(), kMaxBodyBytes);
}

// A body that somebody else's bytes got into: an error or two halves, never undefined behaviour.
TEST(Split, ADamagedBodyIsAnErrorOrAnswer) {
  Material material;
  LogEncoder encoder{EncodeOptions{}};
  encoder.begin(test_process());
  const auto events = material.logs();
  for (int n = 0; n < 8; ++n) encoder.add(events[static_cast<std::size_t>(n)]);
  const std::string dependencies(encoder.dependencies());
  const std::string objects(encoder.objects());
  int errors = 0;
  const auto check = [&](std::string_view first, std::string_view second) {
    FrameCompressor compressor(0);
    ByteBuffer a;
    ByteBuffer b;
    ASSERT_TRUE(compressor.compress(first, a) && compressor.compress(second, b));
    const std::string body = write_block(test_header(8), test_process(), a.view(), b.view());
    errors += split_block(body, StreamKind::kLog, test_process()) ? 0 : 1;
  };
  for (std::size_t at = 0; at < dependencies.size(); ++at) {
    std::string damaged = dependencies;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    check(damaged, objects);
    check(std::string_view(dependencies).substr(0, at), objects);
  }
  for (std::size_t at = 0; at < objects.size(); ++at) {
    std::string damaged = objects;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    check(dependencies, damaged);
    check(dependencies, std::string_view(objects).substr(0, at));
  }
  EXPECT_GT(errors, 100);
}

}  // namespace
}  // namespace micromegas::wire::testing
