// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Credentials that are fetched, expire, are refused: from the sink's options to the requests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/tests/upload/items.h"
#include "micromegas/transport/http_sink.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ReceivedRequest;
using testing::ScriptedServer;
using testing::status;
using upload::patience;
using Answer = CredentialProvider::Answer;

constexpr char kSecret[] = "hunter2-of-the-client";

struct Provider final : CredentialProvider {
  explicit Provider(std::function<Answer(int)> f) : answer(std::move(f)) {}
  Answer fetch() override { return answer(++calls); }
  std::function<Answer(int)> answer;
  std::atomic<int> calls{0};
};

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    options_.url = server_.url();
    options_.backoff_min = 1ms;
    options_.backoff_max = 20ms;
  }
  void start() {
    auto sink = HttpSink::create(options_);
    ASSERT_TRUE(sink) << sink.error().message();
    sink_ = *sink;
    sink_->on_startup(std::make_shared<const ProcessInfo>());
  }
  std::string error() {
    auto sink = HttpSink::create(options_);
    return sink ? "" : sink.error().message();
  }
  void use_oidc() {
    options_.oidc_token_endpoint = tokens_.url() + "/token";
    options_.oidc_client_id = "me";
    options_.oidc_client_secret = kSecret;
  }

  ScriptedServer server_;
  ScriptedServer tokens_;
  HttpSinkOptions options_;
  std::shared_ptr<HttpSink> sink_;
};

TEST_F(CredentialsTest, OidcTokensGoWithEveryRequest) {
  tokens_.decide([](const ReceivedRequest&) {
    return status(200, {}, R"({"access_token":"abc","expires_in":3600})");
  });
  use_oidc();
  start();
  EXPECT_TRUE(sink_->wait_delivered(patience(), sink_->told_drops()));
  EXPECT_EQ(server_.requests().at(0).header("Authorization"), "Bearer abc");
  EXPECT_EQ(tokens_.requests().size(), 1U);
}

TEST_F(CredentialsTest, NothingIsSentWithoutATokenAndNothingIsLost) {
  tokens_.script({status(503), testing::hang_up()});
  tokens_.decide([](const ReceivedRequest&) {
    return status(200, {}, R"({"access_token":"abc","expires_in":3600})");
  });
  use_oidc();
  start();
  EXPECT_TRUE(sink_->wait_delivered(patience(), sink_->told_drops()));
  for (const auto& request : server_.requests()) {
    EXPECT_EQ(request.header("Authorization"), "Bearer abc");
  }
  EXPECT_EQ(tokens_.requests().size(), 3U);
}

TEST_F(CredentialsTest, AnApiKeyGoesBeforeOidc) {
  use_oidc();
  options_.api_key = "mmk_key";
  start();
  EXPECT_TRUE(sink_->wait_delivered(patience(), sink_->told_drops()));
  EXPECT_EQ(server_.requests().at(0).header("Authorization"), "Bearer mmk_key");
  EXPECT_TRUE(tokens_.requests().empty());
}

TEST_F(CredentialsTest, HalfOfOidcIsAnErrorThatNamesTheOtherHalf) {
  use_oidc();
  options_.oidc_client_id.clear();
  EXPECT_THAT(error(), AllOf(HasSubstr("MICROMEGAS_OIDC_CLIENT_ID"), Not(HasSubstr(kSecret))));
  options_.oidc_client_id = "me";
  options_.oidc_client_secret.clear();
  EXPECT_THAT(error(), HasSubstr("MICROMEGAS_OIDC_CLIENT_SECRET"));
  options_.oidc_client_secret = kSecret;
  options_.oidc_token_endpoint = "token.example";
  EXPECT_THAT(error(), AllOf(HasSubstr("MICROMEGAS_OIDC_TOKEN_ENDPOINT"), HasSubstr("https://")));
  options_.oidc_token_endpoint.clear();
  options_.oidc_client_secret.clear();
  EXPECT_EQ(error(), "") << "a client id alone is what other tools have";
  use_oidc();
  options_.oidc_token_buffer = -1s;
  EXPECT_THAT(error(), HasSubstr("MICROMEGAS_OIDC_TOKEN_BUFFER_SECONDS"));
}

