// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/log_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace micromegas {
namespace {

LogFilter parsed(std::string_view text, LevelFilter otherwise = LevelFilter::kTrace) {
  Result<LogFilter> filter = parse_log_filter(text, "test", otherwise);
  EXPECT_TRUE(filter) << filter.error().message();
  return filter ? std::move(*filter) : LogFilter(LevelFilter::kOff);
}

std::string error_of(std::string_view text) {
  const Result<LogFilter> filter = parse_log_filter(text, "test");
  return filter ? "no error" : filter.error().message();
}

TEST(LogFilterTest, TheLongestPrefixWins) {
  const LogFilter filter(LevelFilter::kInfo, {{"net", LevelFilter::kDebug},
                                              {"net.dns", LevelFilter::kOff},
                                              {"net.dns.cache", LevelFilter::kTrace}});
  EXPECT_TRUE(filter.allows(Level::kInfo, "disk"));
  EXPECT_FALSE(filter.allows(Level::kDebug, "disk"));
  EXPECT_FALSE(filter.allows(Level::kDebug, "ne"));
  EXPECT_TRUE(filter.allows(Level::kDebug, "net"));
  EXPECT_TRUE(filter.allows(Level::kDebug, "network"));  // as text
  EXPECT_FALSE(filter.allows(Level::kTrace, "net.http"));
  EXPECT_FALSE(filter.allows(Level::kFatal, "net.dns"));
  EXPECT_TRUE(filter.allows(Level::kTrace, "net.dns.cache.old"));
  EXPECT_EQ(filter.most(), LevelFilter::kTrace);
  EXPECT_EQ(LogFilter(LevelFilter::kWarn, {{"net", LevelFilter::kError}}).most(),
            LevelFilter::kWarn);
}

TEST(LogFilterTest, KnowsWhetherItLetsEverythingThrough) {
  EXPECT_TRUE(LogFilter().allows_everything());
  EXPECT_TRUE(LogFilter(LevelFilter::kTrace, {{"a", LevelFilter::kTrace}}).allows_everything());
  EXPECT_FALSE(LogFilter(LevelFilter::kTrace, {{"a", LevelFilter::kDebug}}).allows_everything());
  EXPECT_FALSE(LogFilter(LevelFilter::kDebug).allows_everything());
}

TEST(ParseLogFilterTest, ReadsLevelsAndTargets) {
  EXPECT_EQ(parsed("info"), LogFilter(LevelFilter::kInfo));
  EXPECT_EQ(parsed("info,net=debug"),
            LogFilter(LevelFilter::kInfo, {{"net", LevelFilter::kDebug}}));
  EXPECT_EQ(parsed(" net = DEBUG ,, Warning ,\tdb.pool=Off\n, a=b=warn, "),
            LogFilter(LevelFilter::kWarn, {{"net", LevelFilter::kDebug},
                                           {"db.pool", LevelFilter::kOff},
                                           {"a=b", LevelFilter::kWarn}}));
}

TEST(ParseLogFilterTest, WhatItDoesNotSayIsAsWithoutIt) {
  EXPECT_EQ(parsed("", LevelFilter::kDebug), LogFilter(LevelFilter::kDebug));
  EXPECT_EQ(parsed(" , ", LevelFilter::kDebug), LogFilter(LevelFilter::kDebug));
  EXPECT_EQ(parsed("net=off", LevelFilter::kInfo),
            LogFilter(LevelFilter::kInfo, {{"net", LevelFilter::kOff}}));
}

TEST(ParseLogFilterTest, AnErrorShowsThePlace) {
  EXPECT_EQ(error_of("info,net=debgu"),
            "test, column 10: 'debgu' is no level: use off, fatal, error, warn, info, debug or "
            "trace\n"
            "  info,net=debgu\n"
            "           ^");
  EXPECT_EQ(error_of("net, info"),
            "test, column 1: 'net' is no level: use off, fatal, error, warn, info, debug or trace, "
            "or target=level\n"
            "  net, info\n"
            "  ^");
  EXPECT_EQ(error_of("info, warn"),
            "test, column 7: 'warn' is a second level without a target: remove one, or write "
            "target=level\n"
            "  info, warn\n"
            "        ^");
  EXPECT_EQ(error_of("  =info"),
            "test, column 3: there is no target before '=': write target=level\n"
            "    =info\n"
            "    ^");
  EXPECT_EQ(error_of("net=info,net = warn"),
            "test, column 10: a second level for the target 'net': remove one\n"
            "  net=info,net = warn\n"
            "           ^");
}

TEST(ParseLogFilterTest, AMissingLevelIsShownWhereItBelongs) {
  EXPECT_EQ(error_of("net="),
            "test, column 5: '' is no level: use off, fatal, error, warn, info, debug or trace\n"
            "  net=\n"
            "      ^");
  EXPECT_EQ(error_of("net= ,info").substr(0, 26), "test, column 5: '' is no l");
}

// Columns and the caret count characters; what a terminal would obey becomes a blank.
TEST(ParseLogFilterTest, AnErrorSurvivesWhateverTheTextHolds) {
  EXPECT_EQ(error_of("größe=\x1b[1m"),
            "test, column 7: ' [1m' is no level: use off, fatal, error, warn, info, debug or "
            "trace\n"
            "  größe= [1m\n"
            "        ^");
  const std::string long_word(5000, 'x');
  const std::string error = error_of("info," + std::string(100, 'y') + "=info," + long_word);
  EXPECT_LT(error.size(), 400U);
  EXPECT_NE(error.find("column 112: 'xxx"), std::string::npos) << error;
  EXPECT_NE(error.find("\n  ...yyy"), std::string::npos) << error;
  const std::size_t caret = error.find('^') - error.rfind('\n', error.find('^'));
  const std::size_t line = error.rfind("...yyy");
  EXPECT_EQ(error.substr(error.rfind('\n', line) + caret, 3), "xxx") << error;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string odd{static_cast<char>(byte), '\xff', '=', static_cast<char>(byte)};
    EXPECT_NE(error_of(odd), "no error") << byte;
  }
}

}  // namespace
}  // namespace micromegas
