// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Where requests go, read from a URL. Accepts what deployments of the Rust and of the Unreal client
// have in their configuration: with or without a path, a trailing slash or /ingestion at the end.
#ifndef MICROMEGAS_TRANSPORT_HTTP_ENDPOINT_H_
#define MICROMEGAS_TRANSPORT_HTTP_ENDPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"

namespace micromegas::http {

struct Endpoint {
  bool tls = false;  // https
  std::string host;  // a name or an address, without the brackets of an IPv6 literal
  std::uint16_t port = 80;
  std::string prefix;  // of every path: empty or "/x/y", no slash at the end, no "/ingestion"

  // The Host header: brackets around IPv6, the port unless it is the scheme's own.
  [[nodiscard]] std::string authority() const;
  // "https://host:port/prefix", for people.
  [[nodiscard]] std::string to_string() const;
};

// `option` names the URL in the error, for example "url (MICROMEGAS_TELEMETRY_URL)". Errors never
// show a user name, a password or a query.
Result<Endpoint> parse_endpoint(std::string_view url, std::string_view option);

// The same for a URL that is complete: its path stays as it is, in `prefix`.
Result<Endpoint> parse_url(std::string_view url, std::string_view option);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_ENDPOINT_H_
