// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/http/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace micromegas::testing {
namespace {

int listen_on(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 64) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("scripted server");
    std::abort();
  }
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

std::string ReceivedRequest::header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (strcasecmp(key.c_str(), name.c_str()) == 0) return value;
  }
  return "";
}

Reply status(int code, const Headers& headers, const std::string& body) {
  Reply reply;
  reply.bytes = "HTTP/1.1 " + std::to_string(code) + " Scripted\r\n";
  for (const auto& [name, value] : headers) reply.bytes += name + ": " + value + "\r\n";
  reply.bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  return reply;
}

Reply raw(std::string bytes) {
  Reply reply;
  reply.bytes = std::move(bytes);
  return reply;
}

Reply raw_then_close(std::string bytes) { return close_after(raw(std::move(bytes))); }
Reply hang_up() { return raw_then_close(""); }

Reply reset_connection() {
  Reply reply = hang_up();
  reply.reset = true;
  return reply;
}

Reply say_nothing() {
  Reply reply;
  reply.silence = true;
  return reply;
}

Reply close_after(Reply reply) {
  reply.close = true;
  return reply;
}

Reply drip(Reply reply, std::chrono::milliseconds pause) {
  reply.pause = pause;
  return reply;
}

Reply after(std::function<void()> before, Reply reply) {
  reply.before = std::move(before);
  return reply;
}

ScriptedServer::ScriptedServer(std::uint16_t port) : port_(port) {
  listener_ = listen_on(port_);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
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
    connection.thread = std::thread([this, &connection, number] { serve(connection, number); });
  }
}

void ScriptedServer::serve(Connection& connection, std::size_t number) {
  std::string buffer;
  for (;;) {
    ReceivedRequest request;
    request.connection = number;
    if (!read_request(connection.fd, request, buffer)) break;
    const Reply reply = next_reply(request);
    {
      const std::lock_guard lock(mutex_);
      connection.idle = false;
      requests_.push_back(std::move(request));
      changed_.notify_all();
    }
    if (!send(connection.fd, reply)) {
      if (reply.reset) {
        const linger at_once{1, 0};
        setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      }
      break;
    }
    const std::lock_guard lock(mutex_);
    connection.idle = true;
  }
  const std::lock_guard lock(mutex_);
  close(std::exchange(connection.fd, -1));
}

bool ScriptedServer::read_request(int fd, ReceivedRequest& request, std::string& buffer) {
  std::array<char, 16384> chunk;
  const auto more = [&] {
    const ssize_t n = recv(fd, chunk.data(), chunk.size(), 0);
    if (n > 0) buffer.append(chunk.data(), static_cast<std::size_t>(n));
    return n > 0;
  };

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
bool ScriptedServer::send(int fd, const Reply& reply) {
  if (reply.before) reply.before();
  const std::size_t step = reply.pause.count() > 0 ? 1 : reply.bytes.size();
  for (std::size_t at = 0; at < reply.bytes.size();) {
    const std::size_t size = std::min(step, reply.bytes.size() - at);
    const ssize_t n = ::send(fd, reply.bytes.data() + at, size, MSG_NOSIGNAL);
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
    if (reply.pause.count() > 0) {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, reply.pause, [&] { return stopping_; })) return false;
    }
  }
  if (reply.silence) {
    std::array<char, 1> nothing;
    while (recv(fd, nothing.data(), nothing.size(), 0) > 0) {
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

void ScriptedServer::close_idle_connections() {
  const std::lock_guard lock(mutex_);
  for (Connection& connection : connections_) {
    if (connection.idle && connection.fd != -1) shutdown(connection.fd, SHUT_RDWR);
  }
}

std::uint16_t unused_port() {
  std::uint16_t port = 0;
  close(listen_on(port));
  return port;
}

}  // namespace micromegas::testing
