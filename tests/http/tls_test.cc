// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// https against a real TLS server, with certificates made here.

#include "micromegas/transport/http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "micromegas/tests/http/client_fixture.h"

namespace micromegas::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::Authority;
using testing::Certificate;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ScriptedServer;
using testing::status;
using Kind = Outcome::Kind;

class TlsTest : public ClientTest {
 protected:
  static std::string write(const std::string& name, const std::string& text) {
    const auto folder = std::filesystem::path(::testing::TempDir()) / "tls_test";
    std::filesystem::create_directories(folder);
    const std::string path = folder / name;
    std::ofstream(path) << text;
    return path;
  }

  // The client reaches the server under any name.
  void connect(const ScriptedServer& server, const std::string& host, const TlsOptions& tls) {
    auto context = make_tls_context(tls);
    ASSERT_TRUE(context) << context.error().message();
    options_.tls = *context;
    options_.look_up = [](const std::string&) { return Resolution{{"127.0.0.1"}, {}}; };
    connect_to("https://" + host + ":" + std::to_string(server.port()));
  }
  TlsOptions trusting() { return {.ca_file = write("ca.pem", authority_.pem())}; }

  const Authority authority_{"micromegas test CA"};
};

TEST_F(TlsTest, DeliversToAServerThatIsWhoItSays) {
  ScriptedServer server({.certificate = authority_.issue({.hosts = {"a.name"}})});
  options_.credential = *make_api_key("mmk_key", "api_key");
  connect(server, "a.name", trusting());
  const std::string body(3 << 20, 'x');  // many records
  EXPECT_EQ(post(body).status, 200U);
  EXPECT_EQ(post().status, 200U);
  const auto requests = server.requests();
  EXPECT_EQ(requests.at(0).body, body);
  EXPECT_EQ(requests.at(0).header("Authorization"), "Bearer mmk_key");
  EXPECT_EQ(server.connections(), 1U) << "kept";
  EXPECT_THAT(server.server_names(), ElementsAre("a.name"));
}

TEST_F(TlsTest, AcceptsAnAddressInTheCertificate) {
  ScriptedServer server({.certificate = authority_.issue({.addresses = {"127.0.0.1"}})});
  connect(server, "127.0.0.1", trusting());
  EXPECT_EQ(post().status, 200U);
  EXPECT_THAT(server.server_names(), ElementsAre("")) << "an address is no server name";
}

TEST_F(TlsTest, AcceptsAWildcardOfOneLabelOnly) {
  ScriptedServer server({.certificate = authority_.issue({.hosts = {"*.a.name"}})});
  connect(server, "x.a.name.", trusting());
  EXPECT_EQ(post().status, 200U);
  Client other(loop_, [&] {
    ClientOptions options = options_;
    options.endpoint.host = "y.x.a.name";
    return options;
  }());
  std::promise<Outcome> promise;
  loop_.post([&] {
    other.post("/", std::make_shared<const std::string>("x"),
               [&](Outcome outcome) { promise.set_value(std::move(outcome)); });
  });
  EXPECT_EQ(promise.get_future().get().kind, Kind::kUnreachable);
  loop_.stop();
}

TEST_F(TlsTest, RefusesACertificateForAnotherHost) {
  ScriptedServer server({.certificate = authority_.issue({.hosts = {"another.name"}})});
  connect(server, "a.name", trusting());
  const Outcome outcome = post();
  EXPECT_EQ(outcome.kind, Kind::kUnreachable);
  EXPECT_EQ(outcome.error,
            "the server's certificate is not for a.name: correct the host in the url");
  EXPECT_TRUE(server.requests().empty()) << "not a byte of the request may have left";
}

TEST_F(TlsTest, RefusesAnAddressThatTheCertificateDoesNotName) {
  ScriptedServer server({.certificate = authority_.issue({.hosts = {"127.0.0.1"}})});
  connect(server, "127.0.0.1", trusting());
  EXPECT_THAT(post().error, HasSubstr("is not for 127.0.0.1"));
}

TEST_F(TlsTest, RefusesACertificateThatHasExpired) {
  ScriptedServer server({.certificate = authority_.issue(
                             {.hosts = {"a.name"}, .valid_from = -2h, .valid_until = -1h})});
  connect(server, "a.name", trusting());
  EXPECT_EQ(post().error, "the server's certificate has expired: renew it there");
}

TEST_F(TlsTest, RefusesACertificateOfTheFuture) {
  ScriptedServer server({.certificate = authority_.issue(
                             {.hosts = {"a.name"}, .valid_from = 1h, .valid_until = 2h})});
  connect(server, "a.name", trusting());
  EXPECT_THAT(post().error, HasSubstr("look at this machine's clock"));
}

TEST_F(TlsTest, RefusesACertificateOfAnUnknownAuthority) {
  const Authority stranger("a stranger");
  ScriptedServer server({.certificate = stranger.issue({.hosts = {"a.name"}})});
  connect(server, "a.name", trusting());
  EXPECT_THAT(post().error, AllOf(HasSubstr("signed by nobody known here"),
                                  HasSubstr("ca_file (MICROMEGAS_TELEMETRY_CA_FILE)")));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TlsTest, TrustsTheSystemsRootsUnlessToldOtherwise) {
  ScriptedServer server({.certificate = authority_.issue({.hosts = {"a.name"}})});
  connect(server, "a.name", {});
  EXPECT_THAT(post().error, HasSubstr("signed by nobody known here"));
}

// OpenSSL's own variable replaces the system's roots.
TEST_F(TlsTest, TheSystemsRootsAreThoseOfTheEnvironment) {
  ScriptedServer server({.certificate = authority_.issue({.hosts = {"a.name"}})});
  ASSERT_EQ(setenv("SSL_CERT_FILE", write("roots.pem", authority_.pem()).c_str(), 1), 0);
  connect(server, "a.name", {});
  EXPECT_EQ(post().status, 200U);
  unsetenv("SSL_CERT_FILE");
}

