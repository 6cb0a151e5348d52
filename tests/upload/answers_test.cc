// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The table of answers (docs/operations.md), one test a row: what each does to a process, its
// stream and a block, and that the books say so.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "micromegas/tests/upload/uploader_fixture.h"

namespace micromegas::upload {
namespace {

using std::chrono::steady_clock;
using ::testing::AllOf;
using testing::drip;
using ::testing::ElementsAre;
using testing::flood;
using testing::hang_up;
using ::testing::HasSubstr;
using testing::raw;
using testing::raw_then_close;
using testing::ReceivedRequest;
using testing::Reply;
using testing::reset_connection;
using testing::say_nothing;
using testing::status;

// "process", "log stream", "logs": the three requests of a block of four logs.
class AnswersTest : public UploaderTest {
 protected:
  AnswersTest() { client_.request_timeout = 5s; }

  // Each request gets `first` once, then 200.
  void answer_each_once_with(Reply first) {
    server_.decide([this, first = std::move(first)](const ReceivedRequest& request) {
      return ++tries_[request.body] == 1 ? first : status(200);
    });
  }
  void answer(const std::string& body, Reply with) {
    server_.decide(
        [=](const ReceivedRequest& request) { return request.body == body ? with : status(200); });
  }
  void send() {
    start();
    add(StreamKind::kLog, "logs", 4);
  }
  void expect_delivered_once_each_tried_twice() {
    send();
    EXPECT_TRUE(delivered());
    EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 4U);
    EXPECT_EQ(outbox().stats().requests, 6U);
    EXPECT_EQ(outbox().stats().retries, 3U);
    EXPECT_THAT(bodies(),
                ElementsAre("process", "process", "log stream", "log stream", "logs", "logs"));
  }
  void expect_refused(std::uint64_t events, const std::string& message) {
    send();
    EXPECT_FALSE(delivered());
    EXPECT_EQ(dropped(outbox().stats(), EventKind::kLog, DropReason::kRefused), events);
    EXPECT_THAT(everything_said(), HasSubstr(message));
  }
  void expect_tried_again_after(const Reply& reply) {
    answer_each_once_with(reply);
    expect_delivered_once_each_tried_twice();
  }

  std::map<std::string, int> tries_;
};

TEST_F(AnswersTest, Row200IsAcknowledged) {
  send();
  EXPECT_TRUE(delivered());
  EXPECT_EQ(outbox().stats().requests, 3U);
}

TEST_F(AnswersTest, RowAnyOther2xxIsAcknowledged) {
  server_.script({status(201), status(204), status(299)});
  send();
  EXPECT_TRUE(delivered());
  EXPECT_EQ(outbox().stats().requests, 3U);
}

TEST_F(AnswersTest, Row3xxOfABlockDropsIt) {
  answer("logs", status(302, {{"Location", "http://elsewhere/"}}));
  expect_refused(4, "redirects are not followed");
}

TEST_F(AnswersTest, Row400OfAProcessDropsAllItsBlocks) {
  answer("process", status(400));
  expect_refused(4, "nothing of it will be sent");
  EXPECT_THAT(bodies(), ElementsAre("process"));
}

TEST_F(AnswersTest, Row400OfAStreamDropsItsBlocks) {
  answer("log stream", status(400));
  expect_refused(4, "its blocks are dropped");
  EXPECT_THAT(bodies(), ElementsAre("process", "log stream"));
}

TEST_F(AnswersTest, Row400OfABlockDropsIt) {
  answer("logs", status(400));
  expect_refused(4, "(status 400): dropped");
}

TEST_F(AnswersTest, Row401WaitsAndLosesNothing) { expect_tried_again_after(status(401)); }

TEST_F(AnswersTest, Row403OfAProcessDropsAllItsBlocks) {
  answer("process", status(403));
  expect_refused(4, "(status 403): nothing of it will be sent");
}

TEST_F(AnswersTest, Row403OfAStreamDropsItsBlocks) {
  answer("log stream", status(403));
  expect_refused(4, "(status 403): its blocks are dropped");
}

TEST_F(AnswersTest, Row403OfABlockDropsIt) {
  answer("logs", status(403));
  expect_refused(4, "(status 403): dropped");
}

TEST_F(AnswersTest, Row404WaitsAndLosesNothing) { expect_tried_again_after(status(404)); }
TEST_F(AnswersTest, Row408IsTriedAgain) { expect_tried_again_after(status(408)); }

TEST_F(AnswersTest, Row413CutsABlockInTwoUntilItFits) {
  server_.decide([](const ReceivedRequest& request) {
    const bool block = request.body.starts_with("x");
    return status(block && request.body.size() > 2 ? 413 : 200);
  });
  outbox_.max_in_flight = 1;
  start();
  BlockItem item = items_.block(StreamKind::kLog, "xxxxxxxx", 8);
  item.split = [this](const std::string& body) -> Result<std::vector<Part>> {
    std::vector<Part> parts(2);
    for (Part& part : parts) {
      items_.made->note(body.substr(0, body.size() / 2), body.size() / 2);
      part.block_id = Uuid::random();
      part.body = std::make_shared<const std::string>(body.substr(0, body.size() / 2));
      part.events[0] = body.size() / 2;
    }
    return parts;
  };
  ASSERT_TRUE(outbox().add_block(std::move(item)));
  uploader_->wake();
  EXPECT_TRUE(delivered());
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 8U);
  EXPECT_THAT(bodies(),
              ElementsAre("process", "log stream", "xxxxxxxx", "xxxx", "xx", "xx", "xx", "xx"))
      << "the second half is not even tried whole";
}

