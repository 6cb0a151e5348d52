// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Properties of logs, metrics and spans: typed at the call site, texts at the sink.

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/fmt.h"
#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

using namespace literals;
using Map = std::map<std::string, std::string>;

// Counts how often it is asked, and says so: a second time would not give the same text.
struct Counting {
  int* asked;
};
enum class Shade : std::uint8_t { kDark = 3 };

}  // namespace
}  // namespace micromegas

template <>
struct fmt::formatter<micromegas::Counting> {
  constexpr auto parse(format_parse_context& context) {
    auto at = context.begin();
    if (at != context.end() && *at == 'v') ++at;
    return at;
  }
  auto format(const micromegas::Counting& c, format_context& context) const {
    return fmt::format_to(context.out(), "#{}", ++*c.asked);
  }
};

namespace micromegas {
namespace {

class PropertyTest : public SessionTest {
 protected:
  testing_support::Log only_log() {
    const auto logs = flushed().logs;
    EXPECT_EQ(logs.size(), 1u);
    return logs.empty() ? testing_support::Log{} : logs.back();
  }
  std::vector<testing_support::Span> spans() {
    const auto all = flushed().spans;
    return all.empty() ? std::vector<testing_support::Span>() : all.begin()->second;
  }
  // Of the ends, in their order.
  std::vector<std::pair<std::string, Map>> ends() {
    std::vector<std::pair<std::string, Map>> out;
    for (const auto& span : spans()) {
      if (span.kind == SpanEvent::Kind::kEnd) out.emplace_back(span.name, span.properties);
    }
    return out;
  }
};

TEST_F(PropertyTest, NamedPlaceholdersPairsAndASetAreAllProperties) {
  start();
  const PropertySet& set = PropertySet::intern({{"tenant", "acme"}, {"REGION", "of the set"}});
  const std::string region = "eu";
  MM_INFO("{user} fetched {rows} rows", "alice", 12, "region"_k = region, set);
  const auto log = only_log();
  EXPECT_EQ(log.text, "alice fetched 12 rows");
  EXPECT_EQ(log.properties,
            (Map{{"user", "alice"}, {"rows", "12"}, {"region", "eu"}, {"tenant", "acme"}}));
  EXPECT_EQ(log.template_text, "{user} fetched {rows} rows");
}

TEST_F(PropertyTest, EveryTypeIsShownAsBracesShowIt) {
  start();
  int asked = 0;
  const char* null = nullptr;
  MM_INFO("types", "b"_k = true, "c"_k = 'x', "i"_k = std::numeric_limits<std::int64_t>::min(),
          "u"_k = std::numeric_limits<std::uint64_t>::max(), "f"_k = 0.1f, "d"_k = 1e300,
          "p"_k = static_cast<const void*>(nullptr), "s"_k = "text",
          "v"_k = std::string_view("view"), "n"_k = null, "e"_k = Shade::kDark,
          "user type"_k = Counting{&asked});
  const auto log = only_log();
  EXPECT_EQ(log.form, LogEvent::Form::kLiteral);
  EXPECT_EQ(log.text, "types");
  EXPECT_EQ(log.properties, (Map{{"b", "true"},
                                 {"c", "x"},
                                 {"i", "-9223372036854775808"},
                                 {"u", "18446744073709551615"},
                                 {"f", "0.1"},
                                 {"d", "1e+300"},
                                 {"p", "0x0"},
                                 {"s", "text"},
                                 {"v", "view"},
                                 {"n", "(null)"},
                                 {"e", "3"},
                                 {"user type", "#1"}}));
}

TEST_F(PropertyTest, APlaceholderMayNameAPairWhereverThatStands) {
  start();
  MM_INFO("{b} {} {a} {}", 1, "a"_k = "A", 2, "b"_k = "B");
  const auto log = only_log();
  EXPECT_EQ(log.text, "B 1 A 2");
  EXPECT_EQ(log.properties, (Map{{"a", "A"}, {"b", "B"}}));
  EXPECT_EQ(log.template_text, "");  // the numbers are no properties
}

TEST_F(PropertyTest, ASpecShapesTheTextAndNotTheProperty) {
  start();
  MM_INFO("{ms:.1f} ms", 12.345);
  const auto log = only_log();
  EXPECT_EQ(log.text, "12.3 ms");
  EXPECT_EQ(log.properties, (Map{{"ms", "12.345"}}));
  EXPECT_EQ(log.template_text, "");
}

TEST_F(PropertyTest, AUsersFormatterIsAskedOnce) {
  start();
  int asked = 0;
  MM_INFO("{what:v} and {what}", Counting{&asked});
  const auto log = only_log();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(log.text, "#1 and #1");
  EXPECT_EQ(log.properties, (Map{{"what", "#1"}}));
  EXPECT_EQ(log.template_text, "{what} and {what}");
}

TEST_F(PropertyTest, NothingIsEvaluatedWhenOffAndFromLeftToRightWhenOn) {
  int calls = 0;
  const auto next = [&] { return ++calls; };
  MM_INFO("{a}", "a"_k = next(), "b"_k = next());
  MM_IMETRIC("m", "count", next(), "a"_k = next());
  MM_SPAN("s", "a"_k = next());
  EXPECT_EQ(calls, 0);
  start();
  MM_INFO("{b}", "a"_k = next(), "b"_k = next(), "c"_k = next());
  MM_IMETRIC("m", "count", next(), "a"_k = next(), "b"_k = next());
  { MM_SPAN("s", "a"_k = next(), "b"_k = next()); }
  const auto recorded = flushed();
  EXPECT_EQ(recorded.logs.at(0).properties, (Map{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(recorded.metrics.at(0).integer, 4u);
  EXPECT_EQ(recorded.metrics.at(0).properties, (Map{{"a", "5"}, {"b", "6"}}));
  EXPECT_EQ(ends(), (std::vector<std::pair<std::string, Map>>{{"s", {{"a", "7"}, {"b", "8"}}}}));
}

TEST_F(PropertyTest, TemporariesLiveUntilTheyAreCopied) {
  start();
  const auto text = [](char c) { return std::string(100, c); };
  MM_INFO("{a}", "a"_k = text('x'), kv<"b">(text('y')));
  const auto log = only_log();
  EXPECT_EQ(log.properties, (Map{{"a", text('x')}, {"b", text('y')}}));
}

TEST_F(PropertyTest, ALongValueIsCutMarkedAndCounted) {
  start();
  const std::string big(1'000'000, 'x');
  MM_INFO("{big}", "big"_k = big, "small"_k = 1);
  const auto log = only_log();
  EXPECT_EQ(queue::Runtime::get().cut_texts(), 1u);
  const std::string& kept = log.properties.at("big");
  EXPECT_GT(kept.size(), 50'000u);
  EXPECT_EQ(log.text, kept + " [cut: " + std::to_string(kept.size()) + " of 1000000 bytes]");
  EXPECT_EQ(log.properties.at("small"), "1");
  EXPECT_EQ(log.template_text, "");  // it would not show that it was cut
}

TEST_F(PropertyTest, MetricsCarryThem) {
  start();
  const PropertySet& set = PropertySet::intern({{"tenant", "acme"}, {"route", "of the set"}});
  MM_FMETRIC("time", "ms", 1.5, "route"_k = "/a", "status"_k = 200, set);
  MM_IMETRIC("depth", "count", 7u, set);
  MM_IMETRIC_DYN(std::string("name"), "unit", 8, "k"_k = -1);
  MM_FMETRIC_DYN("name", "unit", 9, set, "k"_k = 2.5);
  MM_IMETRIC("plain", "count", 1);
  const auto metrics = flushed().metrics;
  ASSERT_EQ(metrics.size(), 5u);
  EXPECT_EQ(metrics[0].number, 1.5);
  EXPECT_EQ(metrics[0].properties, (Map{{"route", "/a"}, {"status", "200"}, {"tenant", "acme"}}));
  EXPECT_EQ(metrics[1].properties, (Map{{"tenant", "acme"}, {"route", "of the set"}}));
  EXPECT_EQ(metrics[2].name, "name");
  EXPECT_EQ(metrics[2].unit, "unit");
  EXPECT_EQ(metrics[2].integer, 8u);
  EXPECT_EQ(metrics[2].properties, (Map{{"k", "-1"}}));
  EXPECT_EQ(metrics[3].number, 9);
  EXPECT_EQ(metrics[3].properties,
            (Map{{"k", "2.5"}, {"tenant", "acme"}, {"route", "of the set"}}));
  EXPECT_EQ(metrics[4].properties, Map{});
}

TEST_F(PropertyTest, SpansCarryThemOnTheirEnds) {
  start();
  const PropertySet& set = PropertySet::intern({{"tenant", "acme"}});
  {
    MM_SPAN("decode", "codec"_k = "opus", set);
    MM_SPAN_DYN(std::string("asset"), "id"_k = 7);
    MM_SPAN("plain");
    MM_SPAN_FN("arg"_k = 1);
  }
  const auto all = spans();
  ASSERT_EQ(all.size(), 8u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].properties, Map{});
  EXPECT_EQ(all[4].properties, (Map{{"arg", "1"}}));
  EXPECT_EQ(all[5].properties, Map{});
  EXPECT_EQ(all[6].name, "asset");
  EXPECT_EQ(all[6].properties, (Map{{"id", "7"}}));
  EXPECT_EQ(all[7].properties, (Map{{"codec", "opus"}, {"tenant", "acme"}}));
}

TEST_F(PropertyTest, ALaterPairWinsAndAPairBeatsASet) {
  start();
  const PropertySet& first = PropertySet::intern({{"a", "first set"}, {"s", "first"}});
  const PropertySet& second = PropertySet::intern({{"A", "second set"}, {"S", "second"}});
  {
    MM_SPAN_VAR(outer, "outer", "a"_k = 1, "b"_k = 2, first);
    MM_SPAN_DYN_VAR(inner, "inner");
    for (int i = 0; i < 100; ++i) outer.set("i"_k = i);
    outer.set("B"_k = 3);
    outer.set(second);
    inner.set("c"_k = std::string("text"), "d"_k = 1.5);
    MM_INFO("between");
  }
  EXPECT_EQ(ends(), (std::vector<std::pair<std::string, Map>>{
                        {"inner", {{"c", "text"}, {"d", "1.5"}}},
                        {"outer", {{"a", "1"}, {"B", "3"}, {"i", "99"}, {"S", "second"}}}}));
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 0u);
}

TEST_F(PropertyTest, LaterSetsAddUp) {
  start();
  const PropertySet& first = PropertySet::intern({{"a", "1"}, {"b", "1"}});
  const PropertySet& second = PropertySet::intern({{"b", "2"}, {"c", "2"}});
  {
    MM_SPAN_VAR(span, "sets");
    span.set("k"_k = 1, first);
    span.set("k"_k = 2, second);
    span.set(first);
    span.set(second);
  }
  EXPECT_EQ(ends(), (std::vector<std::pair<std::string, Map>>{
                        {"sets", {{"a", "1"}, {"b", "2"}, {"c", "2"}, {"k", "2"}}}}));
}

TEST_F(PropertyTest, PropertiesComeWithTheBlockOfTheEnd) {
  start();
  {
    MM_SPAN_VAR(span, "long", "a"_k = 1);
    flushed();
    span.set("b"_k = 2);
    flushed();
  }
  EXPECT_EQ(ends(), (std::vector<std::pair<std::string, Map>>{{"long", {{"a", "1"}, {"b", "2"}}}}));
}

TEST_F(PropertyTest, TooMuchForASpanIsCountedAndTheSpanIsWhole) {
  start();
  const std::string big(15'000, 'x');
  {
    MM_SPAN_VAR(span, "big", "a"_k = big);
    span.set("b"_k = big);
    span.set("c"_k = big);
    span.set("d"_k = big);
    span.set("e"_k = big);
    span.set("f"_k = 1);
  }
  const auto all = ends();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].second.count("e"), 0u);
  EXPECT_EQ(all[0].second.at("d"), big);
  EXPECT_EQ(all[0].second.at("f"), "1");
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 1u);
}

TEST_F(PropertyTest, WhatIsTooMuchLeavesTheOldValue) {
  start();
  const std::string big(15'000, 'x');
  {
    MM_SPAN_VAR(span, "big", "a"_k = big);
    span.set("b"_k = big);
    span.set("c"_k = big);
    span.set("d"_k = big);
    for (const std::string& value : {std::string("old"), big}) span.set("e"_k = value);
  }
  const auto all = ends();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].second, (Map{{"a", big}, {"b", big}, {"c", big}, {"d", big}, {"e", "old"}}));
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 1u);
}

