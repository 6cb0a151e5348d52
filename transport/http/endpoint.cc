// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/endpoint.h"

#include <algorithm>
#include <charconv>

namespace micromegas::http {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_case_prefix) {
  if (text.size() < lower_case_prefix.size()) return false;
  return std::equal(lower_case_prefix.begin(), lower_case_prefix.end(), text.begin(),
                    [](char want, char c) {
                      return want == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
                    });
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_host_char(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; }
bool is_ipv6_char(char c) { return is_alnum(c) || c == ':' || c == '.' || c == '%'; }
bool is_path_char(char c) {
  return is_alnum(c) || std::string_view("-._~!$&'()*+,;=:@%/").find(c) != std::string_view::npos;
}

// What of a URL may be shown: nothing that could be a secret, nothing that could confuse a
// terminal.
std::string presentable(std::string_view url) {
  constexpr std::size_t kLongest = 200;
  url = url.substr(0, url.find_first_of("?#"));
  std::string shown;
  const std::size_t scheme = url.find("://");
  const std::size_t authority = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t at = url.rfind('@');
  if (at != std::string_view::npos && at >= authority) {
    shown.append(url.substr(0, authority)).append("***").append(url.substr(at));
  } else {
    shown = url;
  }
  if (shown.size() > kLongest) shown = shown.substr(0, kLongest) + "...";
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown;
}

}  // namespace

std::string Endpoint::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? kHttpsPort : kHttpPort)) text.append(":").append(std::to_string(port));
  return text;
}

std::string Endpoint::to_string() const {
  return (tls ? "https://" : "http://") + authority() + prefix;
}

Result<Endpoint> parse_url(std::string_view url, std::string_view option) {
  const auto wrong = [&](std::string_view why) {
    return Error(std::string(option) + " = \"" + presentable(url) + "\": " + std::string(why));
  };

  Endpoint endpoint;
  endpoint.tls = starts_with_ignoring_case(url, "https://");
  if (!endpoint.tls && !starts_with_ignoring_case(url, "http://")) {
    return wrong("must begin with http:// or https://, for example http://127.0.0.1:8081");
  }
  if (endpoint.tls) endpoint.port = kHttpsPort;
  std::string_view rest = url.substr(endpoint.tls ? 8 : 7);
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return wrong("must not have a query or a fragment; remove everything from the ? or #");
  }
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) {
    return wrong("must not hold a user name or password; give a key with api_key");
  }

  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return wrong("the IPv6 address has no closing bracket");
    endpoint.host = authority.substr(1, close - 1);
    if (endpoint.host.find(':') == std::string::npos ||
        !std::all_of(endpoint.host.begin(), endpoint.host.end(), is_ipv6_char)) {
      return wrong("what is in brackets is not an IPv6 address");
    }
    port = authority.substr(close + 1);
  } else {
    const std::size_t colon = authority.find(':');
    endpoint.host = authority.substr(0, colon);
    if (endpoint.host.empty()) return wrong("names no host; write http://host:port");
    if (endpoint.host.size() > 253 ||
        !std::all_of(endpoint.host.begin(), endpoint.host.end(), is_host_char)) {
      return wrong(
          "the host must be a name of letters, digits, dots and hyphens, an IPv4 address or an "
          "IPv6 address in brackets");
    }
    port = colon == std::string_view::npos ? "" : authority.substr(colon);
  }
  if (!port.empty()) {
    unsigned number = 0;
    const char* const begin = port.data() + 1;
    const char* const end = port.data() + port.size();
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (port.front() != ':' || begin == end || stop != end || error != std::errc() || number == 0 ||
        number > 65535) {
      return wrong("the port must be a number from 1 to 65535");
    }
    endpoint.port = static_cast<std::uint16_t>(number);
  }

  if (!std::all_of(path.begin(), path.end(), is_path_char)) {
    return wrong("the path has a character that must be percent-encoded");
  }
  endpoint.prefix = path;
  return endpoint;
}

Result<Endpoint> parse_endpoint(std::string_view url, std::string_view option) {
  auto endpoint = parse_url(url, option);
  if (!endpoint) return endpoint;
  std::string_view path = endpoint->prefix;
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with("/ingestion")) path.remove_suffix(10);
  while (path.ends_with('/')) path.remove_suffix(1);
  endpoint->prefix.resize(path.size());
  return endpoint;
}

}  // namespace micromegas::http
