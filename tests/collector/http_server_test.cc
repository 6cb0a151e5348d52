// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/tests/collector/raw_client.h"

namespace micromegas::collector {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using testing::exchange;
using ::testing::HasSubstr;
using testing::post_text;
using testing::RawAnswer;
using testing::RawClient;

// Answers with the body it got; refuses the path /no before the body.
class Echo final : public HttpHandler {
 public:
  std::optional<HttpReply> check(const HttpHead& head) override {
    if (head.path == "/no") return HttpReply{401, "no", {}};
    return std::nullopt;
  }
  HttpReply handle(const HttpHead&, std::string body) override {
    return {200, std::move(body), {}};
  }
  void on_refused(unsigned status, std::string_view) override {
    const std::lock_guard lock(mutex_);
    refused_.push_back(status);
  }
  std::vector<unsigned> refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  std::mutex mutex_;
  std::vector<unsigned> refused_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void start(const HttpLimits& limits = {}) {
    auto server = HttpServer::start("127.0.0.1", 0, limits, echo_);
    ASSERT_TRUE(server) << server.error().message();
    server_ = std::move(*server);
  }
  std::uint16_t port() const { return server_->port(); }
  // What was too much is over, and the next one is served.
  void expect_alive() {
    EXPECT_EQ(exchange(port(), post_text("/", "still here")).body, "still here\n");
  }

  Echo echo_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOneRequestAfterAnotherOnAConnection) {
  start();
  RawClient client(port());
  for (const char* body : {"first", "", "third"}) {
    ASSERT_TRUE(client.send(post_text("/", body)));
    const RawAnswer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, *body != '\0' ? std::string(body) + "\n" : "");
  }
}

TEST_F(HttpServerTest, AnswersRequestsThatCameTogetherInOrder) {
  start();
  RawClient client(port());
  ASSERT_TRUE(client.send(post_text("/", "a") + post_text("/no", "b") + post_text("/", "c")));
  EXPECT_EQ(client.read_answer().body, "a\n");
  EXPECT_EQ(client.read_answer().status, 401);
  EXPECT_EQ(client.read_answer().body, "c\n");
}