TEST_F(PropertyTest, AGuardOfNoSpanTakesPropertiesAndForgetsThem) {
  {
    MM_SPAN_VAR(span, "before the start");
    start();
    span.set("a"_k = 1);
  }
  EXPECT_TRUE(spans().empty());
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 0u);
}

TEST_F(PropertyTest, GuardsAreSmall) {
  EXPECT_LE(sizeof(SpanGuard), 32u);
  EXPECT_LE(sizeof(NamedSpanGuard), 32u);
  start();
  MM_SPAN_VAR(span, "s", "a"_k = 1, "b"_k = std::string(100, 'x'));
  EXPECT_LE(sizeof(span), 32u);
}

TEST_F(PropertyTest, BindingsBitFieldsAndThisAreValuesToo) {
  start();
  struct Bits {
    unsigned low : 3;
  } bits{5};
  const auto [a, b] = std::pair(1, std::string("two"));
  MM_INFO("{a}{b}", a, b, "low"_k = bits.low);
  EXPECT_EQ(only_log().properties, (Map{{"a", "1"}, {"b", "two"}, {"low", "5"}}));
}

// --- the redactor ---

class RedactorTest : public PropertyTest {
 protected:
  // Hides what is called secret, shortens e-mail addresses, throws at what is called bad.
  void start_redacted() {
    auto options = trace_options();
    options.redactor = [](std::string_view name,
                          std::string_view value) -> std::optional<std::string> {
      if (name == "secret") return "***";
      if (name == "bad") throw 1;
      if (value.find('@') != std::string_view::npos) return "user@...";
      return std::nullopt;
    };
    start(std::move(options));
  }
};

