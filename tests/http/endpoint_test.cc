// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/endpoint.h"

#include <gtest/gtest.h>

namespace micromegas::http {
namespace {

std::string normalised(std::string_view url) {
  const auto endpoint = parse_endpoint(url, "url");
  return endpoint ? endpoint->to_string() : "error: " + endpoint.error().message();
}

TEST(Endpoint, AcceptsWhatDeploymentsOfBothOfficialClientsHave) {
  for (const char* url : {"http://host:9000", "http://host:9000/", "http://host:9000/ingestion",
                          "http://host:9000/ingestion/", "HTTP://host:9000//"}) {
    EXPECT_EQ(normalised(url), "http://host:9000") << url;
  }
}

TEST(Endpoint, KeepsAPrefix) {
  EXPECT_EQ(normalised("http://host/a/b"), "http://host/a/b");
  EXPECT_EQ(normalised("http://host/a/ingestion/"), "http://host/a");
  EXPECT_EQ(normalised("http://host/ingestions"), "http://host/ingestions");
  EXPECT_EQ(normalised("http://host/myingestion"), "http://host/myingestion");
}

TEST(Endpoint, HasTheSchemesPortUnlessToldOtherwise) {
  EXPECT_EQ(parse_endpoint("http://host", "url")->port, 80);
  EXPECT_EQ(parse_endpoint("http://host", "url")->authority(), "host");
  EXPECT_EQ(parse_endpoint("http://host:80", "url")->authority(), "host");
  EXPECT_EQ(parse_endpoint("http://host:65535", "url")->authority(), "host:65535");
}

TEST(Endpoint, ReadsHttps) {
  const auto endpoint = parse_endpoint("HTTPS://host/x", "url");
  ASSERT_TRUE(endpoint);
  EXPECT_TRUE(endpoint->tls);
  EXPECT_EQ(endpoint->port, 443);
  EXPECT_EQ(endpoint->authority(), "host");
  EXPECT_EQ(endpoint->to_string(), "https://host/x");
  EXPECT_EQ(normalised("https://host:80/"), "https://host:80");
  EXPECT_EQ(normalised("http://host:443/"), "http://host:443");
}

TEST(Endpoint, ReadsIpv6Literals) {
  const auto endpoint = parse_endpoint("http://[fe80::1%eth0]:8081/x", "url");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->host, "fe80::1%eth0");
  EXPECT_EQ(endpoint->port, 8081);
  EXPECT_EQ(endpoint->authority(), "[fe80::1%eth0]:8081");
  EXPECT_EQ(parse_endpoint("http://[::1]", "url")->authority(), "[::1]");
}

TEST(Endpoint, RefusesWithTheOptionTheValueAndTheRemedy) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "must begin with http://"},
      {"host:9000", "must begin with http://"},
      {"ftp://host", "must begin with http://"},
      {"http://", "names no host"},
      {"http://:9000", "names no host"},
      {"http:///x", "names no host"},
      {"http://ho st", "the host must be"},
      {"http://host\r\nX: y", "the host must be"},
      {"http://host:0", "port must be"},
      {"http://host:65536", "port must be"},
      {"http://host:99999999999999999999", "port must be"},
      {"http://host:", "port must be"},
      {"http://host:80x", "port must be"},
      {"http://host:-1", "port must be"},
      {"http://a:b:c", "port must be"},
      {"http://[::1", "no closing bracket"},
      {"http://[host]", "not an IPv6 address"},
      {"http://[::1]x", "port must be"},
      {"http://host/a b", "percent-encoded"},
      {"http://host/\r\nX: y", "percent-encoded"},
      {"http://host/?a=b", "query"},
      {"http://host#x", "fragment"},
  };
  for (const auto& [url, why] : cases) {
    const auto endpoint = parse_endpoint(url, "url (SOME_VARIABLE)");
    ASSERT_FALSE(endpoint) << url;
    EXPECT_NE(endpoint.error().message().find(why), std::string::npos)
        << url << ": " << endpoint.error().message();
    EXPECT_EQ(endpoint.error().message().rfind("url (SOME_VARIABLE) = \"", 0), 0U) << url;
    EXPECT_EQ(endpoint.error().message().find_first_of("\r\n"), std::string::npos) << url;
  }
}

TEST(Endpoint, NeverShowsAPassword) {
  for (const char* url :
       {"http://user:hunter2@host", "https://hunter2@host", "http://host/?key=hunter2",
        "http://host/#hunter2", "hunter2@host", "http://a@hunter2@host", "x://u:hunter2@h@i"}) {
    const auto endpoint = parse_endpoint(url, "url");
    ASSERT_FALSE(endpoint) << url;
    EXPECT_EQ(endpoint.error().message().find("hunter2"), std::string::npos)
        << endpoint.error().message();
  }
}

}  // namespace
}  // namespace micromegas::http