TEST_F(TlsTest, RefusesACertificateThatIsNotForServers) {
  ScriptedServer server(
      {.certificate = authority_.issue({.hosts = {"a.name"}, .for_client = true})});
  connect(server, "a.name", trusting());
  EXPECT_THAT(post().error, HasSubstr("is not accepted"));
}

TEST_F(TlsTest, ShowsItsOwnCertificateToAServerThatWantsOne) {
  ScriptedServer server(
      {.certificate = authority_.issue({.hosts = {"a.name"}}), .client_ca = authority_.pem()});
  const Certificate own = authority_.issue({.for_client = true});
  TlsOptions tls = trusting();
  tls.certificate_file = write("client.pem", own.pem);
  tls.key_file = write("client.key", own.key_pem);
  connect(server, "a.name", tls);
  EXPECT_EQ(post().status, 200U);
}

TEST_F(TlsTest, SaysThatTheServerWantsAClientCertificate) {
  ScriptedServer server(
      {.certificate = authority_.issue({.hosts = {"a.name"}}), .client_ca = authority_.pem()});
  connect(server, "a.name", trusting());
  const Outcome outcome = post();
  EXPECT_EQ(outcome.kind, Kind::kUnreachable) << outcome.error;
  EXPECT_THAT(outcome.error, HasSubstr("client_certificate_file"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TlsTest, SaysThatTheServerDoesNotKnowItsCertificate) {
  ScriptedServer server(
      {.certificate = authority_.issue({.hosts = {"a.name"}}), .client_ca = authority_.pem()});
  const Certificate own = Authority("a stranger").issue({.for_client = true});
  TlsOptions tls = trusting();
  tls.certificate_file = write("strange.pem", own.pem + own.key_pem);
  connect(server, "a.name", tls);
  EXPECT_THAT(post().error, HasSubstr("refused us in the TLS handshake"));
}

TEST_F(TlsTest, SaysThatAServerDoesNotSpeakTls) {
  server_.read_at_most(1, "HTTP/1.1 400 Bad Request\r\n\r\n");
  connect(server_, "127.0.0.1", trusting());
  const Outcome outcome = post();
  EXPECT_EQ(outcome.kind, Kind::kUnreachable);
  EXPECT_THAT(outcome.error, HasSubstr("does not speak TLS"));
}

TEST_F(TlsTest, SurvivesAHandshakeThatEndsAtAnyByte) {
  connect(server_, "127.0.0.1", trusting());
  for (std::size_t bytes = 0; bytes < 280; bytes += 7) {
    server_.read_at_most(bytes, std::string(bytes % 3, '\x16'));
    const Outcome outcome = post();
    EXPECT_EQ(outcome.kind, Kind::kUnreachable);
    EXPECT_NE(outcome.error, "");
  }
}

TEST_F(TlsTest, GivesUpOnAHandshakeThatHangs) {
  ScriptedServer proxy({.certificate = authority_.issue({.hosts = {"a.name"}}), .proxy = true});
  options_.request_timeout = 100ms;
  connect(proxy, "a.name", trusting());  // and the server waits for a request in plain text
  EXPECT_EQ(post().kind, Kind::kTimeout);
}

TEST_F(TlsTest, ReplacesAConnectionThatTheServerClosedMeanwhile) {
  ScriptedServer server({.certificate = authority_.issue({.hosts = {"a.name"}})});
  connect(server, "a.name", trusting());
  EXPECT_EQ(post().status, 200U);
  server.close_idle_connections();
  EXPECT_EQ(post("again").status, 200U);
  server.script({testing::hang_up()});
  EXPECT_EQ(post("under the request").status, 200U);
}

TEST_F(TlsTest, TakesABrokenAnswerForBroken) {
  ScriptedServer server({.certificate = authority_.issue({.hosts = {"a.name"}})});
  connect(server, "a.name", trusting());
  server.script({testing::hang_up(), testing::raw_then_close("HTTP/1.1 2")});
  EXPECT_EQ(post().kind, Kind::kBroken);
  EXPECT_EQ(post().kind, Kind::kBroken);
  EXPECT_EQ(post().status, 200U);
}

TEST_F(TlsTest, FilesThatCannotBeReadAreErrorsThatNameThem) {
  const auto error_of = [](const TlsOptions& options) {
    const auto context = make_tls_context(options);
    return context ? std::string() : context.error().message();
  };
  const Certificate own = authority_.issue({.for_client = true});
  const std::string cert = write("own.pem", own.pem);
  const std::string other_key = write("other.key", authority_.issue({.for_client = true}).key_pem);
  const std::string nonsense = write("nonsense.pem", "nonsense");
  EXPECT_THAT(error_of({.ca_file = "/no/such/file"}),
              AllOf(HasSubstr("ca_file (MICROMEGAS_TELEMETRY_CA_FILE) = \"/no/such/file\": "),
                    HasSubstr("PEM")));
  EXPECT_THAT(error_of({.ca_file = nonsense}), HasSubstr("ca_file"));
  EXPECT_THAT(error_of({.certificate_file = nonsense}), HasSubstr("client_certificate_file"));
  EXPECT_THAT(error_of({.certificate_file = cert}), HasSubstr("client_key_file"))
      << "there is no key in it";
  EXPECT_THAT(error_of({.certificate_file = cert, .key_file = other_key}),
              HasSubstr("client_key_file"));
  EXPECT_THAT(error_of({.key_file = other_key}), HasSubstr("without"));
}

}  // namespace
}  // namespace micromegas::http
