// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A client that sends any bytes, right or wrong, over a loopback socket and reads what comes back.
// Every wait has a deadline.
#ifndef MICROMEGAS_TESTS_COLLECTOR_RAW_CLIENT_H_
#define MICROMEGAS_TESTS_COLLECTOR_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace micromegas::testing {

struct RawAnswer {
  int status = 0;  // 0: none came
  std::string head;
  std::string body;
};

class RawClient {
 public:
  static constexpr std::chrono::seconds kWait{20};

  explicit RawClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) close();
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool is_connected() const { return fd_ >= 0; }

  // False when the other side does not take them.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!ready(POLLOUT)) return false;
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  // Whether an answer, or the end, comes within `wait`.
  bool is_answered_within(std::chrono::milliseconds wait) {
    pollfd poller{fd_, POLLIN, 0};
    return poll(&poller, 1, static_cast<int>(wait.count())) > 0;
  }

  void end_sending() { shutdown(fd_, SHUT_WR); }

  // The next answer; bytes after it are kept for the one after.
  RawAnswer read_answer() {
    RawAnswer answer;
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return answer;
    }
    answer.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    if (answer.head.size() > 12) answer.status = std::atoi(answer.head.c_str() + 9);
    const std::size_t length_at = answer.head.find("Content-Length: ");
    std::size_t length = 0;
    if (length_at != std::string::npos) {
      length = static_cast<std::size_t>(std::atoll(answer.head.c_str() + length_at + 16));
    }
    while (received_.size() < length) {
      if (!receive()) break;
    }
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
  }

  // True when the other side closes (or resets) without sending anything more.
  bool is_closed_by_peer() {
    if (!received_.empty()) return false;
    return !receive() && !timed_out_;
  }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  bool ready(short events) {
    timed_out_ = false;
    if (fd_ < 0) return false;
    pollfd poller{fd_, events, 0};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(kWait);
    timed_out_ = poll(&poller, 1, static_cast<int>(wait.count())) <= 0;
    return !timed_out_;
  }

  bool receive() {
    if (!ready(POLLIN)) return false;
    char bytes[16 * 1024];
    const ssize_t n = recv(fd_, bytes, sizeof(bytes), 0);
    if (n <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  int fd_;
  std::string received_;
  bool timed_out_ = false;
};

inline std::string post_text(std::string_view path, std::string_view body,
                             std::string_view headers = {}) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

inline std::string get_text(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

// One request over a connection of its own.
inline RawAnswer exchange(std::uint16_t port, std::string_view request) {
  RawClient client(port);
  client.send(request);
  return client.read_answer();
}

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_COLLECTOR_RAW_CLIENT_H_