TEST_F(HttpServerTest, ReadsABodyThatComesInManyPieces) {
  start();
  std::string body(3'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i * 7 % 26);
  EXPECT_EQ(exchange(port(), post_text("/", body)).body, body + "\n");
}

TEST_F(HttpServerTest, ReadsAChunkedBody) {
  start();
  const RawAnswer answer = exchange(port(),
                                    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                                    "\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n");
  EXPECT_EQ(answer.body, "abcdefg\n");
}

TEST_F(HttpServerTest, SaysContinueToAClientThatAsks) {
  start();
  RawClient client(port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("ok");
  EXPECT_EQ(client.read_answer().body, "ok\n");
}

TEST_F(HttpServerTest, ClosesAfterTheAnswerWhenAsked) {
  start();
  RawClient client(port());
  client.send(post_text("/", "x", "Connection: close\r\n"));
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(HttpServerTest, RefusesBeforeALargeBodyIsRead) {
  start();
  RawClient client(port());
  client.send("POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 401);
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(HttpServerTest, TellsAClientThatKeepsSendingWhyItWasRefused) {
  start({.max_body_bytes = 1'000});
  RawClient client(port());
  const std::string body(20'000'000, 'x');
  EXPECT_TRUE(client.send(post_text("/", body)));  // all of it, before looking for an answer
  EXPECT_EQ(client.read_answer().status, 413);
  expect_alive();
}

TEST_F(HttpServerTest, RefusesABodyOverTheLimitHoweverItIsAnnounced) {
  start({.max_body_bytes = 1'000});
  for (const char* length : {"1001", "100000000000", "18446744073709551615"}) {
    const RawAnswer answer =
        exchange(port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::string(length) +
                             "\r\n\r\n");
    EXPECT_EQ(answer.status, 413) << length;
    EXPECT_THAT(answer.body, HasSubstr("1000 bytes"));
  }
  const RawAnswer chunked =
      exchange(port(), "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
                           std::string(2'000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.status, 413);
  EXPECT_EQ(exchange(port(), post_text("/", std::string(1'000, 'x'))).status, 200);
  expect_alive();
}

TEST_F(HttpServerTest, RefusesALargeHeader) {
  start({.max_header_bytes = 2'000});
  EXPECT_EQ(exchange(port(), post_text("/", "", "X: " + std::string(5'000, 'x') + "\r\n")).status,
            431);
  EXPECT_EQ(exchange(port(), "GET /" + std::string(5'000, 'x')).status, 431);
  expect_alive();
}

TEST_F(HttpServerTest, AnswersWhatIsNotHttpWith400) {
  start();
  for (const char* garbage :
       {"\x16\x03\x01\x02\x01 TLS here\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/3.7\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5x\r\n\r\n", "\r\n\r\nGET\t/\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"}) {
    const RawAnswer answer = exchange(port(), garbage);
    EXPECT_EQ(answer.status, 400) << garbage;
    EXPECT_THAT(answer.body, HasSubstr("not HTTP: ")) << garbage;
  }
  expect_alive();
}

TEST_F(HttpServerTest, AnswersASlowHeaderAndASlowBodyWith408) {
  start({.header_timeout = milliseconds(50)});
  EXPECT_EQ(exchange(port(), "POST / HT").status, 408);
  const auto before = steady_clock::now();
  start({.body_timeout = milliseconds(50)});
  RawClient client(port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  const RawAnswer answer = client.read_answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_THAT(answer.body, HasSubstr("body took too long"));
  EXPECT_LT(steady_clock::now() - before, std::chrono::seconds(5));  // not the header's 10
  EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_THAT(echo_.refused(), ElementsAre(408, 408));
}

TEST_F(HttpServerTest, ADripOfBytesDoesNotKeepAConnectionOpen) {
  start({.header_timeout = milliseconds(200)});
  RawClient client(port());
  client.send("GET / HTTP/1.1\r\n");
  // Each header line would restart a timer that only looks at silence.
  for (int i = 0; i < 200 && !client.is_answered_within(milliseconds(10)); ++i) {
    client.send("X: y\r\n");
  }
  EXPECT_EQ(client.read_answer().status, 408);
  expect_alive();
}

TEST_F(HttpServerTest, ClosesAnIdleConnectionWithoutAWord) {
  start({.idle_timeout = milliseconds(50)});
  RawClient silent(port());
  EXPECT_TRUE(silent.is_closed_by_peer());
  start({.idle_timeout = std::chrono::seconds(2)});  // not before it has spoken
  RawClient once(port());
  once.send(post_text("/", "x"));
  EXPECT_EQ(once.read_answer().status, 200);
  EXPECT_TRUE(once.is_closed_by_peer());
  EXPECT_TRUE(echo_.refused().empty());
}

TEST_F(HttpServerTest, BoundsTheBytesOfAllRequestsTogether) {
  start({.max_total_body_bytes = 400'000});
  // Either fits alone; with all but the last byte of both, one of them is too much.
  RawClient clients[] = {RawClient(port()), RawClient(port())};
  for (RawClient& client : clients) {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
    client.send(std::string(299'999, 'x'));
  }
  const auto deadline = steady_clock::now() + RawClient::kWait;
  std::size_t refused = 0;
  while (!clients[refused].is_answered_within(milliseconds(5)) && steady_clock::now() < deadline) {
    refused = 1 - refused;
  }
  const RawAnswer answer = clients[refused].read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.head, HasSubstr("Retry-After: 1"));
  clients[1 - refused].send("x");
  EXPECT_EQ(clients[1 - refused].read_answer().status, 200);
  EXPECT_EQ(exchange(port(), post_text("/", std::string(300'000, 'y'))).status, 200);
}

TEST_F(HttpServerTest, AnAnnouncedLengthTakesNoMemory) {
  start({.max_total_body_bytes = 1'000'000});
  std::vector<RawClient> liars;
  for (int i = 0; i < 10; ++i) {
    liars.emplace_back(port());
    liars.back().send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n");
  }
  EXPECT_EQ(exchange(port(), post_text("/", std::string(200'000, 'y'))).status, 200);
}

TEST_F(HttpServerTest, AConnectionTooManyIsAnswered503) {
  start({.max_connections = 2});
  std::vector<RawClient> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(port());
    clients.back().send(post_text("/", "x"));
    ASSERT_EQ(clients.back().read_answer().status, 200);
  }
  RawClient third(port());
  const RawAnswer answer = third.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("too many connections"));
  third.close();
  clients.clear();
  const auto deadline = steady_clock::now() + RawClient::kWait;
  int status = 0;
  while (status != 200 && steady_clock::now() < deadline) {
    status = exchange(port(), post_text("/", "x")).status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(HttpServerTest, SurvivesAThousandConnectionsOfGarbage) {
  start({.max_connections = 16,
         .idle_timeout = milliseconds(200),
         .header_timeout = milliseconds(200),
         .body_timeout = milliseconds(200)});
  std::uint32_t state = 1;
  std::vector<RawClient> held;  // some stay open and silent
  for (int i = 0; i < 1'000; ++i) {
    RawClient client(port());
    ASSERT_TRUE(client.is_connected()) << i;
    std::string garbage = i % 3 == 0 ? "POST / HTTP/1.1\r\n" : "";
    for (int k = 0; k < 64; ++k) {
      state = state * 1664525 + 1013904223;
      garbage.push_back(static_cast<char>(state >> 24));
    }
    client.send(garbage);
    if (i % 10 == 0) held.push_back(std::move(client));
  }
  int status = 0;
  const auto deadline = steady_clock::now() + RawClient::kWait;
  while (status != 200 && steady_clock::now() < deadline) {
    status = exchange(port(), post_text("/", "x")).status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(HttpServerTest, StopsAtOnceWhateverIsConnected) {
  start();
  RawClient idle(port());
  RawClient in_header(port());
  in_header.send("POST / HT");
  RawClient in_body(port());
  in_body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  expect_alive();
  const auto before = steady_clock::now();
  const std::uint16_t old_port = port();
  server_->stop();
  server_->stop();
  EXPECT_LT(steady_clock::now() - before, std::chrono::seconds(5));
  EXPECT_TRUE(idle.is_closed_by_peer());
  EXPECT_TRUE(in_header.is_closed_by_peer());
  EXPECT_TRUE(in_body.is_closed_by_peer());
  EXPECT_FALSE(RawClient(old_port).is_connected());
}

TEST_F(HttpServerTest, StopsWhileBodiesArrive) {
  const std::string request = post_text("/", std::string(2'000'000, 'x'));
  for (int i = 0; i < 50; ++i) {
    start();
    RawClient client(port());
    std::thread sender([&] { client.send(request); });
    server_->stop();
    sender.join();
  }
}

TEST_F(HttpServerTest, StopsWhileItAnswersAClientThatDoesNotRead) {
  start();
  RawClient client(port());
  client.send(post_text("/", std::string(30'000'000, 'x')));
  expect_alive();
  const auto before = steady_clock::now();
  server_->stop();
  EXPECT_LT(steady_clock::now() - before, std::chrono::seconds(5));
}

TEST_F(HttpServerTest, NamesTheAddressThatItCannotHave) {
  start();
  const auto taken = HttpServer::start("127.0.0.1", port(), {}, echo_);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message(), HasSubstr("127.0.0.1:" + std::to_string(port())));
  EXPECT_THAT(taken.error().message(), HasSubstr("port"));
  const auto wrong = HttpServer::start("localhost", 0, {}, echo_);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("\"localhost\""));
}

}  // namespace
}  // namespace micromegas::collector
