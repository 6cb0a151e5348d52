// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "micromegas/platform/thread.h"

namespace micromegas::http {
namespace {

bool is_numeric(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  // A colon is in no name; a zone ("fe80::1%eth0") is not for inet_pton.
  return host.find(':') != std::string::npos ||
         inet_pton(AF_INET, host.c_str(), address.data()) == 1;
}

}  // namespace

struct Resolver::Request {
  std::mutex mutex;
  std::condition_variable finished_changed;
  bool finished = false;
  std::function<void(Resolution)> done;
};

Resolution look_up_with_system(const std::string& host) {
  Resolution resolution;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    resolution.error = "cannot find the address of " + host + ": " + gai_strerror(error);
    return resolution;
  }
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    std::array<char, NI_MAXHOST> text;
    if (getnameinfo(it->ai_addr, it->ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      resolution.addresses.emplace_back(text.data());
    }
  }
  freeaddrinfo(found);
  if (resolution.addresses.empty()) resolution.error = host + " has no address";
  return resolution;
}

Resolver::Resolver(LookUp look_up) : look_up_(std::move(look_up)) {}

Resolver::~Resolver() { stop(std::chrono::steady_clock::now()); }

void Resolver::resolve(const std::string& host, std::function<void(Resolution)> done) {
  if (is_numeric(host)) return done({{host}, {}});
  if (host == "localhost") return done({{"127.0.0.1", "::1"}, {}});

  if (current_) {
    const std::lock_guard lock(current_->mutex);
    if (!current_->finished) {
      current_->done = std::move(done);
      return;
    }
  }
  auto request = std::make_shared<Request>();
  request->done = std::move(done);
  auto thread =
      start_thread_with_signals_blocked("mm-resolve", [request, host, look_up = look_up_] {
        Resolution resolution;
        try {
          resolution = look_up(host);
        } catch (...) {
          resolution.error = "cannot find the address of " + host;
        }
        const std::lock_guard lock(request->mutex);
        // Under the lock: stop() promises that no call is running once it has returned.
        if (request->done) request->done(std::move(resolution));
        request->done = nullptr;
        request->finished = true;
        request->finished_changed.notify_all();
      });
  if (!thread) {
    auto give_up = std::move(request->done);
    return give_up({{}, thread.error().message()});
  }
  if (thread_.joinable()) thread_.join();  // it has finished: see above
  thread_ = std::move(*thread);
  current_ = std::move(request);
}

bool Resolver::stop(std::chrono::steady_clock::time_point deadline) {
  if (!current_) return true;
  const auto request = std::move(current_);
  std::unique_lock lock(request->mutex);
  request->done = nullptr;
  const bool finished =
      request->finished_changed.wait_until(lock, deadline, [&] { return request->finished; });
  lock.unlock();
  if (finished) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return finished;
}

}  // namespace micromegas::http
