// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the macros record arrives at the sink, value for value.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/hot.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

class RecordingTest : public SessionTest {
 protected:
  std::vector<std::string> texts() {
    std::vector<std::string> out;
    for (const auto& log : flushed().logs) out.push_back(log.text);
    return out;
  }
};

TEST_F(RecordingTest, LiteralsKeepTheirTextAndUndoDoubledBraces) {
  start();
  MM_INFO("plain");
  MM_INFO("{{braces}} }}{{");
  MM_INFO("");
  EXPECT_EQ(texts(), (std::vector<std::string>{"plain", "{braces} }{", ""}));
  EXPECT_EQ(sink_->recorded().logs[0].form, LogEvent::Form::kLiteral);
}

TEST_F(RecordingTest, LiteralArgumentsAreStillFormatted) {
  start();
  MM_INFO("code={}", 404);
  MM_INFO("{}", "literal");
  EXPECT_EQ(texts(), (std::vector<std::string>{"code=404", "literal"}));
}

TEST_F(RecordingTest, EveryArgumentTypeArrives) {
  start();
  const std::string text = "str";
  const char* null = nullptr;
  char buffer[8] = "buf";
  enum class Color : std::uint8_t { kRed = 7 };
  MM_INFO("{} {} {}", true, 'x', static_cast<signed char>(-3));
  MM_INFO("{} {}", std::numeric_limits<std::int64_t>::min(),
          std::numeric_limits<std::uint64_t>::max());
  MM_INFO("{} {:.3f} {}", 0.1f, 2.0 / 3, 1e300);
  MM_INFO("{} {} {} {}", text, std::string_view("view"), null, buffer);
  MM_INFO("{} {:#x} {}", Color::kRed, 255u, nullptr);
  MM_INFO("{:>6}|{:<6}|{:^6}|{:*^7}", 1, 2, 3, "mid");
  MM_INFO("{:{}} {:.{}f}", "w", 4, 3.14159, 2);
  MM_INFO("{1} {0} {1}", "a", "b");
  EXPECT_EQ(texts(),
            (std::vector<std::string>{"true x -3", "-9223372036854775808 18446744073709551615",
                                      "0.1 0.667 1e+300", "str view (null) buf", "7 0xff 0x0",
                                      "     1|2     |  3   |**mid**", "w    3.14", "b a b"}));
}

TEST_F(RecordingTest, TextsOfEveryLengthArriveBesideOthers) {
  start();
  std::string text;
  for (int i = 0; i < 100; ++i) text += static_cast<char>('!' + i % 90);
  std::vector<std::string> expected;
  for (std::size_t n = 0; n <= 80; ++n) {
    const std::string_view one = std::string_view(text).substr(0, n);
    const std::string_view other = std::string_view(text).substr(n, 80 - n);
    MM_INFO("{}", one);
    MM_INFO("{}|{}|{}", one, n, other);
    expected.emplace_back(one);
    expected.push_back(std::string(one) + "|" + std::to_string(n) + "|" + std::string(other));
  }
  EXPECT_EQ(texts(), expected);
}

// Stale memory behind a text would leave the process with it.
TEST(RecordWriter, StringsArePaddedWithZerosAndNothingElseIsWritten) {
  std::string text;
  for (int i = 0; i < 80; ++i) text += static_cast<char>('!' + i);
  for (std::uint32_t n = 0; n <= text.size(); ++n) {
    std::vector<std::byte> to(120, std::byte{0xff});
    queue::RecordWriter writer(to.data());
    writer.string(text.data(), n, n + 5);
    std::vector<std::byte> expected(to.size(), std::byte{0xff});
    queue::store64(expected.data(), n | std::uint64_t{n + 5} << 32);
    for (std::uint32_t i = 0; i < queue::padded(n); ++i) {
      expected[8 + i] = i < n ? static_cast<std::byte>(text[i]) : std::byte{0};
    }
    EXPECT_EQ(to, expected) << n;
  }
}

