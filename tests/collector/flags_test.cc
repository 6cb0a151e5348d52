// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace micromegas::collector {
namespace {

using ::testing::HasSubstr;

Result<Flags> parse(const std::vector<const char*>& arguments) { return parse_flags(arguments); }

TEST(FlagsTest, DefaultsAreThoseOfALocalServer) {
  const auto flags = parse({});
  ASSERT_TRUE(flags);
  EXPECT_EQ(flags->address, "127.0.0.1");
  EXPECT_EQ(flags->port, 8081);
}

TEST(FlagsTest, TakesValuesInBothForms) {
  const auto flags = parse({"--port", "0", "--save=a=b", "--json", "--address", "::1",
                            "--api-key-env", "KEY", "--decode", "folder"});
  ASSERT_TRUE(flags) << flags.error().message();
  EXPECT_EQ(flags->port, 0);
  EXPECT_EQ(flags->save_folder, "a=b");
  EXPECT_TRUE(flags->json);
  EXPECT_EQ(flags->address, "::1");
  EXPECT_EQ(flags->api_key_env, "KEY");
  EXPECT_EQ(flags->decode_folder, "folder");
}

TEST(FlagsTest, ErrorsNameTheFlagAndPointToHelp) {
  const struct {
    std::vector<const char*> arguments;
    const char* named;
  } cases[] = {
      {{"--verbose"}, "--verbose"}, {{"folder"}, "folder"},
      {{"--port", "x"}, "\"x\""},   {{"--port=70000"}, "\"70000\""},
      {{"--port", "-1"}, "\"-1\""}, {{"--port", "80 "}, "--port"},
      {{"--port"}, "--port"},       {{"--save="}, "--save"},
      {{"--json=yes"}, "--json"},   {{"--json", "--quiet"}, "--quiet"},
  };
  for (const auto& wrong : cases) {
    const auto flags = parse(wrong.arguments);
    ASSERT_FALSE(flags) << wrong.named;
    EXPECT_THAT(flags.error().message(), HasSubstr(wrong.named));
    EXPECT_THAT(flags.error().message(), HasSubstr("--help"));
  }
}

TEST(FlagsTest, HelpNamesEveryFlag) {
  for (const char* flag : {"--port", "--address", "--json", "--quiet", "--save", "--api-key-env",
                           "--decode", "--help"}) {
    EXPECT_THAT(std::string(help_text()), HasSubstr(flag));
  }
}

}  // namespace
}  // namespace micromegas::collector