// The acknowledgement was lost, so it may be stored: parts, with ids of their own, would come
// twice.
TEST_F(AnswersTest, Row413OfABlockThatMayBeStoredAlreadyDropsIt) {
  server_.decide([this](const ReceivedRequest& request) {
    if (request.body != "logs") return status(200);
    return ++tries_["logs"] == 1 ? raw_then_close("HTTP/1.1 2") : status(413);
  });
  start();
  BlockItem item = items_.block(StreamKind::kLog, "logs", 4);
  item.split = [](const std::string&) -> Result<std::vector<Part>> {
    Part half{Uuid::random(), {2}, std::make_shared<const std::string>("half")};
    return std::vector<Part>(2, half);
  };
  ASSERT_TRUE(outbox().add_block(std::move(item)));
  uploader_->wake();
  EXPECT_FALSE(delivered());
  EXPECT_EQ(dropped(outbox().stats(), EventKind::kLog, DropReason::kRefused), 4U);
  EXPECT_THAT(bodies(), ElementsAre("process", "log stream", "logs", "logs"));
}

TEST_F(AnswersTest, Row413OfWhatCannotBeCutDropsIt) {
  answer("logs", status(413));
  expect_refused(4, "cannot be cut further");
}

TEST_F(AnswersTest, Row413WithPartsThatDoNotAddUpDropsTheBlockInTheBooks) {
  answer("logs", status(413));
  start();
  BlockItem item = items_.block(StreamKind::kLog, "logs", 4);
  item.split = [](const std::string&) -> Result<std::vector<Part>> {
    return std::vector<Part>(2, Part{Uuid::random(), {}, std::make_shared<const std::string>("x")});
  };
  ASSERT_TRUE(outbox().add_block(std::move(item)));
  uploader_->wake();
  EXPECT_FALSE(delivered());
  EXPECT_EQ(dropped(outbox().stats(), EventKind::kLog, DropReason::kRefused), 4U);
}

TEST_F(AnswersTest, Row429IsTriedAgain) { expect_tried_again_after(status(429)); }

TEST_F(AnswersTest, Row429WaitsTheSecondsOfRetryAfter) {
  server_.script({status(429, {{"Retry-After", "1"}})});
  const auto before = steady_clock::now();
  send();
  EXPECT_TRUE(delivered());
  EXPECT_GE(steady_clock::now() - before, 1s);
}

TEST_F(AnswersTest, Row429WaitsUntilTheDateOfRetryAfter) {
  server_.script({status(429, {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                               {"Retry-After", "Sun, 06 Nov 1994 08:49:38 GMT"}})});
  const auto before = steady_clock::now();
  send();
  EXPECT_TRUE(delivered());
  EXPECT_GE(steady_clock::now() - before, 1s);
}

TEST_F(AnswersTest, Row500OnceIsTriedAgain) { expect_tried_again_after(status(500)); }

