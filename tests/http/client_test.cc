// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/client.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "micromegas/tests/http/client_fixture.h"
#include "micromegas/tests/support/reserved_port.h"

namespace micromegas::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::close_after;
using testing::drip;
using testing::hang_up;
using testing::Headers;
using testing::kPatience;
using testing::raw;
using testing::raw_then_close;
using testing::reset_connection;
using testing::say_nothing;
using testing::status;
using Kind = Outcome::Kind;

TEST_F(ClientTest, SendsExactlyTheseHeaders) {
  options_.credential = *make_api_key("mmk_key", "api_key");
  const std::string body("\0\xff\r\n\r\n", 6);
  EXPECT_EQ(post(body).status, 200U);
  const auto request = server_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/ingestion/insert_block");
  EXPECT_EQ(request.body, body);
  const Headers expected = {{"Host", "127.0.0.1:" + std::to_string(server_.port())},
                            {"User-Agent", "client_test/1"},
                            {"Content-Type", "application/cbor"},
                            {"Content-Length", "6"},
                            {"Authorization", "Bearer mmk_key"}};
  EXPECT_EQ(request.headers, expected);
}

TEST_F(ClientTest, SendsNoAuthorizationWithoutAKey) {
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(server_.requests().at(0).header("Authorization"), "");
}

TEST_F(ClientTest, PutsThePrefixBeforeThePath) {
  connect_to(server_.url() + "/telemetry/");
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(server_.requests().at(0).path, "/telemetry/ingestion/insert_block");
}

TEST_F(ClientTest, ReusesAConnection) {
  server_.script({status(200), status(500, {}, "with a body"), status(204)});
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(post().status, 500U);
  EXPECT_EQ(post().status, 204U);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(ClientTest, OpensAnotherAfterConnectionClose) {
  server_.script({close_after(status(200, {{"Connection", "close"}}))});
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(server_.connections(), 2U);
}

TEST_F(ClientTest, ReplacesAConnectionThatTheServerClosedMeanwhile) {
  EXPECT_EQ(post().status, 200U);
  server_.close_idle_connections();
  EXPECT_EQ(post("again").status, 200U);
  EXPECT_EQ(server_.requests().back().body, "again");
}

// The race: the server closes the kept connection just when the next request arrives on it.
TEST_F(ClientTest, ReplacesAConnectionThatIsClosedUnderTheRequest) {
  server_.script({status(200), hang_up(), status(200)});
  EXPECT_EQ(post("1").status, 200U);
  EXPECT_EQ(post("2").status, 200U);
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[1].connection, 0U);
  EXPECT_EQ(requests[2].connection, 1U);
  EXPECT_EQ(requests[2].body, "2");
}

TEST_F(ClientTest, ClosesAConnectionThatNothingUses) {
  options_.idle_timeout = 1ms;
  server_.script({status(200)});
  EXPECT_EQ(post().status, 200U);
  // The server's thread for it ends when the client closes; then the next one is new.
  const auto patience = steady_clock::now() + kPatience;
  while (server_.open_connections() > 0 && steady_clock::now() < patience)
    std::this_thread::yield();
  EXPECT_EQ(server_.open_connections(), 0U);
}

TEST_F(ClientTest, ReadsRetryAfter) {
  server_.script({status(429, {{"Retry-After", "17"}}),
                  status(429, {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                               {"Retry-After", "Sun, 06 Nov 1994 08:50:00 GMT"}}),
                  status(429, {{"Retry-After", "soon"}}), status(429)});
  EXPECT_EQ(post().retry_after, 17s);
  EXPECT_EQ(post().retry_after, 23s);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(post().retry_after, std::nullopt) << i;
}

TEST_F(ClientTest, SaysWhenNobodyListens) {
  const testing::ReservedPort nobody;
  connect_to(nobody.url());
  const Outcome outcome = post();
  EXPECT_EQ(outcome.kind, Kind::kUnreachable);
  EXPECT_EQ(outcome.error, "Connection refused");
}

TEST_F(ClientTest, TriesEveryAddressOfAName) {
  options_.look_up = [](const std::string&) { return Resolution{{"::1", "127.0.0.1"}, {}}; };
  connect_to("http://a.name:" + std::to_string(server_.port()));
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(server_.requests().at(0).header("Host"), "a.name:" + std::to_string(server_.port()));
}

TEST_F(ClientTest, SaysWhenANameHasNoAddress) {
  options_.look_up = [](const std::string&) { return Resolution{{}, "no such name"}; };
  connect_to("http://a.name");
  const Outcome outcome = post();
  EXPECT_EQ(outcome.kind, Kind::kUnreachable);
  EXPECT_EQ(outcome.error, "no such name");
}

