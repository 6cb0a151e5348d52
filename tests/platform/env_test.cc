// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kName = "MICROMEGAS_ENV_TEST";

class Env : public ::testing::Test {
 protected:
  void TearDown() override { unsetenv(kName); }
  static void set(const char* value) { setenv(kName, value, 1); }
};

TEST_F(Env, BlankCountsAsUnset) {
  unsetenv(kName);
  EXPECT_FALSE(env_string(kName).has_value());
  for (const char* blank : {"", " ", "\t \r\n"}) {
    set(blank);
    EXPECT_FALSE(env_string(kName).has_value());
    EXPECT_FALSE(env_bool(kName).value().has_value());
    EXPECT_FALSE(env_unsigned(kName, 1, 2).value().has_value());
    EXPECT_FALSE(env_seconds(kName, 1s, 2s).value().has_value());
  }
}

TEST_F(Env, StringsAreTrimmed) {
  set(" http://127.0.0.1:8081 \n");
  EXPECT_EQ(env_string(kName), "http://127.0.0.1:8081");
}

TEST_F(Env, BoolReadsTheUsualWordsAndNothingElse) {
  for (const char* yes : {"true", "True", "1", "on", "YES", " true "}) {
    set(yes);
    EXPECT_EQ(env_bool(kName).value(), true) << yes;
  }
  for (const char* no : {"false", "FALSE", "0", "Off", "no"}) {
    set(no);
    EXPECT_EQ(env_bool(kName).value(), false) << no;
  }
  for (const char* bad : {"2", "y", "truee", "true false", "enabled", "-1", "0x1"}) {
    set(bad);
    EXPECT_FALSE(env_bool(kName).has_value()) << bad;
  }
}

TEST_F(Env, UnsignedKeepsToItsRange) {
  for (const auto& [text, number] :
       {std::pair{"1", 1ULL}, {" 42 ", 42ULL}, {"18446744073709551615", ~0ULL}}) {
    set(text);
    const auto value = env_unsigned(kName, 1, ~0ULL);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_EQ(*value, number);
  }
  for (const char* bad : {"0", "101", "-1", "+5", "5x", "0x10", "1.5", "1 2",
                          "18446744073709551616", "99999999999999999999999"}) {
    set(bad);
    EXPECT_FALSE(env_unsigned(kName, 1, 100).has_value()) << bad;
  }
}

TEST_F(Env, SecondsMayHaveAFraction) {
  for (const auto& [text, ms] : {std::pair{"60", 60'000ms},
                                 {"0.5", 500ms},
                                 {".25", 250ms},
                                 {"3.", 3000ms},
                                 {"1.0019", 1001ms},
                                 {"86400", 86'400'000ms}}) {
    set(text);
    const auto value = env_seconds(kName, 0s, 24h);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_EQ(*value, ms) << text;
  }
  for (const char* bad : {"-1", ".", "1e3", "5s", "1,5", "inf", "nan", "1.2.3", "86400.001",
                          "99999999999999999999", "1000000000001"}) {
    set(bad);
    EXPECT_FALSE(env_seconds(kName, 0s, 24h).has_value()) << bad;
  }
}

TEST_F(Env, ErrorNamesTheVariableTheValueAndTheRemedy) {
  set("soon");
  EXPECT_THAT(env_seconds(kName, 500ms, 24h).error().message(),
              AllOf(HasSubstr(kName), HasSubstr("\"soon\""), HasSubstr("from 0.5 to 86400")));
  EXPECT_THAT(env_unsigned(kName, 1, 100).error().message(),
              AllOf(HasSubstr(kName), HasSubstr("\"soon\""), HasSubstr("from 1 to 100")));
  EXPECT_THAT(env_bool(kName).error().message(),
              AllOf(HasSubstr(kName), HasSubstr("\"soon\""), HasSubstr("true or false")));
  set(std::string(10'000, 'x').c_str());
  EXPECT_LT(env_bool(kName).error().message().size(), 300U);
}

}  // namespace
}  // namespace micromegas
