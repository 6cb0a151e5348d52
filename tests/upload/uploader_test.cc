// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Delivery to a server that does everything wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/tests/support/reserved_port.h"
#include "micromegas/tests/upload/uploader_fixture.h"

namespace micromegas::upload {
namespace {

using std::chrono::steady_clock;
using testing::close_after;
using ::testing::ElementsAre;
using testing::hang_up;
using ::testing::HasSubstr;
using testing::raw_then_close;
using testing::ReceivedRequest;
using testing::reset_connection;
using testing::say_nothing;
using testing::ScriptedServer;
using testing::status;

TEST_F(UploaderTest, DeliversInOrderToTheRightPlaces) {
  start();
  add(StreamKind::kLog, "logs", 7);
  ASSERT_TRUE(delivered());
  const auto requests = server_.requests();
  EXPECT_THAT(bodies(requests), ElementsAre("process", "log stream", "logs"));
  EXPECT_EQ(requests[0].path, "/ingestion/insert_process");
  EXPECT_EQ(requests[1].path, "/ingestion/insert_stream");
  EXPECT_EQ(requests[2].path, "/ingestion/insert_block");
  EXPECT_EQ(requests[2].header("Authorization"), std::string("Bearer ") + kKey);
  EXPECT_EQ(server_.connections(), 1U);
  const UploadStats stats = outbox().stats();
  EXPECT_EQ(of(stats, EventKind::kLog).delivered, 7U);
  EXPECT_EQ(stats.blocks_sent, 1U);
  EXPECT_EQ(stats.bytes_sent, 4U);
  EXPECT_EQ(stats.requests, 3U);
  EXPECT_EQ(stats.retries, 0U);
  EXPECT_EQ(stats.last_error, "");
  EXPECT_EQ(everything_said(), "");
}

// Whatever happens to a try: the same bytes come again until they are acknowledged.
TEST_F(UploaderTest, TriesAgainWithTheSameBytesAfterAnyFailure) {
  client_.request_timeout = 2s;
  start();
  ASSERT_TRUE(delivered());
  const testing::Reply failures[] = {
      status(500),
      status(503),
      status(408),
      status(429),
      status(401),
      status(404),
      status(502, {}, "<html>a proxy's page</html>"),
      hang_up(),
      reset_connection(),
      raw_then_close("HTTP/1.1 2"),
      raw_then_close("this is not HTTP\r\n\r\n"),
      say_nothing(),
      close_after(status(500, {{"Connection", "close"}})),
  };
  add(StreamKind::kLog, "first");  // so that the stream is known
  ASSERT_TRUE(delivered());
  int number = 0;
  for (const auto& failure : failures) {
    const std::string text = "block " + std::to_string(++number);
    std::atomic<int> encodings{0};
    BlockItem item = items_.block(StreamKind::kLog, text);
    item.encode = [&, text] {
      ++encodings;
      return Result<std::string>(text);
    };
    const std::size_t before = server_.requests().size();
    server_.script({failure, status(200)});
    ASSERT_TRUE(outbox().add_block(std::move(item)));
    uploader_->wake();
    ASSERT_TRUE(delivered()) << text;
    const auto requests = server_.requests();
    ASSERT_EQ(requests.size(), before + 2) << text;
    EXPECT_EQ(requests[before].body, text);
    EXPECT_EQ(requests[before + 1].body, text);
    EXPECT_EQ(encodings, 1);
  }
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 1U + std::size(failures));
}

TEST_F(UploaderTest, AnyTwoHundredIsSuccess) {
  server_.script({status(201), status(204), status(299)});
  start();
  add(StreamKind::kLog, "logs");
  EXPECT_TRUE(delivered());
  EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(UploaderTest, DeliversOnceTheServerIsThere) {
  const testing::ReservedPort reserved;
  start_for(reserved.url());
  for (int i = 0; i < 50; ++i) add(StreamKind::kThread, "spans " + std::to_string(i), 3);
  ASSERT_TRUE(tried_again(5));
  expect_balance(outbox().stats());
  EXPECT_THAT(outbox().stats().last_error, HasSubstr("Connection refused"));
  ScriptedServer late(reserved.port());
  ASSERT_TRUE(delivered());
  EXPECT_EQ(of(outbox().stats(), EventKind::kSpan).delivered, 150U);
  received(late.requests());
  const auto sent = bodies(late.requests());
  EXPECT_EQ(sent.size(), 52U);
  EXPECT_EQ(std::set<std::string>(sent.begin(), sent.end()).size(), 52U) << "each once";
  const std::string text = everything_said();
  EXPECT_THAT(text, HasSubstr("cannot deliver to " + reserved.url() + ": Connection refused"));
  EXPECT_THAT(text, HasSubstr("again"));
}

TEST_F(UploaderTest, LosesNothingToAServerThatRestarts) {
  const testing::ReservedPort reserved;
  auto server = std::make_unique<ScriptedServer>(reserved.port());
  start_for(reserved.url());
  for (int life = 0; life < 5; ++life) {
    for (int i = 0; i < 20; ++i) {
      add(StreamKind::kLog, std::to_string(life) + "/" + std::to_string(i));
    }
    ASSERT_TRUE(server->wait_for_requests(5));
    server->stop();
    received(server->requests());
    server = std::make_unique<ScriptedServer>(reserved.port());
  }
  ASSERT_TRUE(delivered());
  received(server->requests());
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 100U);
}

TEST_F(UploaderTest, AWrongKeyIsSaidOnceAndLosesNothing) {
  std::atomic<bool> known{false};
  server_.decide([&](const ReceivedRequest&) { return status(known ? 200 : 401); });
  start();
  add(StreamKind::kLog, "logs", 9);
  ASSERT_TRUE(server_.wait_for_requests(10));
  EXPECT_EQ(outbox().stats().blocks_held, 1U);
  known = true;
  ASSERT_TRUE(delivered());
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 9U);
  const std::string text = everything_said();
  EXPECT_THAT(text, HasSubstr("401"));
  EXPECT_EQ(text.find("401"), text.rfind("401")) << text;
}

