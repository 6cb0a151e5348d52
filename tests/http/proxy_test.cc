// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "micromegas/tests/http/client_fixture.h"

namespace micromegas::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::Authority;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedServer;
using testing::status;
using Kind = Outcome::Kind;

using Variables = std::map<std::string, std::string>;

Result<std::optional<Proxy>> proxy_for(const char* url, const Variables& variables) {
  return proxy_from_variables(*parse_endpoint(url, "url"),
                              [&](const char* name) -> std::optional<std::string_view> {
                                const auto it = variables.find(name);
                                if (it == variables.end()) return std::nullopt;
                                return it->second;
                              });
}

std::string found(const char* url, const Variables& variables) {
  const auto proxy = proxy_for(url, variables);
  if (!proxy) return "error";
  return *proxy ? (*proxy)->host + ":" + std::to_string((*proxy)->port) : "none";
}

TEST(Proxy, IsReadFromTheVariableOfTheScheme) {
  const Variables both = {{"http_proxy", "http://plain:1"}, {"https_proxy", "http://secure:2/"}};
  EXPECT_EQ(found("http://a.name", both), "plain:1");
  EXPECT_EQ(found("https://a.name", both), "secure:2");
  EXPECT_EQ(found("https://a.name", {{"HTTPS_PROXY", "proxy:3"}}), "proxy:3");
  EXPECT_EQ(found("http://a.name", {{"all_proxy", "http://[::1]:4"}}), "::1:4");
  EXPECT_EQ(found("https://a.name", {{"ALL_PROXY", "proxy"}}), "proxy:1080");
  EXPECT_EQ(found("http://a.name", {{"HTTP_PROXY", "http://from-a-request-header:1"}}), "none");
  EXPECT_EQ(found("http://a.name", {{"https_proxy", "http://secure:2"}}), "none");
}

TEST(Proxy, IsNotUsedForTheHostsOfNoProxy) {
  const auto with = [](const char* no_proxy) {
    return found("http://a.b.name", {{"all_proxy", "proxy:1"}, {"no_proxy", no_proxy}});
  };
  for (const char* spared : {"*", "a.b.name", "b.name", ".name", "x, A.B.NAME", "x .b.name"}) {
    EXPECT_EQ(with(spared), "none") << spared;
  }
  for (const char* other : {"", "x", "a", "xb.name", "b.name.x", ".x.a.b.name"}) {
    EXPECT_EQ(with(other), "proxy:1") << other;
  }
  for (const char* here : {"http://localhost", "http://127.0.0.1:8081", "http://[::1]"}) {
    EXPECT_EQ(found(here, {{"all_proxy", "proxy:1"}}), "none") << here;
  }
}

TEST(Proxy, OfAnotherKindIsAnErrorThatShowsNoPassword) {
  for (const char* url : {"socks5://me:hunter2@proxy:1", "https://me:hunter2@proxy:1",
                          "http://me:hunter2@pro xy:1", "me:hunter2@:99999"}) {
    const auto proxy = proxy_for("https://a.name", {{"https_proxy", url}});
    ASSERT_FALSE(proxy) << url;
    EXPECT_THAT(proxy.error().message(),
                AllOf(HasSubstr("https_proxy"), HasSubstr("no_proxy"), Not(HasSubstr("hunter2"))));
  }
}

TEST(Proxy, TakesAUserAndPasswordFromTheUrl) {
  const auto proxy =
      proxy_for("http://a.name", {{"http_proxy", "http://Aladdin:open%20sesame@p:1"}});
  ASSERT_TRUE(proxy && *proxy);
  EXPECT_EQ((*proxy)->authorization.reveal(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

// The proxy is all that has an address.
class ProxyTest : public ClientTest {
 protected:
  void through(const ScriptedServer& proxy, const std::string& url) {
    options_.proxy =
        Proxy{.host = "127.0.0.1", .port = proxy.port(), .authorization = Secret("Basic eDp5")};
    options_.look_up = [](const std::string&) { return Resolution{{}, "no such name"}; };
    connect_to(url);
  }
};

TEST_F(ProxyTest, IsAskedForTheWholeUrl) {
  through(server_, "http://a.name:8081/prefix");
  EXPECT_EQ(post().status, 200U);
  const auto request = server_.requests().at(0);
  EXPECT_EQ(request.path, "http://a.name:8081/prefix/ingestion/insert_block");
  EXPECT_EQ(request.header("Host"), "a.name:8081");
  EXPECT_EQ(request.header("Proxy-Authorization"), "Basic eDp5");
}

TEST_F(ProxyTest, SeesNothingOfWhatGoesToATlsServer) {
  const Authority authority("test CA");
  const std::string ca = std::filesystem::path(::testing::TempDir()) / "proxy_test_ca.pem";
  std::ofstream(ca) << authority.pem();
  ScriptedServer proxy({.certificate = authority.issue({.hosts = {"a.name"}}), .proxy = true});
  proxy.script({testing::tunnel()});
  options_.tls = *make_tls_context({.ca_file = ca});
  options_.credential = *make_api_key("mmk_key", "api_key");
  through(proxy, "https://a.name");
  EXPECT_EQ(post().status, 200U);
  EXPECT_EQ(post("again").status, 200U);
  const auto requests = proxy.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].method, "CONNECT");
  EXPECT_EQ(requests[0].path, "a.name:443");
  EXPECT_EQ(requests[0].header("Authorization"), "");
  EXPECT_EQ(requests[0].header("Proxy-Authorization"), "Basic eDp5");
  EXPECT_EQ(requests[1].header("Proxy-Authorization"), "") << "the server's eyes are not for it";
  EXPECT_EQ(requests[1].path, "/ingestion/insert_block");
  EXPECT_EQ(requests[2].connection, 0U);
}

TEST_F(ProxyTest, ThatRefusesIsToldApartFromTheServer) {
  server_.script({status(407), status(503), testing::hang_up()});
  options_.tls = *make_tls_context({});
  through(server_, "https://a.name");
  Outcome outcome = post();
  EXPECT_EQ(outcome.kind, Kind::kUnreachable);
  EXPECT_THAT(outcome.error, AllOf(HasSubstr("the proxy"), HasSubstr("user name")));
  EXPECT_EQ(post().error, "the proxy answered with status 503");
  outcome = post();
  EXPECT_EQ(outcome.kind, Kind::kUnreachable);
  EXPECT_THAT(outcome.error, HasSubstr("the proxy: "));
}

}  // namespace
}  // namespace micromegas::http
