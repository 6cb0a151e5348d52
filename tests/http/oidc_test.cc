// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/oidc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <string>

#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/transport/http/json_members.h"

namespace micromegas::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedServer;
using testing::status;
using Kind = TokenAnswer::Kind;

constexpr char kSecret[] = "hunter2 & more";

std::map<std::string, std::string> members_of(std::string_view json, bool* whole = nullptr) {
  std::map<std::string, std::string> members;
  const bool ok = for_each_json_member(json, [&](std::string_view key, std::string_view value) {
    members[std::string(key)] = value;
  });
  if (whole != nullptr) *whole = ok;
  return members;
}

TEST(JsonMembers, AreGivenAsTheyStand) {
  bool whole = false;
  const auto members = members_of(
      R"( { "a" : "x\"y" ,"b":[1,{"c":"}"},[]], "d":{}, "e":-1.5e3,"f":null } )", &whole);
  EXPECT_TRUE(whole);
  EXPECT_EQ(members.size(), 5U);
  EXPECT_EQ(members.at("a"), R"("x\"y")");
  EXPECT_EQ(members.at("b"), R"([1,{"c":"}"},[]])");
  EXPECT_EQ(members.at("e"), "-1.5e3");
}

TEST(JsonMembers, OfWhatIsNoObjectAreAnError) {
  const std::string deep = "{\"a\":" + std::string(10000, '[') + "}";
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{"), std::string("{\"a\"}"),
        std::string("{\"a\":}"), std::string("{\"a\":1,}"), std::string("{\"a\":\"x}"),
        std::string("{\"a\":\"x\\"), std::string("{}x"), std::string("{'a':1}"), deep}) {
    bool whole = true;
    members_of(text, &whole);
    EXPECT_FALSE(whole) << text.substr(0, 20);
  }
}

TEST(JsonMembers, StringsAreReadWithTheEscapesThatATokenMayHave) {
  EXPECT_EQ(json_string(R"("a\/b\"\u002Bc")")->reveal(), "a/b\"+c");
  for (const char* text : {"1", "\"", "\"\\", "\"\\n\"", "\"\\u00e9\"", "\"\\u00\""}) {
    EXPECT_FALSE(json_string(text)) << text;
  }
}

class OidcTest : public ::testing::Test {
 protected:
  ~OidcTest() override { loop_.stop(); }

  TokenAnswer fetch(const std::string& audience = "") {
    if (!source_) {
      OidcOptions options;
      options.client.endpoint = *parse_url(server_.url() + "/realm/token/", "url");
      options.client.user_agent = "oidc_test/1";
      options.client.request_timeout = 2s;
      options.client_id = "me@here";
      options.client_secret = Secret(kSecret);
      options.audience = audience;
      source_ = make_oidc_source(loop_, std::move(options));
      EXPECT_TRUE(loop_.start("oidc_test"));
    }
    std::promise<TokenAnswer> promise;
    loop_.post(
        [&] { source_->fetch([&](TokenAnswer answer) { promise.set_value(std::move(answer)); }); });
    TokenAnswer answer = promise.get_future().get();
    EXPECT_THAT(answer.error, Not(HasSubstr("hunter2")));
    return answer;
  }
  TokenAnswer fetch_after(testing::Reply reply) {
    server_.script({std::move(reply)});
    return fetch();
  }

  ScriptedServer server_;
  Loop loop_;
  std::unique_ptr<TokenSource> source_;
};

TEST_F(OidcTest, SendsTheFormThatTheOfficialClientSends) {
  server_.script({status(200, {}, R"({"access_token":"abc","expires_in":300,"token_type":"x"})")});
  const TokenAnswer answer = fetch("aud ience");
  EXPECT_EQ(answer.kind, Kind::kToken);
  EXPECT_EQ(answer.authorization.reveal(), "Bearer abc");
  EXPECT_EQ(answer.lifetime, 300s);
  const auto request = server_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/realm/token/");
  EXPECT_EQ(request.header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.header("Authorization"), "");
  EXPECT_EQ(request.body,
            "grant_type=client_credentials&client_id=me%40here&"
            "client_secret=hunter2%20%26%20more&audience=aud%20ience");
}

TEST_F(OidcTest, AsksForNoAudienceUnlessTold) {
  server_.script({status(200, {}, R"({"access_token":"abc"})")});
  const TokenAnswer answer = fetch();
  EXPECT_EQ(answer.lifetime, 0s) << "not told: as short as can be";
  EXPECT_THAT(server_.requests().at(0).body, Not(HasSubstr("audience")));
}

TEST_F(OidcTest, ReadsALifetimeHoweverItIsWritten) {
  EXPECT_EQ(fetch_after(status(200, {}, R"({"access_token":"a","expires_in":"60"})")).lifetime,
            60s);
  EXPECT_EQ(fetch_after(status(200, {}, R"({"access_token":"a","expires_in":60.5})")).lifetime,
            60s);
  EXPECT_EQ(fetch_after(status(200, {}, R"({"access_token":"a","expires_in":-1})")).lifetime, 0s);
  EXPECT_EQ(fetch_after(status(200, {}, R"({"access_token":"a","expires_in":null})")).lifetime, 0s);
}

TEST_F(OidcTest, TellsFailuresThatPassFromThoseThatDoNot) {
  for (const int passing : {408, 425, 429, 500, 502, 503, 504}) {
    const TokenAnswer answer = fetch_after(status(passing, {{"Retry-After", "7"}}));
    EXPECT_EQ(answer.kind, Kind::kWait) << passing;
    EXPECT_EQ(answer.retry_after, 7s);
  }
  for (const int lasting : {301, 400, 401, 403, 404, 405}) {
    const TokenAnswer answer = fetch_after(status(lasting));
    EXPECT_EQ(answer.kind, Kind::kGiveUp) << lasting;
    EXPECT_THAT(answer.error, HasSubstr("MICROMEGAS_OIDC_CLIENT_SECRET"));
  }
  EXPECT_EQ(fetch_after(testing::hang_up()).kind, Kind::kWait);
  EXPECT_EQ(fetch_after(testing::raw_then_close("nonsense")).kind, Kind::kWait);
}

TEST_F(OidcTest, QuotesTheEndpointsWordIfItIsHarmless) {
  EXPECT_THAT(fetch_after(status(401, {}, R"({"error":"invalid_client"})")).error,
              HasSubstr("answers 401 (invalid_client)"));
  EXPECT_THAT(fetch_after(status(401, {}, R"({"error":"hunter2 & more"})")).error,
              HasSubstr("answers 401:"));
}

TEST_F(OidcTest, AnAnswerWithoutAUsableTokenIsNone) {
  for (const char* body :
       {"", "{}", R"({"access_token":""})", R"({"access_token":1})", R"({"access_token":"a\nb"})",
        R"({"access_token":"abc")", "<html>log in</html>"}) {
    const TokenAnswer answer = fetch_after(status(200, {}, body));
    EXPECT_EQ(answer.kind, Kind::kWait) << body;
    EXPECT_TRUE(answer.authorization.empty());
  }
  EXPECT_EQ(fetch_after(testing::raw_then_close("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
                                                R"({"access_token":"abc"})"))
                .kind,
            Kind::kWait)
      << "half an answer";
}

}  // namespace
}  // namespace micromegas::http