// What cannot be sent is not waited for, and said.
TEST_F(CredentialsTest, AStopDoesNotWaitForACredentialThatWillNotCome) {
  static std::string said;
  said.clear();
  set_diagnostic_handler([](std::string_view line) { said.append(line).append("\n"); });
  tokens_.decide(
      [](const ReceivedRequest&) { return status(401, {}, R"({"error":"invalid_client"})"); });
  use_oidc();
  start();
  ASSERT_TRUE(tokens_.wait_for_requests(1));
  while (sink_->stats().last_error.empty()) std::this_thread::yield();
  const auto before = steady_clock::now();
  sink_->shutdown(before + 30s);
  EXPECT_LT(steady_clock::now() - before, 10s);
  set_diagnostic_handler(nullptr);
  EXPECT_THAT(said, AllOf(HasSubstr("invalid_client"), HasSubstr("MICROMEGAS_OIDC_CLIENT_SECRET"),
                          Not(HasSubstr(kSecret))));
  EXPECT_TRUE(server_.requests().empty());
}

// The row "401, then a new key" of the table of answers.
TEST_F(CredentialsTest, ARefusedCredentialIsAskedForAgain) {
  auto provider = std::make_shared<Provider>(
      [](int call) { return Answer::credential("Bearer key-" + std::to_string(call)); });
  server_.decide([](const ReceivedRequest& request) {
    return status(request.header("Authorization") == "Bearer key-2" ? 200 : 401);
  });
  options_.credential_provider = provider;
  options_.credential_floor = 1s;
  start();
  EXPECT_TRUE(sink_->wait_delivered(patience(), sink_->told_drops()));
  EXPECT_EQ(provider->calls, 2);
}

TEST_F(CredentialsTest, AProviderMayWaitThrowAndGiveUp) {
  auto provider = std::make_shared<Provider>([](int call) -> Answer {
    if (call == 1) throw std::runtime_error("x");
    if (call == 2) return Answer::wait("the vault is sealed");
    return Answer::credential("Bearer key");
  });
  options_.credential_provider = provider;
  start();
  EXPECT_TRUE(sink_->wait_delivered(patience(), sink_->told_drops()));
  EXPECT_EQ(provider->calls, 3);
}

TEST_F(CredentialsTest, WhatAHeaderCannotCarryIsNotSentAndNotShown) {
  options_.credential_provider =
      std::make_shared<Provider>([](int) { return Answer::credential("Bearer hunter2\r\nX: y"); });
  start();
  while (sink_->stats().last_error.empty()) std::this_thread::yield();
  EXPECT_THAT(sink_->stats().last_error, Not(HasSubstr("hunter2")));
  sink_->shutdown(patience());
  EXPECT_TRUE(server_.requests().empty());
}

// While it lives the system has no thread to give: nobody can map a stack of that size.
class NoMoreThreads {
 public:
  NoMoreThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge = before_;
    EXPECT_EQ(pthread_attr_setstacksize(&huge, std::size_t{1} << 46), 0);
    EXPECT_EQ(pthread_setattr_default_np(&huge), 0);
  }
  ~NoMoreThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoMoreThreads(const NoMoreThreads&) = delete;
  NoMoreThreads& operator=(const NoMoreThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

TEST_F(CredentialsTest, AProviderWhoseThreadCannotBeStartedIsAskedLater) {
  auto provider = std::make_shared<Provider>([](int) { return Answer::credential("Bearer key"); });
  options_.credential_provider = provider;
  auto sink = HttpSink::create(options_);
  ASSERT_TRUE(sink) << sink.error().message();
  sink_ = *sink;
  {
    const NoMoreThreads none;
    EXPECT_THROW(std::thread([] {}).join(), std::system_error);
    sink_->on_startup(std::make_shared<const ProcessInfo>());
    const auto deadline = patience();
    while (sink_->stats().last_error.empty() && steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    EXPECT_THAT(sink_->stats().last_error, HasSubstr("cannot start the thread \"mm-credential\""));
    EXPECT_EQ(provider->calls, 0);
  }
  EXPECT_TRUE(sink_->wait_delivered(patience(), sink_->told_drops()));
  EXPECT_EQ(provider->calls, 1);
  EXPECT_EQ(server_.requests().at(0).header("Authorization"), "Bearer key");
}

TEST_F(CredentialsTest, WithoutAThreadForTheUploadThereIsAnError) {
  {
    const NoMoreThreads none;
    EXPECT_THAT(error(), HasSubstr("cannot start the thread \"mm-upload\""));
  }
  EXPECT_EQ(error(), "");
}

// A provider may hang: that keeps nobody, at the end neither.
TEST_F(CredentialsTest, AProviderThatHangsIsLeftBehind) {
  auto release = std::make_shared<std::latch>(1);
  auto provider = std::make_shared<Provider>([release](int) {
    release->wait();
    return Answer::wait("");
  });
  options_.credential_provider = provider;
  start();
  while (provider->calls == 0) std::this_thread::yield();
  const auto before = steady_clock::now();
  sink_->shutdown(before + 50ms);
  EXPECT_LT(steady_clock::now() - before, 10s);
  release->count_down();
}

}  // namespace
}  // namespace micromegas
