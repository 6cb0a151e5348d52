// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What was recorded is what the official parser reads; and what it makes of the official client's
// requests is what is known of them, so it is the judge it should be.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "micromegas/tests/conformance/official.h"
#include "micromegas/tests/conformance/own_blocks.h"

namespace micromegas::conformance {
namespace {

TEST(Scenario, OfficialParserReadsWhatWasRecorded) {
  for (const char* group : kGroups) {
    const Sent& all = sent(group, Release::k033);
    const std::string red = verdict(all.folder, all.rows, Depth::kParser);
    EXPECT_TRUE(red.empty()) << group << ": " << red;
  }
}

// An empty expectation would be met by anything.
TEST(Scenario, HoldsSomeOfEverything) {
  std::map<std::string, int> kinds;
  for (const json& row : expected_rows()) ++kinds[row.at("kind")];
  EXPECT_EQ(kinds["process"], 1);
  EXPECT_GT(kinds["log"], 800);
  EXPECT_GT(kinds["metric"], 800);
  EXPECT_GT(kinds["span"], 1000);
  EXPECT_EQ(kinds["async"], 22);
  EXPECT_EQ(kinds["image"], 5);

  const auto count = [](const char* group, const json& wanted) {
    const std::vector<json>& rows = sent(group, Release::k033).rows;
    return std::count_if(rows.begin(), rows.end(), [&](const json& row) {
      json both = row;
      both.merge_patch(wanted);
      return both == row;
    });
  };
  EXPECT_EQ(count("everything", {{"target", "rates"}}), 6);
  EXPECT_GT(count("everything", {{"properties", {{"stage", "beta ü"}}}}), 3);
  EXPECT_GT(count("everything", {{"properties", {{"worker", "7"}}}}), 3);
  EXPECT_EQ(count("everything", {{"properties", {{"parent_span_id", "00f067aa0ba902b7"}}}}), 5);
  for (const char* reason : {"exception", "cancelled", "destroyed"}) {
    EXPECT_EQ(count("everything", {{"properties", {{"micromegas.end", reason}}}}), 1) << reason;
  }
  EXPECT_GT(count("options", {{"properties", {{"thread.name", "main-thread"}}}}), 20);
  EXPECT_EQ(count("options", {{"properties", {{"password", "*** ü"}}}}), 7);
  EXPECT_EQ(count("options", {{"target", "loud"}}), 8);
  EXPECT_GE(count("options", {{"name", "total_memory"}}), 1);
  EXPECT_GE(count("options", {{"name", "process_cpu_usage"}}), 1);
  EXPECT_EQ(
      count("options", {{"name", "process_lifetime"}, {"properties", {{"reason", "shutdown"}}}}),
      1);
  EXPECT_EQ(count("windows", {{"name", "across"}}), 2);
  EXPECT_EQ(count("windows", {{"kind", "span"}, {"name", "inside"}}), 5 * 50);
  EXPECT_EQ(count("terminate", {{"level", 1}, {"target", "micromegas"}}), 1);
}

std::map<std::string, int> types_in(const std::string& folder) {
  const Answer answer = ask_official("parser", folder);
  EXPECT_TRUE(answer.ok) << answer.error;
  std::map<std::string, int> types;
  for (const json& line : parse_lines(answer.out)) {
    if (line.contains("event")) ++types[line.at("event").at("type")];
    if (line.contains("block")) {
      ++types[line.at("block").at("tags").at(0).get<std::string>() + " blocks"];
    }
  }
  return types;
}

constexpr const char* kOldTypes[] = {
    "LogStaticStrEvent",        "LogStringEventV2",         "TaggedLogString",
    "LogStringInteropEventV3",  "TaggedLogInteropEvent",    "IntegerMetricEvent",
    "FloatMetricEvent",         "TaggedIntegerMetricEvent", "TaggedFloatMetricEvent",
    "BeginThreadSpanEvent",     "EndThreadSpanEvent",       "BeginThreadNamedSpanEvent",
    "EndThreadNamedSpanEvent",  "BeginAsyncSpanEvent",      "EndAsyncSpanEvent",
    "BeginAsyncNamedSpanEvent", "EndAsyncNamedSpanEvent",   "ImageEvent"};
constexpr const char* kNewTypes[] = {"TaggedLogStaticStrEvent",  "TaggedLogTemplateEvent",
                                     "TaggedEndThreadSpanEvent", "TaggedEndThreadNamedSpanEvent",
                                     "TaggedEndAsyncSpanEvent",  "TaggedEndAsyncNamedSpanEvent"};

// Every type of event that the library sends was there to be read.
TEST(Scenario, SendsEveryTypeOfEventThatTheLibraryHas) {
  auto types = types_in(scenario_folder());
  for (const char* type : kOldTypes) EXPECT_GT(types[type], 0) << type;
  for (const char* type : kNewTypes) EXPECT_GT(types[type], 0) << type;
  EXPECT_GT(types["log blocks"], 5);
  EXPECT_GT(types["metrics blocks"], 5);
  EXPECT_GT(types["cpu blocks"], 64);
  EXPECT_GT(types["image blocks"], 1);
}

TEST(Scenario, OldServersGetOnlyWhatTheyRead) {
  for (const char* group : kGroups) {
    const Sent& all = sent(group, Release::k030);
    const std::string red = verdict(all.folder, all.rows, Depth::kParser);
    EXPECT_TRUE(red.empty()) << group << ": " << red;
  }
  auto types = types_in(sent("everything", Release::k030).folder);
  for (const char* type : kOldTypes) EXPECT_GT(types[type], 0) << type;
  for (const char* group : kGroups) {
    types = types_in(sent(group, Release::k030).folder);
    for (const char* type : kNewTypes) EXPECT_EQ(types[type], 0) << group << ": " << type;
  }
}

// What the encoder can say and no macro records yet.
TEST(OwnBlocks, OfficialParserReadsWhatTheyWereMadeOf) {
  const std::string red = verdict(own_folder(), own_rows(), Depth::kParser);
  EXPECT_TRUE(red.empty()) << red;
}

TEST(Captures, OfficialParserGivesTheKnownLines) {
  const Answer answer = ask_official("parser", "tests/wire/data/captures/rust-0.33.0");
  ASSERT_TRUE(answer.ok) << answer.error;
  std::ifstream in("tests/wire/data/captures/rust-0.33.0/decoded.jsonl");
  const std::string known{std::istreambuf_iterator<char>(in), {}};
  ASSERT_FALSE(known.empty());
  EXPECT_EQ(answer.out, known);
}

}  // namespace
}  // namespace micromegas::conformance
