// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Properties given to dispatch.h at run time: what arrives, and what is refused, cut and counted.

#include "micromegas/pipeline/instrument/run_time_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/dispatch.h"
#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

using detail::PropertiesOf;
using detail::RunTimeProperties;
using ::testing::SizeIs;
using Map = std::map<std::string, std::string>;

constinit LogMetadata g_log{.level = Level::kWarn, .text = "unused", .target = "bridge"};
constinit StaticMetricMetadata g_metric{.name = "depth", .unit = "count", .target = "bridge"};
constinit SpanMetadata g_span{.name = "scope", .location = {.target = "bridge"}};
constinit SpanLocation g_place{.target = "bridge"};

std::atomic<int> g_said{0};
void note(std::string_view line) {
  if (line.find("properties given at run time") != std::string_view::npos) ++g_said;
}

class RunTimePropertiesTest : public SessionTest {
 protected:
  void SetUp() override {
    set_diagnostic_handler(&note);
    start(trace_options());
  }
  void TearDown() override {
    SessionTest::TearDown();
    set_diagnostic_handler(nullptr);
  }
  static std::uint64_t refused() { return queue::Runtime::get().refused_properties(); }
  // Of the ends, in their order.
  std::vector<std::pair<std::string, Map>> ends() {
    std::vector<std::pair<std::string, Map>> out;
    const testing_support::Recorded recorded = flushed();
    for (const auto& [stream, spans] : recorded.spans) {
      for (const testing_support::Span& span : spans) {
        const bool is_end =
            span.kind == SpanEvent::Kind::kEnd || span.kind == SpanEvent::Kind::kAsyncEnd;
        if (is_end) out.emplace_back(span.name, span.properties);
      }
    }
    return out;
  }

  const PropertySet& set_ = PropertySet::intern({{"zone", "eu"}, {"Route", "of the set"}});
};

TEST_F(RunTimePropertiesTest, LogsCarryThemBesideASet) {
  std::string name = "route";
  std::string value = "/é";
  const Property pairs[] = {{name, value}, {"empty", ""}};
  dispatch::log_dyn_tagged(g_log, set_, pairs, "with a set");
  dispatch::log_interop_dyn_tagged({.level = Level::kError, .target = "other"}, pairs, "interop");
  const auto sink = dispatch::enabled_log_sink(g_log);
  ASSERT_TRUE(sink);
  dispatch::log_dyn_tagged_enabled(*sink, g_log, set_, pairs, "enabled");
  name = value = "changed";  // they are copies
  const auto logs = flushed().logs;
  ASSERT_THAT(logs, SizeIs(3));
  const Map with_set = {{"zone", "eu"}, {"route", "/é"}, {"empty", ""}};
  EXPECT_EQ(logs[0].properties, with_set);
  EXPECT_EQ(logs[0].text, "with a set");
  EXPECT_EQ(logs[0].level, Level::kWarn);
  EXPECT_EQ(logs[1].properties, (Map{{"route", "/é"}, {"empty", ""}}));
  EXPECT_EQ(logs[1].target, "other");
  EXPECT_EQ(logs[1].level, Level::kError);
  EXPECT_EQ(logs[2].properties, with_set);
  EXPECT_EQ(refused(), 0u);
}

TEST_F(RunTimePropertiesTest, ALogThatIsNotWantedCostsNoProperties) {
  pipeline::stop_session(0, in(std::chrono::seconds(20)));
  const Property bad[] = {{"level", "refused"}};
  EXPECT_FALSE(dispatch::enabled_log_sink(g_log));
  dispatch::log_dyn_tagged(g_log, set_, bad, "nobody");
  dispatch::log_interop_dyn_tagged(g_log, bad, "nobody");
  dispatch::tagged_integer_metric_dyn(g_metric, set_, bad, 1);
  EXPECT_EQ(refused(), 0u);
  start(trace_options());
  EXPECT_THAT(flushed().logs, SizeIs(0));
}

