// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Inside of the client: shows Boost and OpenSSL.
#ifndef MICROMEGAS_TRANSPORT_HTTP_TLS_CONTEXT_H_
#define MICROMEGAS_TRANSPORT_HTTP_TLS_CONTEXT_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "micromegas/transport/http/tls.h"

namespace micromegas::http {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

class TlsContext {
 public:
  TlsContext();

  // A stream over `socket` that will accept no server but `host`.
  [[nodiscard]] std::unique_ptr<TlsStream> wrap(boost::asio::ip::tcp::socket& socket,
                                                const std::string& host) const;

  boost::asio::ssl::context& native() { return context_; }

 private:
  mutable boost::asio::ssl::context context_;  // const for us: OpenSSL counts references in it
};

// For people: why `error` ended a handshake or what came right after it, and what helps.
std::string describe_tls_error(const boost::system::error_code& error, TlsStream& stream,
                               const std::string& host);

// Whether `error` is TLS's and not the network's.
bool is_tls_error(const boost::system::error_code& error);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_TLS_CONTEXT_H_