TEST_F(UploaderTest, ARefusedStreamOrBlockIsCountedAndTheRestGoesOn) {
  server_.decide([](const ReceivedRequest& request) {
    if (request.body == "thread stream") return status(403);
    return status(request.body == "bad" ? 400 : 200);
  });
  start();
  add(StreamKind::kThread, "spans", 5);
  add(StreamKind::kLog, "bad", 3);
  add(StreamKind::kLog, "good", 2);
  EXPECT_FALSE(delivered()) << "not all of it";
  const UploadStats stats = outbox().stats();
  EXPECT_EQ(dropped(stats, EventKind::kSpan, DropReason::kRefused), 5U);
  EXPECT_EQ(dropped(stats, EventKind::kLog, DropReason::kRefused), 3U);
  EXPECT_EQ(of(stats, EventKind::kLog).delivered, 2U);
  for (const auto& body : bodies()) EXPECT_NE(body, "spans");
}

TEST_F(UploaderTest, ARedirectIsRefusedAndExplained) {
  server_.decide([](const ReceivedRequest& request) {
    return request.body == "logs" ? status(301, {{"Location", "https://elsewhere"}}) : status(200);
  });
  start();
  add(StreamKind::kLog, "logs");
  EXPECT_FALSE(delivered());
  EXPECT_THAT(everything_said(), HasSubstr("redirects are not followed"));
}

TEST_F(UploaderTest, WaitsAsLongAsRetryAfterSays) {
  steady_clock::time_point refused;
  steady_clock::time_point came_back;
  server_.decide([&](const ReceivedRequest&) {
    if (refused == steady_clock::time_point()) {
      refused = steady_clock::now();
      return status(429, {{"Retry-After", "1"}});
    }
    if (came_back == steady_clock::time_point()) came_back = steady_clock::now();
    return status(200);
  });
  start();
  ASSERT_TRUE(delivered());
  EXPECT_GE(came_back - refused, 1s);
}