TEST_F(AnswersTest, Row500ForEverOfOneBlockDropsThatBlockAlone) {
  server_.decide(
      [](const ReceivedRequest& request) { return status(request.body == "poison" ? 500 : 200); });
  start();
  add(StreamKind::kLog, "poison", 5);
  std::uint64_t others = 0;
  while (dropped(outbox().stats(), EventKind::kLog, DropReason::kRefused) == 0 &&
         others < 100'000) {
    const std::size_t before = server_.requests().size();
    add(StreamKind::kLog, "fine " + std::to_string(others++), 1);
    ASSERT_TRUE(server_.wait_for_requests(before + 1));
  }
  EXPECT_FALSE(delivered());
  EXPECT_EQ(dropped(outbox().stats(), EventKind::kLog, DropReason::kRefused), 5U);
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, others);
}

TEST_F(AnswersTest, Row500ForEverOfEverythingKeepsEverything) {
  server_.decide([](const ReceivedRequest&) { return status(500); });
  send();
  ASSERT_TRUE(server_.wait_for_requests(30));
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).held, 4U);
  server_.decide(nullptr);
  EXPECT_TRUE(delivered());
}

TEST_F(AnswersTest, Row503IsTriedAgain) { expect_tried_again_after(status(503)); }

// --- no answer at all.

// A connection for each try, one try at a time, so that each of them is cut where it says; the next
// one follows at once.
TEST_F(AnswersTest, RowAConnectionThatEndsAtAnyByteOfTheRequestIsTriedAgain) {
  outbox_.max_in_flight = 1;
  outbox_.backoff = {1ms, 1ms};
  client_.max_connection_age = 0ms;
  send();
  ASSERT_TRUE(delivered());
  const std::vector<ReceivedRequest> whole = server_.requests();
  ASSERT_EQ(whole.size(), 3U);
  uploader_->stop(steady_clock::now());

  std::size_t connections = server_.connections();
  for (const ReceivedRequest& request : whole) {
    for (std::size_t bytes = 0; bytes < request.bytes; ++bytes) server_.read_at_most(bytes);
    server_.read_at_most(SIZE_MAX);
    connections += request.bytes + 1;
  }
  send();
  ASSERT_TRUE(delivered());
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 4U);
  EXPECT_EQ(server_.connections(), connections) << "one for each byte and one for each request";
  EXPECT_THAT(bodies(),
              ElementsAre("process", "log stream", "logs", "process", "log stream", "logs"));
}

// Believed as soon as the head is there: what is missing then is for people.
TEST_F(AnswersTest, RowAConnectionThatEndsAtAnyByteOfTheAnswerIsTriedAgainOrBelieved) {
  outbox_.max_in_flight = 1;
  outbox_.backoff = {1ms, 1ms};
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
  const std::string answer = head + "done";
  std::map<std::string, std::size_t> sent;  // of the answers, by the request
  server_.decide([&](const ReceivedRequest& request) {
    const std::size_t first = request.body.starts_with("more") ? head.size() : 0;
    const std::size_t bytes = first + tries_[request.body]++;
    sent[request.body] = bytes;
    return raw_then_close(answer.substr(0, bytes));
  });
  send();
  ASSERT_TRUE(delivered());
  EXPECT_EQ(outbox().stats().requests, 3 * (head.size() + 1));
  for (const auto& [body, bytes] : sent) EXPECT_EQ(bytes, head.size()) << body;

  for (std::size_t bytes = head.size() + 1; bytes <= answer.size(); ++bytes) {
    const std::string body = "more " + std::to_string(bytes);
    tries_[body] = static_cast<int>(bytes - head.size());
    add(StreamKind::kLog, body, 1);
    ASSERT_TRUE(delivered());
    EXPECT_EQ(sent[body], bytes);
  }
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 4 + 4U);
}

TEST_F(AnswersTest, RowAResetIsTriedAgain) {
  answer_each_once_with(reset_connection());
  send();
  EXPECT_TRUE(delivered());
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 4U);
  EXPECT_EQ(server_.requests().size(), 6U) << "on a kept connection within the same try";
}

TEST_F(AnswersTest, RowGarbageIsTriedAgain) {
  expect_tried_again_after(raw_then_close("\x16\x03\x01 SSH-2.0 \xff\xfe\r\n\r\n"));
}