TEST_F(RunTimePropertiesTest, MetricsCarryThem) {
  const Property pairs[] = {{"route", "/"}, {"level", "of no log"}};
  dispatch::tagged_integer_metric_dyn(g_metric, set_, pairs, 7);
  dispatch::tagged_float_metric_dyn(g_metric, PropertySet::intern({}), pairs, 0.5);
  const auto metrics = flushed().metrics;
  ASSERT_THAT(metrics, SizeIs(2));
  EXPECT_EQ(metrics[0].integer, 7u);
  EXPECT_EQ(metrics[0].properties, (Map{{"route", "/"}, {"level", "of no log"}, {"zone", "eu"}}));
  EXPECT_EQ(metrics[1].number, 0.5);
  EXPECT_EQ(metrics[1].properties, (Map{{"route", "/"}, {"level", "of no log"}}));
}

TEST_F(RunTimePropertiesTest, MetricsWithNamesOfRunTimeCarryThem) {
  const Property pairs[] = {{"route", "/"}, {"name", "no"}};
  const std::string long_name(2000, 'n');
  dispatch::named_integer_metric(g_metric, "free.sda", "bytes", set_, pairs, 7);
  dispatch::named_float_metric(g_metric, long_name, "", PropertySet::intern({}), {}, 0.5);
  const auto metrics = flushed().metrics;
  ASSERT_THAT(metrics, SizeIs(2));
  EXPECT_EQ(metrics[0].name, "free.sda");
  EXPECT_EQ(metrics[0].unit, "bytes");
  EXPECT_EQ(metrics[0].integer, 7u);
  EXPECT_EQ(metrics[0].properties, (Map{{"route", "/"}, {"zone", "eu"}}));
  EXPECT_EQ(metrics[1].name, long_name.substr(0, 1024));
  EXPECT_EQ(metrics[1].number, 0.5);
}

TEST_F(RunTimePropertiesTest, EndsOfThreadSpansCarryThem) {
  const Property outer[] = {{"rows", "3"}};
  const Property inner[] = {{"rows", "1"}, {"zone", "us"}};
  dispatch::on_begin_scope(g_span);
  dispatch::on_begin_named_scope_dyn(g_place, "named");
  dispatch::on_end_named_scope_tagged(g_place, "named", set_, inner);
  dispatch::on_begin_named_scope_dyn(g_place, "plain");
  dispatch::on_end_named_scope_dyn(g_place, "plain");
  dispatch::on_end_scope_tagged(g_span, set_, outer);
  dispatch::on_end_scope_tagged(g_span, set_, outer);  // of nothing
  EXPECT_EQ(ends(), (std::vector<std::pair<std::string, Map>>{
                        {"named", {{"rows", "1"}, {"zone", "us"}, {"Route", "of the set"}}},
                        {"plain", {}},
                        {"scope", {{"rows", "3"}, {"zone", "eu"}, {"Route", "of the set"}}}}));
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 0u);
}

TEST_F(RunTimePropertiesTest, EndsOfAsynchronousSpansCarryThem) {
  const Property pairs[] = {{"status", "200"}};
  const std::uint64_t root = dispatch::on_begin_async_scope(g_span, 0, 0);
  const std::uint64_t child = dispatch::on_begin_async_named_scope_dyn(g_place, "child", root, 1);
  const std::uint64_t plain = dispatch::on_begin_async_named_scope_dyn(g_place, "plain", root, 1);
  dispatch::on_end_async_named_scope_dyn(plain, root, g_place, "plain", 1);
  dispatch::on_end_async_named_scope_tagged(child, root, g_place, "child", 1,
                                            PropertySet::intern({}), pairs);
  dispatch::on_end_async_scope_tagged(root, 0, g_span, 0, set_, pairs);
  EXPECT_EQ(ends(), (std::vector<std::pair<std::string, Map>>{
                        {"plain", {}},
                        {"child", {{"status", "200"}}},
                        {"scope", {{"status", "200"}, {"zone", "eu"}, {"Route", "of the set"}}}}));
}