TEST_F(RecordingTest, NamedPlaceholdersTakeArgumentsInOrderOfFirstMention) {
  start();
  MM_INFO("{user} fetched {rows:>3} rows, {user}!", "alice", 12);
  EXPECT_EQ(texts(), (std::vector<std::string>{"alice fetched  12 rows, alice!"}));
}

TEST_F(RecordingTest, LevelTargetAndPlaceAreThoseOfTheStatement) {
  start(trace_options());
  MM_FATAL_T("t.fatal", "a");
  MM_ERROR("b");
  MM_WARN("c");
  MM_INFO("d");
  MM_DEBUG("e");
  MM_TRACE("f");
  MM_LOG(kWarn, "g {}", 1);
  const auto logs = flushed().logs;
  ASSERT_EQ(logs.size(), 7u);
  const Level levels[] = {Level::kFatal, Level::kError, Level::kWarn, Level::kInfo,
                          Level::kDebug, Level::kTrace, Level::kWarn};
  for (std::size_t i = 0; i < logs.size(); ++i) EXPECT_EQ(logs[i].level, levels[i]);
  EXPECT_EQ(logs[0].target, "t.fatal");
  EXPECT_NE(logs[1].target.find("recording_test.cc"), std::string::npos);
}

TEST_F(RecordingTest, DisabledLogsEvaluateNothing) {
  start();  // info
  int evaluated = 0;
  MM_DEBUG("{}", ++evaluated);
  EXPECT_FALSE(MM_LOG_ENABLED(kDebug));
  EXPECT_TRUE(MM_LOG_ENABLED(kInfo));
  EXPECT_EQ(evaluated, 0);
  EXPECT_TRUE(texts().empty());
}

TEST_F(RecordingTest, FilterChangesReachCallSitesAtTheirNextEvent) {
  start();
  const auto statement = [] { MM_DEBUG_T("net.dns", "x"); };
  statement();
  const auto set = [](const char* target, LevelFilter level) {
    queue::Runtime::get().change_filters([&](queue::Filters& f) { f.log.targets[target] = level; });
  };
  set("net", LevelFilter::kDebug);
  statement();
  set("net.dns", LevelFilter::kOff);  // the longer prefix wins
  statement();
  EXPECT_EQ(texts().size(), 1u);
}

TEST_F(RecordingTest, MetricsKeepValueNameAndUnit) {
  start();
  MM_IMETRIC("depth", "count", 3);
  MM_IMETRIC_T("q", "depth", "count", std::numeric_limits<std::uint64_t>::max());
  MM_FMETRIC("time", "ms", -0.5);
  const std::string name = "run." + std::to_string(7);
  MM_IMETRIC_DYN(name, "bytes", 9u);
  MM_FMETRIC_DYN(name, std::string("s"), 1.5);
  const auto metrics = flushed().metrics;
  ASSERT_EQ(metrics.size(), 5u);
  EXPECT_EQ(metrics[0].integer, 3u);
  EXPECT_EQ(metrics[0].name, "depth");
  EXPECT_EQ(metrics[0].unit, "count");
  EXPECT_EQ(metrics[1].integer, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(metrics[1].target, "q");
  EXPECT_TRUE(metrics[2].is_float);
  EXPECT_EQ(metrics[2].number, -0.5);
  EXPECT_EQ(metrics[3].name, "run.7");
  EXPECT_EQ(metrics[3].unit, "bytes");
  EXPECT_EQ(metrics[4].number, 1.5);
}

TEST_F(RecordingTest, NegativeIntegerMetricsAreDroppedAndCounted) {
  start();
  MM_IMETRIC("depth", "count", -1);
  MM_IMETRIC("depth", "count", 1);
  EXPECT_EQ(flushed().metrics.size(), 1u);
  const EventStats stats = pipeline::session_stats();
  const KindStats& k = of(stats, EventKind::kIntegerMetric);
  EXPECT_EQ(k.recorded, 2u);
  EXPECT_EQ(k.dropped[static_cast<std::size_t>(DropReason::kInvalid)], 1u);
}

TEST_F(RecordingTest, SpansNestAndKeepTheirNames) {
  start();
  const auto function = [](const std::string& name) {
    MM_SPAN("outer");
    MM_SPAN("first");
    MM_SPAN("second");  // twice in a line
    { MM_SPAN_DYN(name); }
    MM_SPAN_FN();
  };
  function("asset 1");
  function("asset 2");
  const auto recorded = flushed();
  ASSERT_EQ(recorded.spans.size(), 1u);
  const auto& events = recorded.spans.begin()->second;
  ASSERT_EQ(events.size(), 20u);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 10; ++i) {
    names.push_back((events[i].kind == SpanEvent::Kind::kBegin ? "+" : "-") + events[i].name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"+outer", "+first", "+second", "+asset 1", "-asset 1",
                                             "+operator()", "-operator()", "-second", "-first",
                                             "-outer"}));
  EXPECT_EQ(events[13].name, "asset 2");
  EXPECT_EQ(events[14].name, "asset 2");
}

