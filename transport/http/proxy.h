// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A proxy between us and the server: an http:// one, for http and https destinations. Read from the
// variables that curl reads, by the same rules.
#ifndef MICROMEGAS_TRANSPORT_HTTP_PROXY_H_
#define MICROMEGAS_TRANSPORT_HTTP_PROXY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"
#include "micromegas/transport/http/endpoint.h"
#include "micromegas/transport/http/secret.h"

namespace micromegas::http {

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  Secret authorization;  // of a user name and password in the URL: "Basic ..."
};

// Of the variable with this name, for the call; none when unset or blank.
using Variable = std::function<std::optional<std::string_view>(const char* name)>;

// https_proxy, HTTPS_PROXY or http_proxy (not HTTP_PROXY, which a web server would fill from a
// header), then all_proxy, ALL_PROXY, unless no_proxy or NO_PROXY has the host or it is
// this machine. An error when the
// variable cannot be read or asks for a proxy of another kind; passwords are not in it.
Result<std::optional<Proxy>> proxy_from_variables(const Endpoint& endpoint,
                                                  const Variable& variable);

// Whether `no_proxy` ("a.b, .c.d, 10.0.0.1, *") has `host` or a domain that it is in.
bool is_in_no_proxy(std::string_view host, std::string_view no_proxy);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_PROXY_H_
