// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/proxy.h"

#include <algorithm>
#include <utility>

namespace micromegas::http {
namespace {

constexpr std::uint16_t kDefaultPort = 1080;  // curl's

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_unescaped(Secret& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      c = static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    }
    out.append({&c, 1});
  }
}

Secret basic(std::string_view user_info) {
  Secret plain;
  append_unescaped(plain, user_info);
  if (user_info.find(':') == std::string_view::npos) plain.append(":");
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string_view bytes = plain.reveal();
  Secret out("Basic ");
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      word = word << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = k <= n ? kDigits[word >> (18 - 6 * k) & 63] : '=';
      out.append({&c, 1});
    }
  }
  return out;
}

Result<Proxy> parse_proxy(std::string_view url, const char* name) {
  const auto wrong = [&](std::string_view why) {
    return Error(std::string(name) + ": " + std::string(why) +
                 "; only http:// proxies are supported: unset it, or put the server's host into "
                 "no_proxy");
  };
  const std::size_t scheme_end = url.find("://");
  if (scheme_end != std::string_view::npos) {
    const std::string scheme = lower(url.substr(0, scheme_end));
    if (scheme != "http") return wrong("a proxy of the kind " + scheme.substr(0, 20) + "://");
    url.remove_prefix(scheme_end + 3);
  }
  url = url.substr(0, url.find('/'));
  Proxy proxy;
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    proxy.authorization = basic(url.substr(0, at));
    url.remove_prefix(at + 1);
  }
  const bool has_port =
      url.find(':', url.find(']') == std::string_view::npos ? 0 : url.find(']')) !=
      std::string_view::npos;
  auto endpoint = parse_endpoint("http://" + std::string(url), name);
  if (!endpoint) return wrong("not the URL of a proxy, http://host:port");
  proxy.host = std::move(endpoint->host);
  proxy.port = has_port ? endpoint->port : kDefaultPort;
  return proxy;
}

}  // namespace

namespace {

// A proxy would take it for its own.
bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

bool is_in_no_proxy(std::string_view host, std::string_view no_proxy) {
  std::string name = lower(host);
  if (name.ends_with('.')) name.pop_back();
  while (!no_proxy.empty()) {
    const std::size_t end = no_proxy.find_first_of(", \t");
    std::string entry = lower(no_proxy.substr(0, end));
    no_proxy = end == std::string_view::npos ? std::string_view{} : no_proxy.substr(end + 1);
    if (entry == "*") return true;
    if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
    if (entry.starts_with('.')) entry.erase(0, 1);
    if (entry.empty()) continue;
    if (name == entry || name.ends_with("." + entry)) return true;
  }
  return false;
}

Result<std::optional<Proxy>> proxy_from_variables(const Endpoint& endpoint,
                                                  const Variable& variable) {
  if (is_this_machine(endpoint.host)) return std::optional<Proxy>();
  const auto first_of = [&](std::initializer_list<const char*> names)
      -> std::optional<std::pair<const char*, std::string_view>> {
    for (const char* name : names) {
      if (const auto value = variable(name)) return std::pair(name, *value);
    }
    return std::nullopt;
  };
  const auto found = endpoint.tls
                         ? first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                         : first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
  if (!found) return std::optional<Proxy>();
  const auto spared = first_of({"no_proxy", "NO_PROXY"});
  if (spared && is_in_no_proxy(endpoint.host, spared->second)) return std::optional<Proxy>();
  auto proxy = parse_proxy(found->second, found->first);
  if (!proxy) return proxy.error();
  return std::optional<Proxy>(std::move(*proxy));
}

}  // namespace micromegas::http
