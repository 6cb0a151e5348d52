// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Names to addresses, without ever holding up who waits. getaddrinfo(3) cannot be cancelled and may
// take half a minute, so each look-up that needs one runs on a thread of its own; stop() waits for
// it until a deadline and then lets it finish alone: it owns all that it touches.
//
// (Boost.Asio's resolver has such a thread too, but joins it without a deadline.)
#ifndef MICROMEGAS_TRANSPORT_HTTP_RESOLVER_H_
#define MICROMEGAS_TRANSPORT_HTTP_RESOLVER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace micromegas::http {

struct Resolution {
  std::vector<std::string> addresses;  // in numbers, in the order to try them
  std::string error;                   // why there is none
};

// Replaced by tests.
using LookUp = std::function<Resolution(const std::string& host)>;
Resolution look_up_with_system(const std::string& host);

class Resolver {
 public:
  explicit Resolver(LookUp look_up = look_up_with_system);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `done` is called once: before this returns for addresses in numbers and for "localhost" (which
  // is the loopback address by RFC 6761), on another thread for names. One look-up at a time: while
  // one runs, its answer goes to the latest `done` alone. From one thread at a time.
  void resolve(const std::string& host, std::function<void(Resolution)> done);
  // No `done` is called after this returns. False: a look-up was left behind.
  bool stop(std::chrono::steady_clock::time_point deadline);

 private:
  struct Request;
  LookUp look_up_;
  std::shared_ptr<Request> current_;
  std::thread thread_;  // of current_
};

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_RESOLVER_H_
