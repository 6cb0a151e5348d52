// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/http/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <tuple>

namespace micromegas::testing {
namespace {

int listen_on(const std::string& text, std::uint16_t& port) {
  sockaddr_storage storage{};
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  socklen_t size = sizeof(*v4);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
  } else {
    inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    size = sizeof(*v6);
  }
  const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (bind(fd, address, size) != 0 || listen(fd, 64) != 0 || getsockname(fd, address, &size) != 0) {
    std::perror("scripted server");
    std::abort();
  }
  port = ntohs(storage.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
  return fd;
}

}  // namespace

std::string ReceivedRequest::header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (strcasecmp(key.c_str(), name.c_str()) == 0) return value;
  }
  return "";
}

ScriptedServer::ScriptedServer(const ServerOptions& options)
    : address_(options.address), proxy_(options.proxy), port_(options.port) {
  if (options.certificate) {
    tls_ = std::make_unique<TlsServerContext>(*options.certificate, options.client_ca);
  }
  listener_ = listen_on(address_, port_);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() { stop(); }

void ScriptedServer::stop() {
  if (!acceptor_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    shutdown(listener_, SHUT_RDWR);
    for (Connection& connection : connections_) {
      if (connection.fd != -1) shutdown(connection.fd, SHUT_RDWR);
    }
  }
  acceptor_.join();
  for (Connection& connection : connections_) connection.thread.join();
  close(listener_);
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (fd == -1 || stopping_) {
      if (fd != -1) close(fd);
      return;
    }
    const std::size_t number = connections_.size();
    Connection& connection = connections_.emplace_back();
    connection.fd = fd;
    connection.read_pause = read_pause_;
    if (!read_limits_.empty()) {
      std::tie(connection.may_read, connection.last_word) = read_limits_.front();
      read_limits_.pop_front();
    }
    connection.thread = std::thread([this, &connection, number] { serve(connection, number); });
  }
}

void ScriptedServer::serve(Connection& connection, std::size_t number) {
  // OpenSSL writes without MSG_NOSIGNAL.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  {
    WireEnd wire(connection.fd);
    if (tls_ == nullptr || proxy_ || begin_tls(wire)) talk(connection, wire, number);
  }
  const std::lock_guard lock(mutex_);
  close(std::exchange(connection.fd, -1));
  changed_.notify_all();
}

bool ScriptedServer::begin_tls(WireEnd& wire) {
  const bool ready = wire.accept_tls(*tls_);
  const std::lock_guard lock(mutex_);
  server_names_.push_back(wire.server_name());
  if (!ready) ++failed_handshakes_;
  changed_.notify_all();
  return ready;
}

void ScriptedServer::talk(Connection& connection, WireEnd& wire, std::size_t number) {
  std::string buffer;
  for (;;) {
    ReceivedRequest request;
    request.connection = number;
    if (!read_request(connection, wire, request, buffer)) return;
    const Reply reply = next_reply(request);
    request.stored = reply.bytes.starts_with("HTTP/1.1 2");
    {
      const std::lock_guard lock(mutex_);
      connection.idle = false;
      requests_.push_back(std::move(request));
      changed_.notify_all();
    }
    if (!send(wire, reply)) {
      if (reply.reset) {
        const linger at_once{1, 0};
        setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      }
      return;
    }
    if (reply.tunnel && !begin_tls(wire)) return;
    const std::lock_guard lock(mutex_);
    connection.idle = true;
  }
}

bool ScriptedServer::read_more(Connection& connection, WireEnd& wire, std::string& buffer) {
  std::array<char, 16384> chunk;
  std::size_t size = std::min(chunk.size(), connection.may_read);
  if (size == 0) {
    wire.write(connection.last_word.data(), connection.last_word.size());
    return false;
  }
  if (connection.read_pause) {
    size = 1;
    std::unique_lock lock(mutex_);
    const auto over = [&] { return stopping_ || read_pause_ != connection.read_pause; };
    if (connection.read_pause->count() == 0) {
      changed_.wait(lock, over);
    } else {
      changed_.wait_for(lock, *connection.read_pause, over);
    }
    if (stopping_) return false;
  }
  const ssize_t n = wire.read(chunk.data(), size);
  if (n <= 0) return false;
  connection.may_read -= static_cast<std::size_t>(n);
  buffer.append(chunk.data(), static_cast<std::size_t>(n));
  return true;
}

