// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Logs above MICROMEGAS_STATIC_MAX_LEVEL are not there, whatever the filters say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/pipeline/static_level.h"
#include "micromegas/tests/pipeline/static_level_statements.h"

namespace micromegas::static_level {

Seen log_everything() {
  Seen seen;
  LOG_EVERY_LEVEL("high-marker", seen);
  return seen;
}

Seen record_everything() {
  Seen seen;
  RECORD_EVERY_VERBOSITY("high-marker", seen);
  return seen;
}

namespace {

using ::testing::ElementsAre;

std::vector<std::string> texts(const testing_support::Recorded& recorded) {
  std::vector<std::string> texts;
  for (const auto& log : recorded.logs) texts.push_back(log.text);
  return texts;
}

class StaticLevelTest : public SessionTest {};

TEST_F(StaticLevelTest, LogsAboveItEvaluateNothingAndAreNotEnabled) {
  start(trace_options());
  const Seen seen = log_up_to_warn();
  EXPECT_EQ(seen.evaluated, "FEW");
  EXPECT_EQ(seen.enabled, "FEW");
  EXPECT_THAT(texts(flushed()),
              ElementsAre("low-marker-fatal F", "low-marker-error E", "low-marker-warn W"));
}

TEST_F(StaticLevelTest, ItIsThatOfTheFileNotOfTheProgram) {
  start(trace_options());
  const Seen seen = log_everything();
  EXPECT_EQ(seen.evaluated, "FEWIDTi");
  EXPECT_EQ(seen.enabled, "FEWIDT");
  EXPECT_EQ(flushed().logs.size(), 8U);
}

std::vector<std::string> begun(const testing_support::Recorded& recorded) {
  std::vector<std::string> names;
  for (const auto& [stream, spans] : recorded.spans) {
    for (const auto& span : spans) {
      if (span.kind == SpanEvent::Kind::kBegin) names.push_back(span.name);
    }
  }
  return names;
}

TEST_F(StaticLevelTest, MetricsAndSpansAboveTheVerbosityEvaluateNothing) {
  start();
  EXPECT_EQ(record_up_to_med().names, 2);
  const auto recorded = flushed();
  EXPECT_THAT(begun(recorded),
              ElementsAre("low-marker-span-min", "low-marker-span-med", "low-marker-span-default"));
  ASSERT_EQ(recorded.metrics.size(), 2u);
  EXPECT_EQ(recorded.metrics[0].name, "low-marker-metric-med");
  EXPECT_EQ(recorded.metrics[1].name, "low-marker-metric-default");
}

// What has no verbosity of its own has that of its file.
TEST_F(StaticLevelTest, TheFiltersSeeTheVerbosity) {
  pipeline::SessionOptions options;
  options.filters.max_verbosity = VerbosityFilter::kMin;
  start(std::move(options));
  record_up_to_med();
  record_everything();
  const auto recorded = flushed();
  EXPECT_THAT(begun(recorded), ElementsAre("low-marker-span-min", "low-marker-span-default",
                                           "high-marker-span-min"));
  ASSERT_EQ(recorded.metrics.size(), 1u);
  EXPECT_EQ(recorded.metrics[0].name, "low-marker-metric-default");
}

// The markers are searched backwards, so that the search itself does not put them there.
TEST(StaticLevelBinaryTest, TextsAboveItAreNotInTheProgram) {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  std::string program{std::istreambuf_iterator<char>(file), {}};
  std::reverse(program.begin(), program.end());
  const auto has = [&](const char* reversed) {
    return program.find(reversed) != std::string::npos;
  };
  EXPECT_TRUE(has("nraw-rekram-wol"));
  EXPECT_TRUE(has("gubed-rekram-hgih"));
  EXPECT_FALSE(has("ofni-rekram-wol"));
  EXPECT_FALSE(has("gubed-rekram-wol"));
  EXPECT_FALSE(has("ecart-rekram-wol"));
  EXPECT_TRUE(has("dem-cirtem-rekram-wol"));
  EXPECT_FALSE(has("xam-cirtem-rekram-wol"));
}

}  // namespace
}  // namespace micromegas::static_level