TEST_F(RecordingTest, HugeMessagesAreCutMarkedAndTheRestIsIntact) {
  start();
  const std::string huge(50'000'000, 'x');
  MM_INFO("{}", huge);
  MM_INFO("{} and {} and {}", huge, 42, huge);
  MM_INFO("after");
  const auto all = texts();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_TRUE(all[0].starts_with("xxxx"));
  EXPECT_NE(all[0].find("[cut: "), std::string::npos);
  EXPECT_NE(all[0].find("of 50000000 bytes]"), std::string::npos);
  EXPECT_NE(all[1].find(" and 42 and "), std::string::npos);
  EXPECT_EQ(all[2], "after");
  EXPECT_EQ(queue::Runtime::get().cut_texts(), 3u);
}

TEST_F(RecordingTest, ACutNeverSplitsACharacter) {
  start();
  std::string text;
  while (text.size() < 70'000) text += "\xe4\xb8\x96";  // 3 bytes each
  MM_INFO("{}", text);
  const auto all = texts();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].find(" [cut") % 3, 0u);
}

TEST_F(RecordingTest, ArgumentsAreEvaluatedFromLeftToRight) {
  start();
  int n = 0;
  const auto next = [&n] { return ++n; };
  MM_INFO("{} {} {}", next(), next(), next());
  const auto name = [&n](int place) {
    EXPECT_EQ(++n, place);
    return std::string("m");
  };
  MM_IMETRIC_DYN(name(4), name(5), next());
  MM_FMETRIC_DYN(name(7), name(8), next() + 0.5);
  const auto all = flushed();
  ASSERT_EQ(all.logs.size(), 1u);
  EXPECT_EQ(all.logs[0].text, "1 2 3");
  ASSERT_EQ(all.metrics.size(), 2u);
  EXPECT_EQ(all.metrics[0].integer, 6u);
  EXPECT_EQ(all.metrics[1].number, 9.5);
}

TEST_F(RecordingTest, ManyThreadsLoseNothingAndMergeInTimeOrder) {
  start();
  constexpr int kThreads = 8;
  constexpr int kEvents = 20'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kEvents; ++i) {
        MM_SPAN("work");
        MM_INFO("{} {}", t, i);
        MM_IMETRIC("i", "count", i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto recorded = flushed();
  EXPECT_EQ(recorded.logs.size(), std::size_t{kThreads * kEvents});
  EXPECT_EQ(recorded.metrics.size(), std::size_t{kThreads * kEvents});
  EXPECT_EQ(recorded.span_events(), std::size_t{2 * kThreads * kEvents});
  // Per thread in the order in which they were made.
  std::vector<int> next(kThreads, 0);
  for (const auto& log : recorded.logs) {
    const auto space = log.text.find(' ');
    const int t = std::stoi(log.text.substr(0, space));
    EXPECT_EQ(std::stoi(log.text.substr(space + 1)), next[static_cast<std::size_t>(t)]++);
  }
  const EventStats stats = pipeline::session_stats();
  EXPECT_EQ(of(stats, EventKind::kLog).recorded, std::uint64_t{kThreads * kEvents});
  EXPECT_EQ(of(stats, EventKind::kSpan).recorded, std::uint64_t{2 * kThreads * kEvents});
}

}  // namespace
}  // namespace micromegas
