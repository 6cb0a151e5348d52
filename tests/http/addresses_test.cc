// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Names with several addresses, of both families, some of them dead; names that move.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "micromegas/tests/http/client_fixture.h"
#include "micromegas/tests/support/reserved_port.h"
#include "micromegas/transport/http/dialer.h"

namespace micromegas::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using testing::ScriptedServer;
using Kind = Outcome::Kind;

LookUp always(std::vector<std::string> addresses) {
  return [addresses = std::move(addresses)](const std::string&) {
    return Resolution{addresses, {}};
  };
}

// An address that answers nothing, not even no: connections wait in a queue that is full.
class Blackhole {
 public:
  Blackhole(const std::string& address, std::uint16_t port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(boost::asio::ip::make_address_v4(address).to_uint());
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
    EXPECT_EQ(listen(listener_, 0), 0);
    for (int i = 0; i < 2; ++i) {  // the kernel takes one more than it is told
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name));
      fill_.push_back(fd);
    }
  }
  ~Blackhole() {
    for (const int fd : fill_) close(fd);
    close(listener_);
  }

 private:
  int listener_;
  std::vector<int> fill_;
};

TEST(Dialer, LetsTheFamiliesTakeTurns) {
  std::vector<Tcp::endpoint> endpoints;
  for (const char* text : {"::1", "::2", "::3", "1.1.1.1", "2.2.2.2"}) {
    endpoints.emplace_back(boost::asio::ip::make_address(text), 1);
  }
  std::vector<std::string> order;
  for (const auto& endpoint : interleave_families(endpoints)) {
    order.push_back(endpoint.address().to_string());
  }
  EXPECT_THAT(order, ElementsAre("::1", "1.1.1.1", "::2", "2.2.2.2", "::3"));
}

TEST_F(ClientTest, ReachesAServerThatHasIpv6Only) {
  ScriptedServer server({.address = "::1"});
  connect_to("http://localhost:" + std::to_string(server.port()));
  EXPECT_EQ(post().status, 200U);
}

TEST_F(ClientTest, ReachesAServerByAnAddressOfEitherFamily) {
  ScriptedServer server({.address = "::1"});
  connect_to(server.url());
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(server.requests().at(0).header("Host"), "[::1]:" + std::to_string(server.port()));
}

TEST_F(ClientTest, TriesEveryAddressUntilOneAnswers) {
  ScriptedServer server({.address = "127.0.0.3"});
  options_.look_up = always({"::1", "127.0.0.1", "127.0.0.2", "127.0.0.3"});
  connect_to("http://a.name:" + std::to_string(server.port()));
  EXPECT_EQ(post().status, 200U);
}

// A dead address costs a quarter of a second, not the time limit of the request.
TEST_F(ClientTest, DoesNotWaitForAnAddressThatSaysNothing) {
  ScriptedServer server({.address = "127.0.0.2"});
  const Blackhole dead("127.0.0.1", server.port());
  options_.request_timeout = 20s;
  options_.look_up = always({"127.0.0.1", "127.0.0.2"});
  connect_to("http://a.name:" + std::to_string(server.port()));
  const auto before = steady_clock::now();
  EXPECT_EQ(post().status, 200U);
  EXPECT_LT(steady_clock::now() - before, 10s);
}

TEST_F(ClientTest, GivesUpInTimeWhenEveryAddressSaysNothing) {
  const testing::ReservedPort reserved;
  const Blackhole one("127.0.0.1", reserved.port());
  const Blackhole two("127.0.0.2", reserved.port());
  options_.request_timeout = 300ms;
  options_.look_up = always({"127.0.0.1", "127.0.0.2"});
  connect_to("http://a.name:" + std::to_string(reserved.port()));
  EXPECT_EQ(post().kind, Kind::kTimeout);
}

// Each new connection asks for the address anew, and none is kept for ever.
TEST_F(ClientTest, FollowsANameThatMoves) {
  ScriptedServer moved({.address = "127.0.0.2", .port = server_.port()});
  auto where = std::make_shared<std::atomic<const char*>>("127.0.0.1");
  options_.look_up = [where](const std::string&) { return Resolution{{where->load()}, {}}; };
  options_.max_connection_age = 0ms;
  connect_to("http://a.name:" + std::to_string(server_.port()));
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(server_.requests().size(), 1U);
  where->store("127.0.0.2");
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(moved.requests().size(), 1U);
}

}  // namespace
}  // namespace micromegas::http
