// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// An HTTP/1.1 client for one destination, with or without TLS: keep-alive connections, one time
// limit for each try.
//
//   http::Client client(loop, {.endpoint = endpoint});
//   client.post("/ingestion/insert_block", body, [](http::Outcome outcome) { ... });
//
// Lives on its Loop's thread: everything here is called there, and so are the callbacks. Construct
// it before the loop starts or on its thread; destroy it after the loop has stopped.
#ifndef MICROMEGAS_TRANSPORT_HTTP_CLIENT_H_
#define MICROMEGAS_TRANSPORT_HTTP_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "micromegas/transport/http/credential.h"
#include "micromegas/transport/http/endpoint.h"
#include "micromegas/transport/http/loop.h"
#include "micromegas/transport/http/outcome.h"
#include "micromegas/transport/http/proxy.h"
#include "micromegas/transport/http/resolver.h"
#include "micromegas/transport/http/tls.h"

namespace micromegas::http {

struct ClientOptions {
  Endpoint endpoint;
  std::shared_ptr<const TlsContext> tls;   // for an https endpoint
  std::optional<Proxy> proxy;              // none: directly
  std::shared_ptr<Credential> credential;  // null: none
  std::string user_agent;
  std::string content_type = "application/cbor";
  std::chrono::milliseconds request_timeout{10'000};  // look-up, connect, send and answer together
  std::chrono::milliseconds idle_timeout{5'000};      // an unused connection is closed after this
  // A connection older than this is not used again: the name may have moved.
  std::chrono::milliseconds max_connection_age{60'000};
  std::size_t max_head_bytes = 16 * 1024;  // of an answer
  std::size_t max_body_bytes = 64 * 1024;  // of an answer
  bool keep_body = false;                  // into Outcome::body; else thrown away
  LookUp look_up = look_up_with_system;
};

class Client {
 public:
  Client(Loop& loop, ClientOptions options);
  // Closes every connection; pending callbacks are dropped uncalled.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One try. `done` is called once, never before post() returns. A kept connection that turns out
  // to be closed before any byte of the answer is replaced by a new one within the same try: the
  // server's inserts are idempotent.
  void post(std::string_view path, std::shared_ptr<const std::string> body,
            std::function<void(Outcome)> done);
  // The same, of a body that `owner` keeps.
  void post(std::string_view path, std::string_view body, std::shared_ptr<const void> owner,
            std::function<void(Outcome)> done);

  // Any thread, after the loop has stopped: see Resolver::stop().
  bool stop_resolver(std::chrono::steady_clock::time_point deadline);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_CLIENT_H_