TEST_F(RedactorTest, WhatItPutsInThePlaceIsShownEverywhere) {
  start_redacted();
  const PropertySet& set = PropertySet::intern({{"mail", "ann@example.org"}, {"tenant", "acme"}});
  MM_INFO("{secret:>8} of {user} {n}", 12345, "user"_k = "bob@example.org", "n"_k = 1, set);
  const auto log = only_log();
  EXPECT_EQ(log.text, "*** of user@... 1");
  EXPECT_EQ(log.properties, (Map{{"secret", "***"},
                                 {"user", "user@..."},
                                 {"n", "1"},
                                 {"mail", "user@..."},
                                 {"tenant", "acme"}}));
  EXPECT_TRUE(sink_->wait([](const auto& r) { return r.live.size() == 1; }));
  EXPECT_EQ(sink_->recorded().live[0], "*** of user@... 1");
}

TEST_F(RedactorTest, AlsoWhereTheWidthIsAnArgument) {
  start_redacted();
  MM_INFO("{secret:{w}} in {where}", "abc", 8, "here");
  EXPECT_EQ(only_log().text, "*** in here");
}

TEST_F(RedactorTest, MetricsAndSpansToo) {
  start_redacted();
  MM_IMETRIC("m", "count", 1, "secret"_k = 2);
  {
    MM_SPAN_VAR(span, "s", "secret"_k = 3, "n"_k = 4);
    span.set("user"_k = "bob@example.org");
  }
  EXPECT_EQ(flushed().metrics.at(0).properties, (Map{{"secret", "***"}}));
  EXPECT_EQ(ends(), (std::vector<std::pair<std::string, Map>>{
                        {"s", {{"secret", "***"}, {"n", "4"}, {"user", "user@..."}}}}));
}

