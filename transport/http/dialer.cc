// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/dialer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <utility>

namespace micromegas::http {

// Opened by hand: Asio's would be inherited by programs that the host starts.
ErrorCode Connection::open(const Tcp& protocol) {
  close();
  const int fd = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd == -1) return {errno, boost::system::system_category()};
  ErrorCode error;
  socket.assign(protocol, fd, error);
  if (error) {
    ::close(fd);
    return error;
  }
  ErrorCode ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  return error;
}

void Connection::close() noexcept {
  ErrorCode ignored;
  // A forked child may hold the socket too: close alone would not tell the server.
  if (socket.is_open()) socket.shutdown(Tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

std::vector<Tcp::endpoint> interleave_families(const std::vector<Tcp::endpoint>& endpoints) {
  std::vector<Tcp::endpoint> families[2];
  for (const Tcp::endpoint& endpoint : endpoints) {
    families[endpoint.protocol() == endpoints.front().protocol() ? 0 : 1].push_back(endpoint);
  }
  std::vector<Tcp::endpoint> out;
  for (std::size_t i = 0; out.size() < endpoints.size(); ++i) {
    for (const auto& family : families) {
      if (i < family.size()) out.push_back(family[i]);
    }
  }
  return out;
}

bool Dialer::start(const std::vector<std::string>& addresses, std::uint16_t port) {
  for (const std::string& text : addresses) {
    ErrorCode error;
    const auto address = asio::ip::make_address(text, error);
    if (!error) endpoints_.emplace_back(address, port);
  }
  if (endpoints_.empty()) return false;
  endpoints_ = interleave_families(endpoints_);
  next();
  return true;
}

void Dialer::next() {
  const Tcp::endpoint& endpoint = endpoints_[next_++];
  auto connection = std::make_shared<Connection>(context_);
  connection->opened_at = std::chrono::steady_clock::now();
  attempts_.push_back(connection);
  std::erase_if(opened_, [](const auto& other) { return other.expired(); });
  opened_.push_back(connection);
  if (const ErrorCode error = connection->open(endpoint.protocol())) return failed(error);
  connection->socket.async_connect(endpoint,
                                   [self = shared_from_this(), connection](const ErrorCode& error) {
                                     if (!self->done_) return;
                                     std::erase(self->attempts_, connection);
                                     if (error) return self->failed(error);
                                     const Done done = std::move(self->done_);
                                     self->cancel();
                                     done(connection, error);
                                   });
  if (next_ == endpoints_.size()) return;
  timer_.expires_after(kHeadStart);
  timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (!error && self->done_ && self->next_ < self->endpoints_.size()) self->next();
  });
}

void Dialer::failed(const ErrorCode& error) {
  std::erase_if(attempts_, [](const auto& attempt) { return !attempt->socket.is_open(); });
  if (next_ < endpoints_.size()) {
    timer_.cancel();
    return next();
  }
  if (!attempts_.empty()) return;  // the others may still
  const Done done = std::move(done_);
  cancel();
  done(nullptr, error);
}

void Dialer::cancel() {
  done_ = nullptr;
  timer_.cancel();
  for (const ConnectionPtr& attempt : attempts_) attempt->close();
  attempts_.clear();
}

}  // namespace micromegas::http
