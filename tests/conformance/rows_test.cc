// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What was recorded is what the server's own functions show as rows.

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "micromegas/tests/conformance/official.h"
#include "micromegas/tests/conformance/own_blocks.h"
#include "micromegas/tests/conformance/planted_errors.h"
#include "micromegas/tests/conformance/vector_cases.h"

namespace micromegas::conformance {
namespace {

void expect_rows(Release release) {
  for (const char* group : kGroups) {
    const Sent& all = sent(group, release);
    const std::string red = verdict(all.folder, all.rows, Depth::kRows);
    EXPECT_TRUE(red.empty()) << group << ": " << red;
  }
}

TEST(Scenario, OfficialRowsAreWhatWasRecorded) { expect_rows(Release::k033); }

TEST(Scenario, OfficialRowsOfTheFormForOldServersAreTheSame) { expect_rows(Release::k030); }

TEST(OwnBlocks, OfficialRowsAreWhatTheyWereMadeOf) {
  const std::string red = verdict(own_folder(), own_rows(), Depth::kRows);
  EXPECT_TRUE(red.empty()) << red;
}

TEST(Vectors, AreShownOrLostAsTheySay) {
  int lost = 0;
  for (const auto& vector : wire::testing::all_vectors()) {
    // The server skips the event of an unknown type; the official program tells.
    const bool unknown_type = vector.name.starts_with("T1 ");
    const Answer answer = ask_official("rows", vector_folder(vector));
    EXPECT_EQ(answer.ok, vector.expect == "ok" && !unknown_type) << vector.name << answer.error;
    lost += vector.expect == "ok" ? 0 : 1;
  }
  EXPECT_EQ(lost, 13);
}

TEST(Captures, GiveRows) {
  const Answer answer = ask_official("rows", "tests/wire/data/captures/rust-0.33.0");
  EXPECT_TRUE(answer.ok) << answer.error;
  EXPECT_GT(parse_lines(answer.out).size(), 100U);
}

TEST(PlantedErrors, EachTurnsTheRowsRed) {
  for (const PlantedError& error : planted_errors()) {
    SCOPED_TRACE(error.name);
    if (error.found == Found::kByTheParserOnly) continue;
    const std::string folder = copy_of(scenario_folder());
    EditableFolder editable(folder);
    ASSERT_NO_THROW(error.plant(editable));
    editable.save();
    const std::string red = verdict(folder, expected_rows(), Depth::kRows);
    EXPECT_FALSE(red.empty()) << "stayed green";
    std::printf("%s: %s\n", error.name, first_difference(red).c_str());
  }
}

TEST(BadFolders, AreErrorsThatNameThem) {
  const std::string folder = new_folder();
  Answer answer = ask_official("rows", folder);
  EXPECT_FALSE(answer.ok);
  EXPECT_NE(answer.error.find(folder), std::string::npos) << answer.error;

  const std::string cut = copy_of(own_folder());
  std::filesystem::resize_file(cut + "/000002-block.cbor", 100);
  answer = ask_official("rows", cut);
  EXPECT_FALSE(answer.ok);
  EXPECT_NE(answer.error.find("000002-block.cbor"), std::string::npos) << answer.error;
}

}  // namespace
}  // namespace micromegas::conformance
