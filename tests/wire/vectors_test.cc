// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Every golden vector decodes to its rows or is refused, as the official 0.33 sources did.

#include "micromegas/tests/wire/vectors.h"

#include <gtest/gtest.h>

#include <limits>

#include "micromegas/transport/wire/log_template.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/span_tree.h"

namespace micromegas::wire::testing {
namespace {

using nlohmann::json;

json pairs(std::span<const Property> properties) {
  json list = json::array();
  for (const Property& property : properties) list.push_back({property.name, property.value});
  return list;
}

json map_of(const std::vector<std::pair<std::string, std::string>>& properties) {
  json map = json::object();
  for (const auto& [name, value] : properties) map[name] = value;
  return map;
}

Result<json> log_rows(const Vector& vector) {
  json rows = json::array();
  const auto read =
      for_each_log_row(plain_process(), vector.stream, vector.block, [&](const LogRow& row) {
        rows.push_back({{"time", row.ticks},
                        {"level", row.level},
                        {"target", row.target},
                        {"msg", row.msg},
                        {"properties", pairs(row.properties)}});
      });
  if (!read) return read.error();
  return rows;
}

Result<json> metric_rows(const Vector& vector) {
  json rows = json::array();
  const auto read =
      for_each_metric_row(plain_process(), vector.stream, vector.block, [&](const MetricRow& row) {
        rows.push_back({{"time", row.ticks},
                        {"target", row.target},
                        {"name", row.name},
                        {"unit", row.unit},
                        {"value", row.value},
                        {"properties", pairs(row.properties)}});
      });
  if (!read) return read.error();
  return rows;
}

Result<json> span_rows(const Vector& vector) {
  json async_events = json::array();
  SpanTree tree(0, std::numeric_limits<std::int64_t>::max());
  const auto read = for_each_span_event(plain_process(), vector.stream, vector.block,
                                        [&](const SpanEventRow& row) {
                                          tree.add(row);
                                          if (!row.is_async) return;
                                          json event = {row.is_begin ? "begin" : "end",
                                                        row.name,
                                                        row.span_id,
                                                        row.parent_span_id,
                                                        row.depth,
                                                        row.ticks};
                                          if (!row.is_begin) event.push_back(pairs(row.properties));
                                          async_events.push_back(event);
                                        });
  if (!read) return read.error();
  const auto spans = tree.finish();
  if (!spans) return spans.error();
  json thread_spans = json::array();
  for (const ThreadSpan& span : *spans) {
    thread_spans.push_back({{"depth", span.depth},
                            {"id", span.id},
                            {"name", span.name},
                            {"target", span.target},
                            {"file", span.file},
                            {"line", span.line},
                            {"begin", span.begin},
                            {"end", span.open ? json() : json(span.end)},
                            {"properties", map_of(span.properties)}});
  }
  return json{{"thread_spans", thread_spans}, {"async_events", async_events}};
}

Result<json> rows_of(const Vector& vector) {
  if (vector.kind == "log") return log_rows(vector);
  if (vector.kind == "metrics") return metric_rows(vector);
  EXPECT_EQ(vector.kind, "thread");
  return span_rows(vector);
}

// `rows` without the columns that `expected` leaves out.
json shown_as(json rows, const json& expected) {
  if (!rows.is_array() || rows.size() != expected.size()) return rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    json shown = json::object();
    for (const auto& [key, value] : expected[i].items()) shown[key] = rows[i].value(key, json());
    rows[i] = shown;
  }
  return rows;
}

TEST(Vectors, AreDecodedOrRefusedAsTheOfficialSourcesDo) {
  std::size_t refused = 0;
  std::size_t compared = 0;
  for (const Vector& vector : all_vectors()) {
    SCOPED_TRACE(vector.name);
    const Result<json> rows = rows_of(vector);
    if (vector.expect == "error") {
      EXPECT_FALSE(rows) << *rows;
      ++refused;
      continue;
    }
    ASSERT_TRUE(rows) << rows.error().message();
    if (!vector.raw.contains("rows")) continue;
    EXPECT_EQ(shown_as(*rows, vector.raw.at("rows")), vector.raw.at("rows"));
    ++compared;
  }
  EXPECT_EQ(all_vectors().size(),
            vectors_file().at("vectors").size() + vectors_033_file().at("vectors").size());
  EXPECT_EQ(refused, 13U);
  EXPECT_EQ(compared, 19U);
}

// The first file has no rows: these are the worked examples of the protocol's page.
TEST(Vectors, GiveTheRowsOfTheWorkedExamples) {
  EXPECT_EQ(*rows_of(vector_named("G1 ")), json::parse(R"([{"time": 10000, "level": 4,
      "target": "game", "msg": "hello", "properties": []}])"));
  EXPECT_EQ(*rows_of(vector_named("G2 ")), json::parse(R"([{"time": 20000, "target": "game",
      "name": "heap_used", "unit": "bytes", "value": 4096.0, "properties": []}])"));
  const json pair = *rows_of(vector_named("G4 "));
  ASSERT_EQ(pair.at("thread_spans").size(), 1U);
  EXPECT_EQ(pair.at("thread_spans")[0].at("begin"), 30000);
  EXPECT_EQ(pair.at("thread_spans")[0].at("end"), 30500);

  const json logs = *rows_of(vector_named("G5 "));
  ASSERT_EQ(logs.size(), 4U);
  EXPECT_EQ(logs[0].at("msg"), "tagged");
  EXPECT_EQ(logs[0].at("properties"), json::parse(R"([["weapon", "rifle"]])"));
  EXPECT_EQ(logs[1].at("msg"), "{}");
  EXPECT_EQ(logs[2].at("msg"), "static message");
  EXPECT_EQ(logs[2].at("level"), 3);
  EXPECT_EQ(logs[3].at("msg"), "interop");

  const json tree = *rows_of(vector_named("G6 "));
  ASSERT_EQ(tree.at("thread_spans").size(), 2U);
  EXPECT_EQ(tree.at("thread_spans")[1].at("name"), "load level 3");
  EXPECT_EQ(tree.at("thread_spans")[1].at("depth"), 2);
  EXPECT_EQ(tree.at("async_events").size(), 4U);

  EXPECT_EQ(rows_of(vector_named("T1 "))->size(), 1U);
  const json orphan = *rows_of(vector_named("T4 "));
  ASSERT_EQ(orphan.at("thread_spans").size(), 1U);
  EXPECT_EQ(orphan.at("thread_spans")[0].at("begin"), 0);
}

