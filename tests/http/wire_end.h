// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The server's end of a connection, with or without TLS.
#ifndef MICROMEGAS_TESTS_HTTP_WIRE_END_H_
#define MICROMEGAS_TESTS_HTTP_WIRE_END_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "micromegas/tests/http/certificates.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

namespace micromegas::testing {

class TlsServerContext {
 public:
  // `client_ca`: PEM of who signs the clients' certificates; empty: none is asked for.
  TlsServerContext(const Certificate& certificate, const std::string& client_ca);
  ~TlsServerContext();
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;

  [[nodiscard]] SSL_CTX* get() const { return context_; }

 private:
  SSL_CTX* context_;
};

class WireEnd {
 public:
  explicit WireEnd(int fd) : fd_(fd) {}
  ~WireEnd();
  WireEnd(const WireEnd&) = delete;
  WireEnd& operator=(const WireEnd&) = delete;

  // The server's half of the handshake; false if it fails.
  bool accept_tls(const TlsServerContext& context);
  // The name that the client asked for (SNI).
  [[nodiscard]] std::string server_name() const;

  // As recv(2) and send(2).
  ssize_t read(char* bytes, std::size_t size);
  ssize_t write(const char* bytes, std::size_t size);

 private:
  int fd_;
  SSL* ssl_ = nullptr;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_HTTP_WIRE_END_H_
