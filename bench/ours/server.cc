// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/ours/server.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "micromegas/transport/collector/collector.h"

namespace bench {
namespace {

using micromegas::collector::Collector;

class SlowReader : public micromegas::collector::CollectorObserver {
  void on_block(const micromegas::wire::DecodedProcess& /*process*/,
                const micromegas::wire::DecodedStream& /*stream*/,
                const micromegas::wire::DecodedBlock& /*block*/) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
};

[[noreturn]] void serve(ServerKind kind, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  static SlowReader slow;
  auto collector = Collector::start({.observer = kind == ServerKind::kSlow ? &slow : nullptr});
  if (!collector) _exit(1);
  const std::string url = (*collector)->url();
  // A port that was free a moment ago.
  if (kind == ServerKind::kDead) (*collector)->stop();
  if (write(out, url.data(), url.size()) < 0) _exit(1);
  close(out);
  for (;;) pause();
}

}  // namespace

Server::Server(ServerKind kind) {
  int fds[2];
  if (pipe(fds) != 0) return;
  pid_ = fork();
  if (pid_ == 0) {
    close(fds[0]);
    serve(kind, fds[1]);
  }
  close(fds[1]);
  char buffer[256];
  for (ssize_t n; (n = read(fds[0], buffer, sizeof buffer)) > 0;) {
    url_.append(buffer, static_cast<std::size_t>(n));
  }
  close(fds[0]);
}

Server::~Server() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace bench
