// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A way through a proxy to a TLS server: CONNECT. Inside of the client: shows Boost.
#ifndef MICROMEGAS_TRANSPORT_HTTP_TUNNEL_H_
#define MICROMEGAS_TRANSPORT_HTTP_TUNNEL_H_

#include <functional>
#include <string>

#include "micromegas/transport/http/connection.h"
#include "micromegas/transport/http/endpoint.h"
#include "micromegas/transport/http/proxy.h"

namespace micromegas::http {

// Asks the proxy at the other end of `connection`. `done` gets why not; empty: the server is there.
void open_tunnel(const ConnectionPtr& connection, const Proxy& proxy, const Endpoint& endpoint,
                 std::size_t max_head_bytes, std::function<void(std::string)> done);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_TUNNEL_H_