bool ScriptedServer::read_request(Connection& connection, WireEnd& wire, ReceivedRequest& request,
                                  std::string& buffer) {
  const auto more = [&] { return read_more(connection, wire, buffer); };
  std::size_t end;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return false;
  }
  const std::string head = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);

  std::size_t at = head.find("\r\n") + 2;
  request.method = head.substr(0, head.find(' '));
  const std::size_t path = request.method.size() + 1;
  request.path = head.substr(path, head.find(' ', path) - path);
  while (at < head.size()) {
    const std::size_t line_end = head.find("\r\n", at);
    const std::size_t colon = head.find(": ", at);
    request.headers.emplace_back(head.substr(at, colon - at),
                                 head.substr(colon + 2, line_end - colon - 2));
    at = line_end + 2;
  }

  {
    const std::lock_guard lock(mutex_);
    if (reply_before_body_) return true;
  }
  const std::size_t size = std::strtoull(request.header("Content-Length").c_str(), nullptr, 10);
  while (buffer.size() < size) {
    if (!more()) return false;
  }
  request.body = buffer.substr(0, size);
  request.bytes = end + 4 + size;
  buffer.erase(0, size);
  return true;
}

Reply ScriptedServer::next_reply(const ReceivedRequest& request) {
  Decide decide;
  {
    const std::lock_guard lock(mutex_);
    if (!script_.empty()) {
      Reply reply = std::move(script_.front());
      script_.pop_front();
      return reply;
    }
    decide = decide_;
  }
  const std::lock_guard lock(decide_mutex_);
  return decide ? decide(request) : status(200);
}

// False: the connection is over.
bool ScriptedServer::send(WireEnd& wire, const Reply& reply) {
  if (reply.before) reply.before();
  const std::size_t step = reply.pause.count() > 0 ? 1 : reply.bytes.size();
  for (std::size_t at = 0; at < reply.bytes.size();) {
    const std::size_t size = std::min(step, reply.bytes.size() - at);
    const ssize_t n = wire.write(reply.bytes.data() + at, size);
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
    if (reply.pause.count() > 0) {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, reply.pause, [&] { return stopping_; })) return false;
    }
  }
  for (std::size_t sent = 0; sent < reply.flood_bytes;) {
    const ssize_t n = wire.write(reply.flood.data(), reply.flood.size());
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  if (reply.silence) {
    std::array<char, 1> nothing;
    while (wire.read(nothing.data(), nothing.size()) > 0) {
    }
    return false;
  }
  const std::lock_guard lock(mutex_);
  return !reply.close && !reply_before_body_;
}

void ScriptedServer::script(std::initializer_list<Reply> replies) {
  const std::lock_guard lock(mutex_);
  script_.insert(script_.end(), replies.begin(), replies.end());
}

void ScriptedServer::decide(Decide decide) {
  const std::lock_guard lock(mutex_);
  decide_ = std::move(decide);
}

void ScriptedServer::reply_before_body(bool on) {
  const std::lock_guard lock(mutex_);
  reply_before_body_ = on;
}

void ScriptedServer::read_at_most(std::size_t bytes, const std::string& last_word) {
  const std::lock_guard lock(mutex_);
  read_limits_.emplace_back(bytes, last_word);
}

void ScriptedServer::read_slowly(std::optional<std::chrono::milliseconds> pause) {
  const std::lock_guard lock(mutex_);
  read_pause_ = pause;
  changed_.notify_all();
}

std::string ScriptedServer::url() const {
  const std::string host =
      address_.find(':') == std::string::npos ? address_ : "[" + address_ + "]";
  return (tls_ == nullptr || proxy_ ? "http://" : "https://") + host + ":" + std::to_string(port_);
}

bool ScriptedServer::wait_for_requests(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return requests_.size() >= count; });
}

std::vector<ReceivedRequest> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t ScriptedServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

std::size_t ScriptedServer::open_connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const Connection& c) { return c.fd != -1; }));
}

std::size_t ScriptedServer::failed_handshakes() const {
  const std::lock_guard lock(mutex_);
  return failed_handshakes_;
}

std::vector<std::string> ScriptedServer::server_names() const {
  const std::lock_guard lock(mutex_);
  return server_names_;
}

void ScriptedServer::close_idle_connections() {
  const std::lock_guard lock(mutex_);
  for (Connection& connection : connections_) {
    if (connection.idle && connection.fd != -1) shutdown(connection.fd, SHUT_RDWR);
  }
}

}  // namespace micromegas::testing
