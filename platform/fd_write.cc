// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/fd_write.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace micromegas {
namespace {

// A write to a pipe without reader raises SIGPIPE in the writing thread. It is blocked around the
// write and taken out of the pending set afterwards, unless it was pending before: then it is the
// host's and not ours to take.
class NoSigpipe {
 public:
  NoSigpipe() noexcept {
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    if (was_pending_) return;
    sigemptyset(&set_);
    sigaddset(&set_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set_, &previous_);
  }
  ~NoSigpipe() {
    if (was_pending_) return;
    if (broken_) {
      const timespec now{};
      while (sigtimedwait(&set_, nullptr, &now) == -1 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

  void broken() noexcept { broken_ = true; }

 private:
  sigset_t set_{};
  sigset_t previous_{};
  bool was_pending_ = false;
  bool broken_ = false;
};

std::int64_t monotonic_ms() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

bool wait_writable(int fd, std::int64_t deadline_ms) noexcept {
  for (;;) {
    const std::int64_t left = deadline_ms - monotonic_ms();
    if (left <= 0) return false;
    pollfd poller{fd, POLLOUT, 0};
    const int n = poll(&poller, 1, static_cast<int>(left));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

}  // namespace

bool write_fully(int fd, std::string_view data, int wait_ms) noexcept {
  const int saved_errno = errno;
  bool complete = true;
  {
    NoSigpipe guard;
    std::int64_t deadline_ms = 0;
    while (!data.empty()) {
      const ssize_t n = write(fd, data.data(), data.size());
      if (n > 0) {
        data.remove_prefix(static_cast<std::size_t>(n));
        continue;
      }
      if (n == -1 && errno == EINTR) continue;
      if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK) && wait_ms > 0) {
        if (deadline_ms == 0) deadline_ms = monotonic_ms() + wait_ms;
        if (wait_writable(fd, deadline_ms)) continue;
      }
      if (n == -1 && errno == EPIPE) guard.broken();
      complete = false;
      break;
    }
  }
  errno = saved_errno;
  return complete;
}

}  // namespace micromegas