TEST_F(ClientTest, GivesUpOnALookUpThatHangs) {
  options_.request_timeout = 50ms;
  auto release = std::make_shared<std::promise<void>>();
  options_.look_up = [held = release->get_future().share()](const std::string&) {
    held.wait();
    return Resolution{{"127.0.0.1"}, {}};
  };
  connect_to("http://a.name:" + std::to_string(server_.port()));
  EXPECT_EQ(post().kind, Kind::kTimeout);
  release->set_value();
}

TEST_F(ClientTest, GivesUpOnAServerThatSaysNothing) {
  options_.request_timeout = 1s;
  server_.script({say_nothing(), drip(status(200), 100ms)});
  EXPECT_EQ(post().kind, Kind::kTimeout);
  EXPECT_EQ(post().kind, Kind::kTimeout);
  EXPECT_EQ(post().status, 200U);
}

TEST_F(ClientTest, TakesASlowAnswer) {
  server_.script({drip(status(200, {}, "done"), 1ms)});
  EXPECT_EQ(post().status, 200U);
}

TEST_F(ClientTest, TellsABrokenAnswerFromAnAnswer) {
  server_.script({
      hang_up(),
      reset_connection(),
      raw_then_close("HTTP/1.1 2"),
      raw_then_close("HTTP/1.1 200 OK\r\nContent-Le"),
      raw_then_close("SSH-2.0-OpenSSH_9.2p1\r\n"),
      raw_then_close("HTTP/1.1 abc OK\r\n\r\n"),
      raw_then_close("HTTP/9.9 200 OK\r\n\r\n"),
      raw_then_close("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n"),
  });
  for (int i = 0; i < 8; ++i) {
    const Outcome outcome = post();
    EXPECT_EQ(outcome.kind, Kind::kBroken) << i << " status " << outcome.status;
    EXPECT_FALSE(outcome.error.empty()) << i;
  }
  EXPECT_EQ(post().status, 200U);
}

TEST_F(ClientTest, BelievesTheHeadWhateverBecomesOfTheBody) {
  options_.max_body_bytes = 1000;
  options_.request_timeout = 1s;
  server_.script({
      raw_then_close("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
      raw("HTTP/1.1 503 Later\r\nContent-Length: 100\r\n\r\nonly this"),  // until the time limit
      raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nmuch"),
      raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"),
      status(400, {}, std::string(5000, 'x')),
  });
  for (const unsigned expected : {200U, 503U, 200U, 200U, 400U}) {
    const Outcome outcome = post();
    EXPECT_EQ(outcome.kind, Kind::kAnswered);
    EXPECT_EQ(outcome.status, expected);
  }
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(server_.connections(), 6U) << "none of them may be used again";
}

TEST_F(ClientTest, DoesNotReadHeadersForEver) {
  server_.script({raw("HTTP/1.1 200 OK\r\nX: " + std::string(1 << 20, 'x') + "\r\n\r\n")});
  EXPECT_EQ(post().kind, Kind::kBroken);
}

TEST_F(ClientTest, SkipsInterimAnswersButNotForEver) {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  std::string many;
  for (int i = 0; i < 100; ++i) many += interim;
  server_.script({raw(interim + interim + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                  raw_then_close(many)});
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(post().kind, Kind::kBroken);
}

// More than the sockets' buffers hold, refused unread: by a wrong key, or as too large.
TEST_F(ClientTest, HearsAnAnswerBeforeTheBodyHasLeft) {
  server_.reply_before_body(true);
  server_.script({status(413)});
  EXPECT_EQ(post(std::string(64 << 20, 'x')).status, 413U);
}

TEST_F(ClientTest, DoesNotBelieveASuccessBeforeTheBodyHasLeft) {
  server_.reply_before_body(true);
  server_.script({status(200)});
  EXPECT_EQ(post(std::string(64 << 20, 'x')).kind, Kind::kBroken);
}

TEST_F(ClientTest, KeepsARequestsConnectionsApart) {
  std::vector<std::future<Outcome>> outcomes;
  for (int i = 0; i < 20; ++i) outcomes.push_back(start(std::to_string(i)));
  for (auto& outcome : outcomes) EXPECT_EQ(outcome.get().status, 200U);
  EXPECT_EQ(server_.requests().size(), 20U);
}

// Programs that the host starts must not inherit our connections.
TEST_F(ClientTest, ClosesItsSocketsOnExec) {
  std::set<int> before;
  std::string leaked;
  server_.script({testing::after(
      [&] {
        for (int fd = 3; fd < 1024; ++fd) {
          const int flags = fcntl(fd, F_GETFD);
          if (flags != -1 && (flags & FD_CLOEXEC) == 0 && before.count(fd) == 0) {
            leaked += std::to_string(fd) + " ";
          }
        }
      },
      status(200))});
  for (int fd = 3; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) != -1) before.insert(fd);
  }
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(leaked, "");
}

}  // namespace
}  // namespace micromegas::http
