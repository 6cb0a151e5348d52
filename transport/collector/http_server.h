// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A small HTTP/1.1 server for the collector: one thread of its own, every size and time bounded, no
// trust in what arrives. It knows sockets and HTTP, and nothing of telemetry.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_HTTP_SERVER_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"

namespace micromegas::collector {

// Views are valid during the call only.
struct HttpHead {
  std::string_view method;
  std::string_view path;  // without the query
  std::string_view authorization;
  std::string_view user_agent;
};

struct HttpReply {
  unsigned status = 200;
  std::string text;   // sent as text/plain; empty: no body
  std::string allow;  // the Allow header of a 405
};

// What answers. Called on the server's thread only; must not throw.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Before the body is read; an answer refuses the request unread.
  virtual std::optional<HttpReply> check(const HttpHead& head) = 0;
  virtual HttpReply handle(const HttpHead& head, std::string body) = 0;
  // Every answer but those of handle(): refusals of check() and of the server itself (408, 413,
  // ...).
  virtual void on_refused(unsigned status, std::string_view reason) = 0;
};

struct HttpLimits {
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 100 * 1024 * 1024;
  std::size_t max_total_body_bytes = 256 * 1024 * 1024;  // of all requests being received
  std::size_t max_connections = 256;                     // the next one is answered 503 and closed
  std::chrono::milliseconds idle_timeout{60'000};        // between requests
  std::chrono::milliseconds header_timeout{10'000};      // from a request's first byte
  std::chrono::milliseconds body_timeout{60'000};        // from the header's end
  std::chrono::milliseconds write_timeout{10'000};       // of an answer
};

class HttpServer {
 public:
  // `address` in numbers; port 0: any free one. `handler` must outlive the server.
  static Result<std::unique_ptr<HttpServer>> start(const std::string& address, std::uint16_t port,
                                                   const HttpLimits& limits, HttpHandler& handler);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;

  // Closes the port and every connection: answers that are being written get up to a second,
  // requests that have not arrived in full are lost. No thread or socket is left. Repeatable; not
  // from the handler.
  void stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_HTTP_SERVER_H_
