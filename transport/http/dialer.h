// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Opens a TCP connection to the first of several addresses that takes one ("happy eyeballs", RFC
// 8305): families take turns, a second attempt starts beside the first when that has not answered
// for a quarter of a second, or at once when it has failed. Inside of the client: shows Boost.
#ifndef MICROMEGAS_TRANSPORT_HTTP_DIALER_H_
#define MICROMEGAS_TRANSPORT_HTTP_DIALER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "micromegas/transport/http/connection.h"

namespace micromegas::http {

class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  static constexpr std::chrono::milliseconds kHeadStart{250};

  // The connection, or null and the error of the attempt that failed last.
  using Done = std::function<void(ConnectionPtr, const ErrorCode&)>;

  // Every connection that is tried is entered into `opened`.
  Dialer(asio::io_context& context, std::vector<std::weak_ptr<Connection>>& opened, Done done)
      : context_(context), opened_(opened), timer_(context), done_(std::move(done)) {}

  // `addresses` in numbers, in the order of preference; what is none is left out. False when none
  // is left: `done` is not called then.
  bool start(const std::vector<std::string>& addresses, std::uint16_t port);
  // Closes what is under way; `done` is not called any more.
  void cancel();

 private:
  void next();
  void failed(const ErrorCode& error);

  asio::io_context& context_;
  std::vector<std::weak_ptr<Connection>>& opened_;
  asio::steady_timer timer_;
  Done done_;
  std::vector<Tcp::endpoint> endpoints_;
  std::size_t next_ = 0;
  std::vector<ConnectionPtr> attempts_;
};

// In turns: first of the first family, first of the other one, second of the first ...
std::vector<Tcp::endpoint> interleave_families(const std::vector<Tcp::endpoint>& endpoints);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_DIALER_H_