TEST_F(RunTimePropertiesTest, NamesThatCannotBeAreRefusedCountedAndSaidOnce) {
  const std::string too_long(257, 'n');
  const std::string longest(256, 'n');
  const Property pairs[] = {{"", "empty"},   {"LEVEL", "x"}, {"target", "x"}, {"Micromegas.x", "x"},
                            {too_long, "x"}, {longest, "y"}, {"twice", "1"},  {"Twice", "2"}};
  dispatch::log_dyn_tagged(g_log, PropertySet::intern({}), pairs, "first");
  dispatch::log_dyn_tagged(g_log, PropertySet::intern({}), pairs, "second");
  const Property of_metric[] = {{"name", "x"}, {"UNIT", "x"}, {"target", "x"}, {"ok", "1"}};
  dispatch::tagged_integer_metric_dyn(g_metric, PropertySet::intern({}), of_metric, 1);
  const auto recorded = flushed();
  ASSERT_THAT(recorded.logs, SizeIs(2));
  EXPECT_EQ(recorded.logs[0].properties, (Map{{longest, "y"}, {"Twice", "2"}}));
  EXPECT_EQ(recorded.metrics[0].properties, (Map{{"ok", "1"}}));
  EXPECT_EQ(refused(), 2 * 6 + 3u);
  EXPECT_GE(g_said.load(), 1);  // it or another test here: one in ten seconds
}

TEST_F(RunTimePropertiesTest, TenThousandAndAMegabyteAreCutAndTheEventIsWhole) {
  std::vector<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.push_back("key " + std::to_string(i));
  const std::string megabyte(1 << 20, 'v');
  std::vector<Property> pairs;
  for (const std::string& name : names) pairs.push_back({name, megabyte});
  dispatch::log_dyn_tagged(g_log, set_, pairs, megabyte);
  dispatch::log_interop_dyn_tagged(g_log, pairs, megabyte);
  dispatch::tagged_float_metric_dyn(g_metric, set_, pairs, 1);
  dispatch::on_begin_scope(g_span);
  dispatch::on_end_scope_tagged(g_span, set_, pairs);
  const auto recorded = flushed();
  ASSERT_THAT(recorded.logs, SizeIs(2));
  for (const auto& log : recorded.logs) {
    EXPECT_GT(log.text.size(), 20'000u);
    ASSERT_GE(log.properties.size(), 64u);
    EXPECT_GT(log.properties.at("key 63").size(), 300u);
    EXPECT_EQ(log.properties.count("key 64"), 0u);
  }
  ASSERT_THAT(recorded.metrics, SizeIs(1));
  EXPECT_THAT(recorded.metrics[0].properties, SizeIs(66));
  EXPECT_THAT(ends().at(0).second, SizeIs(66));
  EXPECT_EQ(refused(), 4u * (10'000 - 64));
  EXPECT_EQ(queue::Runtime::get().cut_texts(), 4u * 64 + 2);
}

TEST(RunTimeProperties, StaysWithinItsLimitWhateverItIsGiven) {
  const std::string long_name(200, 'n');
  for (const std::size_t limit : {std::size_t{100}, std::size_t{1024}, std::size_t{14 * 1024}}) {
    for (const std::size_t value : {0U, 7U, 100U, 5000U}) {
      std::vector<std::string> texts;
      for (int i = 0; i < 64; ++i) texts.push_back(long_name + std::to_string(i));
      const std::string text(value, 'v');
      std::vector<Property> pairs;
      for (const std::string& name : texts) pairs.push_back({name, text});
      const RunTimeProperties fitted(pairs, PropertiesOf::kLog, limit);
      EXPECT_LE(fitted.bytes(), limit);
      EXPECT_EQ(fitted.get().size() + fitted.refused(), 64u);
      EXPECT_EQ(fitted.bytes() % 8, 0u);
    }
  }
}

TEST(RunTimeProperties, CutsBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "世";
  const Property pair[] = {{"k", text}};
  const RunTimeProperties fitted(pair, PropertiesOf::kLog, 1024);
  EXPECT_EQ(fitted.cut(), 1u);
  EXPECT_EQ(fitted.get()[0].value.size() % 3, 0u);
  EXPECT_GT(fitted.get()[0].value.size(), 900u);
}

}  // namespace
}  // namespace micromegas
