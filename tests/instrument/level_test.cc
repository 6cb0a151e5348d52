// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/level.h"

#include <gtest/gtest.h>

#include <utility>

namespace micromegas {
namespace {

TEST(Level, FilterLetsThroughEverythingUpToItsLevel) {
  EXPECT_TRUE(allows(LevelFilter::kInfo, Level::kFatal));
  EXPECT_TRUE(allows(LevelFilter::kInfo, Level::kInfo));
  EXPECT_FALSE(allows(LevelFilter::kInfo, Level::kDebug));
  EXPECT_FALSE(allows(LevelFilter::kOff, Level::kFatal));
  EXPECT_TRUE(allows(LevelFilter::kTrace, Level::kTrace));
}

TEST(Level, ParsesFilterNamesInAnyCase) {
  for (const auto& [text, filter] : {std::pair{"off", LevelFilter::kOff},
                                     {"FATAL", LevelFilter::kFatal},
                                     {"Error", LevelFilter::kError},
                                     {"warn", LevelFilter::kWarn},
                                     {"WARNING", LevelFilter::kWarn},
                                     {"info", LevelFilter::kInfo},
                                     {"dEbUg", LevelFilter::kDebug},
                                     {"trace", LevelFilter::kTrace}}) {
    EXPECT_EQ(parse_level_filter(text), filter) << text;
  }
}

TEST(Level, RefusesOtherText) {
  for (const char* text : {"", " info", "info ", "inf", "infos", "3", "none", "warn\n"}) {
    EXPECT_FALSE(parse_level_filter(text).has_value()) << text;
  }
}

TEST(Level, NamesAreThoseOfTheConsole) {
  EXPECT_EQ(to_string(Level::kFatal), "FATAL");
  EXPECT_EQ(to_string(Level::kTrace), "TRACE");
  EXPECT_EQ(to_string(static_cast<Level>(7)), "UNKNOWN");
}

}  // namespace
}  // namespace micromegas
