// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A server to deliver to, in a process of its own: its work is not the client's.
#ifndef MICROMEGAS_BENCH_OURS_SERVER_H_
#define MICROMEGAS_BENCH_OURS_SERVER_H_

#include <sys/types.h>

#include <string>

namespace bench {

enum class ServerKind {
  kLive,  // the collector
  kSlow,  // the collector, 50 ms busy with each block
  kDead,  // nobody listens
};

class Server {
 public:
  // Forks: call it before this process has threads. Empty url(): it did not start.
  explicit Server(ServerKind kind);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  pid_t pid_ = -1;
  std::string url_;
};

}  // namespace bench

#endif  // MICROMEGAS_BENCH_OURS_SERVER_H_
