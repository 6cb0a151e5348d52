// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What tests say of recorded events, with and without GoogleTest's matchers, and what they are told
// when it does not hold.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "micromegas/dispatch.h"
#include "micromegas/testing_matchers.h"

namespace micromegas {
namespace {

using namespace micromegas::testing;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::DescribeMatcher;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::PrintToString;
using ::testing::StartsWith;

void record_logs() {
  MM_ERROR_T("net", "refused by {}", "a");
  MM_ERROR_T("net", "refused by {}", "b");
  MM_WARN_T("net", "slow: {}", "a");
  MM_ERROR_T("disk", "full");
  static constinit LogMetadata tagged{.level = Level::kInfo, .target = "shop"};
  dispatch::log_tagged(tagged, PropertySet::intern({{"tenant", "acme"}, {"tier", "gold"}}), "sold");
}

TEST(Expectations, CountLogsThatAreSo) {
  Recorder recorder;
  record_logs();
  EXPECT_TRUE(recorder.expect_logs(5, {}));
  EXPECT_TRUE(recorder.expect_logs(3, {.level = Level::kError}));
  EXPECT_TRUE(recorder.expect_logs(2, {.level = Level::kError, .target = "net"}));
  EXPECT_TRUE(
      recorder.expect_logs(1, {.level = Level::kError, .target = "net", .contains = "by b"}));
  EXPECT_TRUE(recorder.expect_logs(0, {.target = "ne"}));
  EXPECT_FALSE(recorder.expect_logs(1, {.target = "net"}));
  EXPECT_FALSE(recorder.expect_logs(0, {.contains = "full"}));
}

TEST(Expectations, TellWhatWasWantedAndWhatThereIs) {
  Recorder recorder;
  record_logs();
  const Verdict verdict =
      recorder.expect_logs(1, {.level = Level::kError, .target = "net", .contains = "refused"});
  EXPECT_EQ(verdict.message(),
            "expected 1 log(s) with level ERROR, target net, text containing refused; there are 2 "
            "among these 5:\n"
            "* ERROR [net] refused by a\n"
            "* ERROR [net] refused by b\n"
            "  WARN [net] slow: a\n"
            "  ERROR [disk] full\n" +
                std::string(recorder.logs()[4].properties.empty()
                                ? "  INFO [shop] sold"
                                : "  INFO [shop] sold {tenant=acme, tier=gold}"));
  for (int i = 0; i < 30; ++i) MM_INFO("more");
  EXPECT_THAT(recorder.expect_logs(0, {}).message(), HasSubstr("\n  ... 15 before\n* INFO"));
}

TEST(Matchers, SpeakOfLogs) {
  Recorder recorder;
  record_logs();
  const auto logs = recorder.logs();
  EXPECT_THAT(logs, Once(LogIs(Level::kError, "net", HasSubstr("by a"))));
  EXPECT_THAT(logs, Not(Once(LevelIs(Level::kError))));
  EXPECT_THAT(logs, Contains(LevelIs(Level::kError)).Times(3));
  EXPECT_THAT(logs, Contains(AllOf(TargetIs("disk"), TextIs("full"))));
  EXPECT_THAT(logs, Not(Contains(TextIs(StartsWith("fulls")))));
  EXPECT_THAT(logs, Each(Not(LevelIs(Level::kFatal))));
}

TEST(Matchers, SaySoWhenTheyFail) {
  Recorder recorder;
  record_logs();
  const auto logs = recorder.logs();
  EXPECT_EQ(PrintToString(logs[0]), "ERROR [net] refused by a");
  const ::testing::Matcher<const MemorySink::Log&> matcher =
      LogIs(Level::kError, "net", HasSubstr("by c"));
  EXPECT_THAT(DescribeMatcher<const MemorySink::Log&>(matcher),
              AllOf(HasSubstr("level ERROR"), HasSubstr("target is equal to \"net\""),
                    HasSubstr("text has substring \"by c\"")));
  ::testing::StringMatchResultListener listener;
  EXPECT_FALSE(::testing::ExplainMatchResult(matcher, logs[0], &listener));
}

#ifndef __EMSCRIPTEN__  // where metrics, spans and properties of sets are silent

TEST(Expectations, CountMetricsAndSpansThatAreSo) {
  Recorder recorder;
  MM_IMETRIC_T("shop", "queue", "count", 3);
  MM_FMETRIC_T("shop", "time", "ms", 0.5);
  { MM_SPAN_T("shop", "sell"); }
  record_logs();
  EXPECT_TRUE(recorder.expect_metrics(2, {.target = "shop"}));
  EXPECT_TRUE(recorder.expect_metrics(1, {.name = "queue", .unit = "count", .value = 3}));
  EXPECT_TRUE(recorder.expect_metrics(1, {.value = 0.5}));
  EXPECT_TRUE(recorder.expect_metrics(0, {.unit = "m"}));
  EXPECT_TRUE(recorder.expect_spans(1, {.name = "sell", .target = "shop"}));
  EXPECT_TRUE(recorder.expect_logs(1, {.properties = {{"tier", "gold"}, {"tenant", "acme"}}}));
  EXPECT_TRUE(recorder.expect_logs(0, {.properties = {{"tier", "silver"}}}));
  EXPECT_THAT(recorder.expect_metrics(0, {.name = "time", .value = 0.5}).message(),
              AllOf(HasSubstr("with name time, value 0.5"), HasSubstr("* [shop] time = 0.5 ms"),
                    HasSubstr("  [shop] queue = 3 count")));
  EXPECT_THAT(recorder.expect_spans(2, {.name = "sell"}).message(), HasSubstr("[shop] sell, "));
}

TEST(Matchers, SpeakOfMetricsSpansAndProperties) {
  Recorder recorder;
  MM_IMETRIC_T("shop", "queue", "count", 3);
  MM_FMETRIC_T("shop", "time", "ms", 0.5);
  { MM_SPAN_T("shop", "sell"); }
  record_logs();
  EXPECT_THAT(recorder.metrics(),
              ElementsAre(AllOf(NameIs("queue"), UnitIs("count"), ValueIs(Gt(2))),
                          AllOf(TargetIs("shop"), ValueIs(0.5))));
  EXPECT_THAT(recorder.spans(), Once(AllOf(NameIs("sell"), TargetIs("shop"))));
  EXPECT_THAT(recorder.logs(), Once(HasProperty("tier", "gold")));
  EXPECT_THAT(recorder.logs(), Each(Not(HasProperty("tier", StartsWith("silver")))));
  EXPECT_EQ(PrintToString(recorder.metrics()[0]), "[shop] queue = 3 count");
  EXPECT_THAT(PrintToString(recorder.spans()[0]), StartsWith("[shop] sell, "));
}

TEST(Expectations, CountAsynchronousSpansThatAreSo) {
  Recorder recorder;
  {
    using namespace literals;
    MM_ASYNC_SPAN_VAR_T(outer, "shop", "deliver", "to"_k = "ann");
    MM_ASYNC_SPAN_VAR_T(inner, "shop", "pack", outer.context());
    MM_SPAN_T("shop", "deliver");
  }
  EXPECT_TRUE(recorder.expect_async_spans(2, {.target = "shop"}));
  EXPECT_TRUE(recorder.expect_async_spans(1, {.name = "deliver", .properties = {{"to", "ann"}}}));
  EXPECT_TRUE(recorder.expect_async_spans(0, {.name = "pack", .properties = {{"to", "ann"}}}));
  EXPECT_TRUE(recorder.expect_async_spans(0, {.target = "sho"}));
  EXPECT_TRUE(recorder.expect_spans(1, {.name = "deliver"}));
  const Verdict verdict = recorder.expect_async_spans(2, {.name = "deliver"});
  EXPECT_FALSE(verdict);
  EXPECT_THAT(verdict.message(),
              AllOf(HasSubstr("expected 2 span(s) with name deliver; there are 1 among these 2"),
                    HasSubstr("* [shop] deliver, "), HasSubstr("  [shop] pack, ")));
}

TEST(Matchers, SpeakOfAsynchronousSpansAndImages) {
  Recorder recorder;
  {
    using namespace literals;
    MM_ASYNC_SPAN_VAR_T(span, "shop", "deliver", "to"_k = "ann");
  }
  send_image("map", "image/png", std::vector<std::byte>(3));
  const auto spans = recorder.async_spans();
  EXPECT_THAT(spans, Once(AllOf(NameIs("deliver"), TargetIs("shop"), HasProperty("to", "ann"))));
  EXPECT_THAT(recorder.images(), Once(NameIs("map")));
  EXPECT_THAT(PrintToString(spans[0]),
              AllOf(StartsWith("[shop] deliver, "),
                    HasSubstr(" ns, id " + std::to_string(spans[0].span_id) +
                              ", parent 0, depth 0 {to=ann}")));
  EXPECT_EQ(PrintToString(recorder.images()[0]), "map, image/png, 3 bytes");
}

#endif

}  // namespace
}  // namespace micromegas
