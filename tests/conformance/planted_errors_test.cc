// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Every planted error turns the parser's run red, and bad folders are errors that name the file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "micromegas/tests/conformance/official.h"
#include "micromegas/tests/conformance/planted_errors.h"

namespace micromegas::conformance {
namespace {

using ::testing::HasSubstr;

TEST(PlantedErrors, AreTenAndFiveOfThemDecodeCleanly) {
  const auto& errors = planted_errors();
  EXPECT_GE(errors.size(), 10U);
  EXPECT_GE(std::count_if(errors.begin(), errors.end(),
                          [](const PlantedError& e) {
                            return e.reads == Reads::kCleanly && e.found == Found::kAtBoth;
                          }),
            5);
}

// The way there and back changes nothing: what turns red below does so for the error's sake.
TEST(PlantedErrors, TakingApartAndPuttingTogetherIsGreen) {
  const std::string folder = copy_of(scenario_folder());
  EditableFolder(folder).save();
  const std::string red = verdict(folder, expected_rows(), Depth::kParser);
  EXPECT_TRUE(red.empty()) << red;
}

TEST(PlantedErrors, EachTurnsTheParsersRunRed) {
  for (const PlantedError& error : planted_errors()) {
    SCOPED_TRACE(error.name);
    const std::string folder = copy_of(scenario_folder());
    EditableFolder editable(folder);
    ASSERT_NO_THROW(error.plant(editable));
    editable.save();
    const Answer answer = ask_official("parser", folder);
    EXPECT_EQ(answer.ok, error.reads == Reads::kCleanly) << answer.error;
    EXPECT_THAT(answer.ok ? ".cbor" : answer.error, HasSubstr(".cbor")) << "names no file";
    const std::string red = verdict(answer, expected_rows(), Depth::kParser);
    EXPECT_FALSE(red.empty()) << "stayed green";
    std::printf("%s: %s\n", error.name, first_difference(red).c_str());
  }
}

TEST(BadFolders, EmptyOnesAreErrors) {
  const std::string folder = new_folder();
  Answer answer = ask_official("parser", folder);
  EXPECT_FALSE(answer.ok);
  EXPECT_THAT(answer.error, HasSubstr(folder + ": holds no request"));
  answer = ask_official("parser", folder + "/absent");
  EXPECT_FALSE(answer.ok);
  EXPECT_THAT(answer.error, HasSubstr("/absent"));
}

TEST(BadFolders, AFileThatIsCutShortIsNamed) {
  for (const char* file : {"000000-process.cbor", "000001-stream.cbor", "000002-block.cbor"}) {
    const std::string folder = copy_of("tests/wire/data/captures/rust-0.33.0");
    for (const auto share : {0.0, 0.5, 0.99}) {
      const auto size = static_cast<double>(std::filesystem::file_size(folder + "/" + file));
      std::filesystem::resize_file(folder + "/" + file, static_cast<std::size_t>(size * share));
      const Answer answer = ask_official("parser", folder);
      EXPECT_FALSE(answer.ok);
      EXPECT_THAT(answer.error, HasSubstr(file)) << share;
    }
  }
}

TEST(BadFolders, AMissingFileIsAnError) {
  const std::string folder = copy_of(scenario_folder());
  std::filesystem::remove(folder + "/000005-block.cbor");
  std::filesystem::remove(folder + "/000005-stream.cbor");
  const Answer answer = ask_official("parser", folder);
  EXPECT_FALSE(answer.ok);
  EXPECT_THAT(answer.error, HasSubstr("000005"));
}

// The last one leaves no gap: its rows are missed.
TEST(BadFolders, AMissingLastFileTurnsRed) {
  const std::string folder = copy_of(scenario_folder());
  std::string last;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".cbor") last = std::max(last, entry.path().string());
  }
  std::filesystem::remove(last);
  EXPECT_FALSE(verdict(folder, expected_rows(), Depth::kParser).empty());
}

TEST(BadFolders, WhatIsOfAnotherVersionIsNamed) {
  const std::string folder = copy_of("tests/wire/data/captures/rust-0.33.0");
  EditableFolder editable(folder);
  for (json& type : editable.stream("metrics").at("objects_metadata")) {
    if (type.at("name") == "IntegerMetricEvent") type["name"] = "IntegerMetricEventV2";
  }
  editable.save();
  const Answer answer = ask_official("parser", folder);
  EXPECT_FALSE(answer.ok);
  EXPECT_THAT(answer.error, HasSubstr("000006-block.cbor: event type 'IntegerMetricEventV2'"));
}

}  // namespace
}  // namespace micromegas::conformance
