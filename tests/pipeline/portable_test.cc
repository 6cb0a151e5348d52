// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The same statements give the same logs on every platform.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/testing.h"

namespace micromegas {
namespace {

enum class Color : std::uint8_t { kRed = 3 };

std::vector<std::string> texts(testing::Recorder& recorder) {
  std::vector<std::string> all;
  for (const auto& log : recorder.sink().logs()) all.push_back(log.text);
  return all;
}

TEST(Portable, LogsHaveTheSameTexts) {
  testing::Recorder recorder;
  const std::string name = "ann";
  const char* none = nullptr;
  MM_INFO("plain {{braces}}");
  MM_INFO("{} {} {} {}", 1, -2LL, 3U, true);
  MM_INFO("{:.2f} {} {:e}", 2.5, 0.1F, 12345.678);
  MM_INFO("{user} is {user:>5}, {n:#x}", name, 255);
  MM_INFO("{:{}} {} {}", 'c', 3, none, Color::kRed);
  EXPECT_EQ(texts(recorder),
            (std::vector<std::string>{"plain {braces}", "1 -2 3 true", "2.50 0.1 1.234568e+04",
                                      "ann is   ann, 0xff", "c   (null) 3"}));
}

TEST(Portable, LogsHaveTheSameProperties) {
  using namespace literals;
  testing::Recorder recorder;
  const std::string name = "ann";
  const PropertySet& set = PropertySet::intern({{"tenant", "acme"}, {"Region", "of the set"}});
  MM_INFO("{user} has {n:>3}, {region}", name, 5, "region"_k = "eu", "ok"_k = true, set);
  MM_INFO("literal {{}}", "ms"_k = 1.5, "color"_k = Color::kRed, kv<"none">(nullptr));
  MM_INFO("{} {k} {}", 1, "k"_k = -2LL, 3);
  MM_INFO("only the set", set);
  const auto logs = recorder.sink().logs();
  ASSERT_EQ(logs.size(), 4u);
  using Properties = MemorySink::Properties;
  EXPECT_EQ(logs[0].text, "ann has   5, eu");
  EXPECT_EQ(
      logs[0].properties,
      (Properties{
          {"user", "ann"}, {"n", "5"}, {"region", "eu"}, {"ok", "true"}, {"tenant", "acme"}}));
  EXPECT_EQ(logs[1].text, "literal {}");
  EXPECT_EQ(logs[1].properties, (Properties{{"ms", "1.5"}, {"color", "3"}, {"none", "0x0"}}));
  EXPECT_EQ(logs[2].text, "1 -2 3");
  EXPECT_EQ(logs[2].properties, (Properties{{"k", "-2"}}));
  EXPECT_EQ(logs[3].properties, (Properties{{"Region", "of the set"}, {"tenant", "acme"}}));
}

TEST(Portable, LogsKeepTheirSource) {
  testing::Recorder recorder;
  MM_WARN_T("net.dns", "slow {}", 7);
  const auto logs = recorder.sink().logs();
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_EQ(logs[0].level, Level::kWarn);
  EXPECT_EQ(logs[0].source.target, "net.dns");
  EXPECT_EQ(logs[0].format, "slow {}");
  EXPECT_NE(logs[0].source.file.find("portable_test.cc"), std::string::npos);
  EXPECT_GT(logs[0].source.line, 0u);
}

TEST(Portable, ArgumentsAreEvaluatedOnceInOrderAndOnlyIfEnabled) {
  std::string seen;
  const auto note = [&](char c) {
    seen += c;
    return c;
  };
  MM_INFO("{}", note('x'));  // telemetry is not running
  EXPECT_EQ(seen, "");
  testing::Recorder recorder;
  MM_INFO("{1}{0}{1}", note('a'), note('b'));
  EXPECT_EQ(seen, "ab");
  EXPECT_EQ(texts(recorder), std::vector<std::string>{"bab"});
}

TEST(Portable, MacrosGoWhereStatementsGo) {
  testing::Recorder recorder;
  const auto [first, second] = std::pair{1, 2};
  if (first == 1)
    MM_INFO("{}", second);
  else
    MM_ERROR("never");
  for (int i = 0; i < 2; ++i) {
    MM_DEBUG("{}", i);
    MM_TRACE("t");
  }
  EXPECT_EQ(texts(recorder), (std::vector<std::string>{"2", "0", "t", "1", "t"}));
}

TEST(Portable, EverythingElseCompiles) {
  testing::Recorder recorder;
  MM_SPAN_FN();
  MM_SPAN("outer");
  MM_SPAN_DYN(std::string("inner"));
  MM_SPAN_VAR(span, "with properties", kv<"a">(1));
  span.set(kv<"b">(2.5));
  MM_IMETRIC("depth", "count", 3);
  MM_FMETRIC_T("here", "time", "ms", 1.5);
  MM_COUNTER("requests", "count", 1);
  MM_HISTOGRAM_T("here", "latency", "ms", 1.5);
  send_image("screenshot", "image/png", std::vector<std::byte>(3));
  MM_LOG_FN();
  EXPECT_EQ(texts(recorder), std::vector<std::string>{"TestBody"});
}

}  // namespace
}  // namespace micromegas
