// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A connection of the client: what Beast reads from and writes to, with or without TLS around the
// socket. Inside of the client: shows Boost.
#ifndef MICROMEGAS_TRANSPORT_HTTP_CONNECTION_H_
#define MICROMEGAS_TRANSPORT_HTTP_CONNECTION_H_

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "micromegas/transport/http/secret.h"
#include "micromegas/transport/http/tls_context.h"

namespace micromegas::http {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;

class Connection {
 public:
  using executor_type = Tcp::socket::executor_type;

  explicit Connection(asio::io_context& context) : socket(context), idle_timer(context) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ErrorCode open(const Tcp& protocol);
  void close() noexcept;

  // --- an asynchronous stream, for Beast.
  executor_type get_executor() noexcept { return socket.get_executor(); }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls) {
      tls->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      socket.async_read_some(buffers, std::forward<Handler>(handler));
    }
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (!tls) return socket.async_write_some(buffers, std::forward<Handler>(handler));
    // Asio would copy them, one record at a time, to its stack, and leave the key there.
    const auto first = *asio::buffer_sequence_begin(buffers);
    if (asio::const_buffer(first).size() >= kRecordBytes) {
      return tls->async_write_some(asio::buffer(asio::const_buffer(first)),
                                   std::forward<Handler>(handler));
    }
    record_.resize(kRecordBytes);
    const std::size_t size = asio::buffer_copy(asio::buffer(record_), buffers);
    tls->async_write_some(asio::const_buffer(record_.data(), size),
                          [this, done = std::forward<Handler>(handler)](const ErrorCode& error,
                                                                        std::size_t bytes) mutable {
                            explicit_bzero(record_.data(), record_.size());
                            done(error, bytes);
                          });
  }

  Tcp::socket socket;
  std::unique_ptr<TlsStream> tls;  // null: plain
  asio::steady_timer idle_timer;
  // Answers may hold tokens.
  boost::beast::basic_flat_buffer<WipingAllocator<char>> buffer;
  std::chrono::steady_clock::time_point opened_at;
  std::uint64_t idle_period = 0;  // odd while idle; tells late handlers from their own period

 private:
  static constexpr std::size_t kRecordBytes = 16 * 1024;  // of plain text in a TLS record
  std::vector<char, WipingAllocator<char>> record_;
};
using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_CONNECTION_H_
