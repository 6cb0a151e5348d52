// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A port of 127.0.0.1 on which nobody listens, for as long as this lives: connections are refused,
// and who asks the system for any free port is not given this one. A server that sets SO_REUSEADDR
// can listen there meanwhile, and end, and listen again.
#ifndef MICROMEGAS_TESTS_SUPPORT_RESERVED_PORT_H_
#define MICROMEGAS_TESTS_SUPPORT_RESERVED_PORT_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace micromegas::testing {

class ReservedPort {
 public:
  ReservedPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(name);
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    if (bind(fd_, address, size) != 0 || getsockname(fd_, address, &size) != 0) {
      std::perror("reserved port");
      std::abort();
    }
    port_ = ntohs(name.sin_port);
  }
  ~ReservedPort() { close(fd_); }
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_SUPPORT_RESERVED_PORT_H_
