// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/credential.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace micromegas::http {
namespace {

TEST(Credential, SendsAKeyAsBearer) {
  const auto credential = make_api_key("mmk_abc", "api_key");
  ASSERT_TRUE(credential);
  EXPECT_EQ((*credential)->authorization(), "Bearer mmk_abc");
}

TEST(Credential, SendsNothingWithoutAKey) {
  const auto credential = make_api_key("", "api_key");
  ASSERT_TRUE(credential);
  EXPECT_EQ((*credential)->authorization(), "");
}

TEST(Credential, RefusesAKeyThatAHeaderCannotCarryWithoutShowingIt) {
  for (const std::string key :
       {"hunter2\n", "hunter2\r\nX: y", "hunter 2", "hunt\xc3\xa9r2", "hunter2\x7f", "\thunter2"}) {
    const auto credential = make_api_key(key, "api_key (SOME_VARIABLE)");
    ASSERT_FALSE(credential) << key;
    const std::string& message = credential.error().message();
    EXPECT_EQ(message.find("hunt"), std::string::npos) << message;
    EXPECT_NE(message.find("api_key (SOME_VARIABLE)"), std::string::npos) << message;
  }
  EXPECT_FALSE(make_api_key(std::string(5000, 'k'), "api_key"));
}

TEST(Secret, MovesWithoutLeavingACopyBehind) {
  Secret first("hunter2");
  const Secret second(std::move(first));
  EXPECT_EQ(second.reveal(), "hunter2");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the point
}

TEST(Secret, WipesAString) {
  std::string text = "hunter2";
  const char* const bytes = text.data();  // in the object: still there afterwards
  wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(std::string(bytes, 7), std::string(7, '\0'));
}

}  // namespace
}  // namespace micromegas::http
