// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/tunnel.h"

#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <utility>

namespace micromegas::http {
namespace {

struct Tunnel : std::enable_shared_from_this<Tunnel> {
  ConnectionPtr connection;
  Secret request;
  boost::beast::http::response_parser<boost::beast::http::empty_body> parser;
  std::function<void(std::string)> done;

  void start() {
    const std::string_view bytes = request.reveal();
    asio::async_write(connection->socket, asio::buffer(bytes.data(), bytes.size()),
                      [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                        if (error) return self->done("the proxy: " + error.message());
                        self->read();
                      });
  }

  void read() {
    parser.skip(true);  // what follows a head that says yes is the server's
    boost::beast::http::async_read_header(
        *connection, connection->buffer, parser,
        [self = shared_from_this()](const ErrorCode& error, std::size_t) {
          if (error) return self->done("the proxy: " + error.message());
          self->done(self->verdict());
        });
  }

  std::string verdict() {
    const unsigned status = parser.get().result_int();
    if (status / 100 == 2) {
      return connection->buffer.size() == 0 ? "" : "the proxy sent more than its answer";
    }
    std::string why = "the proxy answered with status " + std::to_string(status);
    if (status == 407) why += ": put a user name and password into its URL";
    return why;
  }
};

}  // namespace

void open_tunnel(const ConnectionPtr& connection, const Proxy& proxy, const Endpoint& endpoint,
                 std::size_t max_head_bytes, std::function<void(std::string)> done) {
  auto tunnel = std::make_shared<Tunnel>();
  tunnel->connection = connection;
  tunnel->done = std::move(done);
  tunnel->parser.header_limit(static_cast<std::uint32_t>(max_head_bytes));
  const std::string host =
      endpoint.host.find(':') == std::string::npos ? endpoint.host : "[" + endpoint.host + "]";
  const std::string target = host + ":" + std::to_string(endpoint.port);
  tunnel->request.append("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n");
  if (!proxy.authorization.empty()) {
    tunnel->request.append("Proxy-Authorization: ");
    tunnel->request.append(proxy.authorization.reveal());
    tunnel->request.append("\r\n");
  }
  tunnel->request.append("\r\n");
  tunnel->start();
}

}  // namespace micromegas::http