TEST_F(AnswersTest, RowAHalfOpenConnectionCostsTheTimeLimitAndNothingElse) {
  client_.request_timeout = 1s;
  expect_tried_again_after(say_nothing());
}

TEST_F(AnswersTest, RowAServerThatReadsNothingCostsTheTimeLimitAndNothingElse) {
  client_.request_timeout = 3s;  // a sanitizer takes its time for so many bytes
  server_.read_slowly(0ms);
  start();
  add(StreamKind::kLog, std::string(16 << 20, 'x'), 4);
  ASSERT_TRUE(tried_again(1));
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).held, 4U);
  server_.read_slowly(std::nullopt);
  EXPECT_TRUE(delivered());
}

// Slow is not dead, as long as the whole try keeps its time.
TEST_F(AnswersTest, RowAnAnswerByteByByteIsTakenWithinTheTimeLimit) {
  answer_each_once_with(drip(status(200), 1ms));
  send();
  EXPECT_TRUE(delivered());
  EXPECT_EQ(outbox().stats().requests, 3U);
}

TEST_F(AnswersTest, RowAnAnswerOfOneByteASecondIsTriedAgain) {
  client_.request_timeout = 1s;
  expect_tried_again_after(drip(status(200), 1s));
}

TEST_F(AnswersTest, RowAGigabyteOfHeadersIsCutShort) {
  const auto before = steady_clock::now();
  expect_tried_again_after(flood(
      "HTTP/1.1 200 OK\r\n", "X-More: " + std::string(8000, 'x') + "\r\n", std::size_t{1} << 30));
  EXPECT_LT(steady_clock::now() - before, 20s);
}

TEST_F(AnswersTest, RowABodyWithoutEndIsCutShortAndTheHeadBelieved) {
  answer_each_once_with(flood("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n",
                              std::string(8192, 'x'), std::size_t{1} << 30));
  send();
  EXPECT_TRUE(delivered());
  EXPECT_EQ(outbox().stats().requests, 3U);
}

TEST_F(AnswersTest, RowAWrongContentLengthCostsTheConnectionOnly) {
  client_.request_timeout = 2s;
  // Too long: the rest never comes. Too short: what follows would be read as the next answer.
  server_.script({raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
                  raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 Not yours\r\n\r\n"),
                  status(200)});
  send();
  EXPECT_TRUE(delivered());
  EXPECT_EQ(outbox().stats().requests, 3U);
  EXPECT_EQ(server_.connections(), 3U);
}

// Between two requests the server closes what it kept: no data, no wait, no try is lost.
TEST_F(AnswersTest, RowAKeptConnectionThatWasJustClosedCostsNothing) {
  start();
  add(StreamKind::kLog, "first");
  ASSERT_TRUE(delivered());
  const auto before = steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    if (i % 2 == 0) {
      server_.close_idle_connections();
    } else {
      server_.script({hang_up()});  // just as the next one arrives on it
    }
    add(StreamKind::kLog, std::to_string(i));
    ASSERT_TRUE(delivered());
  }
  const UploadStats stats = outbox().stats();
  EXPECT_EQ(stats.retries, 0U);
  EXPECT_EQ(stats.last_error, "");
  EXPECT_LT(steady_clock::now() - before, 10s);
}

// --- shedding.

// Spans wait in the last lane: however many there are, a log stands behind what is under way only.
TEST_F(AnswersTest, ABurstOfSpansDelaysALogByOneRequestAtMost) {
  outbox_.max_in_flight = 1;
  start();
  std::atomic<bool> added{false};
  server_.decide([&](const ReceivedRequest& request) {
    if (request.body == "span 100" && !added.exchange(true)) {
      outbox().add_block(items_.block(StreamKind::kLog, "the log", 1));
    }
    return status(200);
  });
  for (int i = 0; i < 2000; ++i) add(StreamKind::kThread, "span " + std::to_string(i));
  ASSERT_TRUE(delivered());
  const auto sent = bodies();
  const auto at = [&](const std::string& body) {
    return std::find(sent.begin(), sent.end(), body) - sent.begin();
  };
  EXPECT_EQ(at("log stream"), at("span 100") + 1) << "the stream's first block announces it";
  EXPECT_EQ(at("the log"), at("span 100") + 2);
}

}  // namespace
}  // namespace micromegas::upload