TEST(Vectors, RefusalsSayWhatAndWhere) {
  const auto refusal = [](std::string_view name) {
    const auto rows = rows_of(vector_named(name));
    return rows ? std::string("accepted") : rows.error().message();
  };
  EXPECT_EQ(refusal("B1 "),
            "dependencies, byte 125, type 'StaticString': dependency id 4097 comes twice");
  EXPECT_EQ(refusal("B8 "), "objects, byte 0, event 0: type index 200 of 4 types");
  EXPECT_EQ(refusal("B15 "), "objects, byte 0, event 0: record of type 'LogStringEventV2' is cut");
  EXPECT_EQ(refusal("X1a "),
            "event 1, type 'TaggedLogStaticStrEvent': property 'level' is no level: 'warn'");
  EXPECT_EQ(refusal("X8 "),
            "dependencies, byte 67, type 'PropertySetDependency': the stream has no type "
            "'Property'");
  EXPECT_EQ(refusal("X9 "), "event 1 ends span 'load hero', but 'frame' is open");
}

TEST(LogTemplate, RendersAsTheOfficialAnalyticsDoes) {
  const Vector& vector = vector_named("N3 ");
  const Property properties[] = {
      {"user", "alice"}, {"rows", "3"},       {"0", "zero"},       {"http.method", "GET"},
      {"a b", "space"},  {"brace", "{rows}"}, {"nested", "{{x}}"},
  };
  const json& templates = vector.raw.at("templates");
  ASSERT_GT(templates.size(), 10U);
  for (const auto& [format, expected] :
       templates.get<std::vector<std::pair<std::string, std::string>>>()) {
    std::string rendered;
    std::size_t budget = 1000;
    EXPECT_TRUE(render_log_template(format, properties, budget, rendered)) << format;
    EXPECT_EQ(rendered, expected) << format;
  }
}

TEST(LogTemplate, StopsAtItsBudget) {
  const std::string value(1000, 'v');
  const Property properties[] = {{"a", value}};
  std::string format;
  for (int i = 0; i < 1000; ++i) format += "{a}";
  std::string rendered;
  std::size_t budget = 100'000;
  EXPECT_FALSE(render_log_template(format, properties, budget, rendered));
  EXPECT_LE(rendered.size(), 100'000U);
}

TEST(LogTemplate, UnclosedBracesCostNoSquare) {
  std::string format;
  for (int i = 0; i < 4'000'000; ++i) format += "{a";
  std::string rendered;
  std::size_t budget = 10'000'000;
  EXPECT_TRUE(render_log_template(format, {}, budget, rendered));
  EXPECT_EQ(rendered, format);
}

}  // namespace
}  // namespace micromegas::wire::testing