TEST_F(UploaderTest, HasAsManyRequestsUnderWayAsAllowedAndNoMore) {
  outbox_.max_in_flight = 2;
  std::atomic<int> most{0};
  std::atomic<int> now{0};
  std::latch both(2);
  std::atomic<bool> meet{false};
  server_.decide([&](const ReceivedRequest& request) {
    if (request.body.rfind("b", 0) != 0) return status(200);
    return testing::after(
        [&] {
          const int n = ++now;
          for (int seen = most; seen < n && !most.compare_exchange_weak(seen, n);) {
          }
          if (!meet) both.arrive_and_wait();  // hangs if there is never a second one
          meet = true;
          --now;
        },
        status(200));
  });
  start();
  for (int i = 0; i < 20; ++i) add(StreamKind::kLog, "b" + std::to_string(i));
  ASSERT_TRUE(delivered());
  EXPECT_EQ(most, 2);
  EXPECT_LE(server_.connections(), 2U);
}

TEST_F(UploaderTest, ABlockThatCannotBeEncodedHarmsNobody) {
  start();
  int n = 0;
  for (const Encode& encode :
       std::vector<Encode>{[] { return Result<std::string>(Error("too large")); },
                           []() -> Result<std::string> { throw std::runtime_error("a bug"); },
                           []() -> Result<std::string> { throw 1; }}) {
    BlockItem item = items_.block(StreamKind::kLog, "");
    item.encode = encode;
    outbox().add_block(std::move(item));
    ++n;
  }
  add(StreamKind::kLog, "good");
  EXPECT_FALSE(delivered());
  const UploadStats stats = outbox().stats();
  EXPECT_EQ(dropped(stats, EventKind::kLog, DropReason::kInvalid), 3U);
  EXPECT_EQ(of(stats, EventKind::kLog).delivered, 1U);
}

TEST_F(UploaderTest, TheBooksBalanceAtEveryMoment) {
  outbox_.soft_bytes = 60'000;
  outbox_.hard_bytes = 120'000;
  std::atomic<unsigned> n{0};
  server_.decide([&](const ReceivedRequest&) {
    constexpr int kAnswers[] = {200, 500, 200, 429, 200, 400, 200, 503};
    return ++n < 20 ? status(200) : status(kAnswers[n % 8]);
  });
  start();
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (const StreamKind kind : {StreamKind::kLog, StreamKind::kMetrics, StreamKind::kThread}) {
    threads.emplace_back([&, kind] {
      for (int i = 0; i < 300; ++i) add(kind, "x", 3);
    });
  }
  std::thread watcher([&] {
    while (!done) expect_balance(outbox().stats());
  });
  for (auto& thread : threads) thread.join();
  outbox().wait_delivered(patience(), 0);
  done = true;
  watcher.join();
  const UploadStats stats = outbox().stats();
  for (const EventKind kind : {EventKind::kLog, EventKind::kFloatMetric, EventKind::kSpan}) {
    EXPECT_EQ(of(stats, kind).recorded, 900U);
    EXPECT_EQ(of(stats, kind).held, 0U);
  }
}

TEST_F(UploaderTest, TheBudgetHoldsBodiesInsteadOfBlocksDuringAnOutage) {
  outbox_.soft_bytes = 1'000'000;
  const testing::ReservedPort nobody;
  start_for(nobody.url());
  const auto patient = patience();
  for (int i = 0; i < 1000 && steady_clock::now() < patient; ++i) {
    outbox().add_block(items_.block(StreamKind::kThread, "small body", 1, 100'000));
    uploader_->wake();
    while (outbox().stats().bytes_held > 600'000 && steady_clock::now() < patient) {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(outbox().stats().blocks_held, 1000U) << "100 MB of blocks within 1 MB";
}

TEST_F(UploaderTest, AddingNeverWaitsForTheServer) {
  server_.decide([](const ReceivedRequest&) { return say_nothing(); });
  start();
  ASSERT_TRUE(server_.wait_for_requests(1));
  for (int i = 0; i < 10'000; ++i) add(StreamKind::kThread, "spans");  // would hang here
  EXPECT_EQ(outbox().stats().blocks_held, 10'000U);
}

}  // namespace
}  // namespace micromegas::upload