TEST_F(RedactorTest, OneThatThrowsLetsNothingThrough) {
  start_redacted();
  MM_INFO("{bad}", "bad"_k = "key");
  const auto log = only_log();
  EXPECT_EQ(log.text, "[redactor threw]");
  EXPECT_EQ(log.properties, (Map{{"bad", "[redactor threw]"}}));
}

TEST_F(RedactorTest, ABlockKeepsThatOfItsTelemetry) {
  struct Keeping : testing_support::RecordingSink {
    void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
      RecordingSink::on_process_log_block(block);
      logs.push_back(block);
    }
    void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override {
      RecordingSink::on_process_metrics_block(block);
      metrics.push_back(block);
    }
    void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override {
      RecordingSink::on_process_thread_block(block);
      spans.push_back(block);
    }
    std::vector<std::shared_ptr<const LogBlock>> logs;
    std::vector<std::shared_ptr<const MetricsBlock>> metrics;
    std::vector<std::shared_ptr<const ThreadBlock>> spans;
  };
  const auto record = [] {
    MM_TRACE("left out by a filter");
    MM_INFO("{secret}", "secret"_k = "raw");
    MM_IMETRIC("m", "count", 1, "secret"_k = "raw");
    MM_SPAN("s", "secret"_k = "raw");
  };
  // All values of `secret`, and the log's text.
  const auto read = [](const Keeping& sink) {
    std::vector<std::string> out;
    const auto add = [&](const auto& event) {
      for (const Property& p : event.properties) out.emplace_back(p.value);
    };
    FilteredLogs stream;
    const auto part = filter_block(sink.logs.at(0), LevelFilter::kInfo, stream);
    for (const LogBlock* log : {sink.logs.at(0).get(), part.get()}) {
      log->for_each([&](const LogEvent& event) {
        add(event);
        if (event.level == Level::kInfo) out.emplace_back(event.text);
      });
    }
    sink.metrics.at(0)->for_each(add);
    sink.spans.at(0)->for_each(add);
    return out;
  };
  const std::vector<std::string> hidden(6, "***");
  const std::vector<std::string> shown(6, "raw");

  const auto first = std::make_shared<Keeping>();
  sink_ = first;
  start_redacted();
  record();
  flushed();
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  EXPECT_EQ(read(*first), hidden);
  const auto second = std::make_shared<Keeping>();
  sink_ = second;
  start(trace_options());
  record();
  flushed();
  EXPECT_EQ(read(*first), hidden);
  EXPECT_EQ(read(*second), shown);
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  sink_ = std::make_shared<Keeping>();
  start_redacted();
  EXPECT_EQ(read(*first), hidden);
  EXPECT_EQ(read(*second), shown);
}

TEST_F(RedactorTest, TheNextTelemetryHasNoneUnlessItIsGivenOne) {
  start_redacted();
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  sink_ = std::make_shared<testing_support::RecordingSink>();
  start();
  MM_INFO("{secret}", "secret"_k = "shown");
  EXPECT_EQ(only_log().text, "shown");
}

}  // namespace
}  // namespace micromegas
