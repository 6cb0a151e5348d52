// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Credentials that are fetched, expire, are refused: from the sink's options to the requests.
// Events of two threads wait for them in each test, and an oracle is asked for them at its end.

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
#include <utility>
#include <vector>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/tests/delivery/oracle.h"
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
    server_.decide([this](const ReceivedRequest& request) { return take(request); });
  }
  void TearDown() override {
    if (!sink_) return;
    pipeline::stop_session(0, patience());
    TelemetryStats books;
    books.events = pipeline::session_stats();
    oracle_.check(books);
  }

  testing::Reply take(const ReceivedRequest& request) {
    oracle_.take(request);
    return status(200);
  }
  void create() {
    auto sink = HttpSink::create(options_);
    ASSERT_TRUE(sink) << sink.error().message();
    sink_ = *sink;
  }
  // Records, and hands all of it over.
  void record() {
    constexpr testing::Oracle::Plan kPlan{.threads = 2, .numbers = 50};
    oracle_.expect(kPlan);
    pipeline::SessionOptions session;
    session.sink = sink_;
    session.process = *process();
    session.told_drops = [this] { return sink_->told_drops(); };
    session.wait_delivered = [this](pipeline::Deadline d, std::uint64_t told) {
      return sink_->wait_delivered(d, told);
    };
    session.before_stop = [this](pipeline::Deadline d) { sink_->set_shutdown_deadline(d); };
    session.delivery_books = [this](EventStats& stats) {
      const UploadStats upload = sink_->stats();
      for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
        stats[kind].delivered += upload.events[kind].delivered;
        stats[kind].held += upload.events[kind].held;
        for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
          stats[kind].dropped[reason] += upload.events[kind].dropped[reason];
        }
      }
    };
    ASSERT_TRUE(pipeline::start_session(std::move(session)));
    std::vector<std::thread> threads;
    for (int t = 0; t < kPlan.threads; ++t) {
      threads.emplace_back([=] {
        for (int n = 0; n < kPlan.numbers; ++n) testing::Oracle::record(t, n);
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(pipeline::hand_over_session(patience()));
  }
  void start() {
    create();
    record();
  }
  void expect_delivered() {
    EXPECT_TRUE(pipeline::flush_session(patience()));
    oracle_.expect_all();
  }
  static std::shared_ptr<const ProcessInfo> process() {
    return std::make_shared<const ProcessInfo>(
        dispatch::make_process_info(Uuid::random(), std::nullopt, {}));
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

  testing::Oracle oracle_;
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
  expect_delivered();
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
  expect_delivered();
  for (const auto& request : server_.requests()) {
    EXPECT_EQ(request.header("Authorization"), "Bearer abc");
  }
  EXPECT_EQ(tokens_.requests().size(), 3U);
}

TEST_F(CredentialsTest, AnApiKeyGoesBeforeOidc) {
  use_oidc();
  options_.api_key = "mmk_key";
  start();
  expect_delivered();
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
  server_.decide([this](const ReceivedRequest& request) {
    return request.header("Authorization") == "Bearer key-2" ? take(request) : status(401);
  });
  options_.credential_provider = provider;
  options_.credential_floor = 1s;
  start();
  expect_delivered();
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
  expect_delivered();
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

  // Not where memory is promised without end.
  static bool can_be() {
    const NoMoreThreads none;
    try {
      std::thread([] {}).join();
    } catch (const std::system_error&) {
      return true;
    }
    return false;
  }

 private:
  pthread_attr_t before_{};
};

TEST_F(CredentialsTest, AProviderWhoseThreadCannotBeStartedIsAskedLater) {
  if (!NoMoreThreads::can_be()) GTEST_SKIP() << "a stack of 64 TiB can be mapped here";
  auto provider = std::make_shared<Provider>([](int) { return Answer::credential("Bearer key"); });
  options_.credential_provider = provider;
  create();
  {
    const NoMoreThreads none;
    sink_->on_startup(process());
    const auto deadline = patience();
    while (sink_->stats().last_error.empty() && steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    EXPECT_THAT(sink_->stats().last_error, HasSubstr("cannot start the thread \"mm-credential\""));
    EXPECT_EQ(provider->calls, 0);
  }
  record();
  expect_delivered();
  EXPECT_EQ(provider->calls, 1);
  EXPECT_EQ(server_.requests().at(0).header("Authorization"), "Bearer key");
}

TEST_F(CredentialsTest, WithoutAThreadForTheUploadThereIsAnError) {
  if (!NoMoreThreads::can_be()) GTEST_SKIP() << "a stack of 64 TiB can be mapped here";
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
