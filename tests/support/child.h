// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Forked children and pipes for tests.
#ifndef MICROMEGAS_TESTS_SUPPORT_CHILD_H_
#define MICROMEGAS_TESTS_SUPPORT_CHILD_H_

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/tests/support/sanitizer_fork.h"

namespace micromegas::testing {

inline constexpr std::chrono::seconds kDeadline{60};

// Replaces this process, in a child: by the program, or if the variable MICROMEGAS_TEST_EMULATOR is
// set, by that one, which runs it for another processor.
[[noreturn]] inline void become(std::string program, std::vector<std::string> arguments) {
  std::vector<char*> argv;
  if (char* emulator = std::getenv("MICROMEGAS_TEST_EMULATOR")) argv.push_back(emulator);
  argv.push_back(program.data());
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(argv.front(), argv.data());
  _exit(127);
}

// Reads what was written until the last writer closes.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) std::abort();
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int read_end() const { return ends_[0]; }
  [[nodiscard]] int write_end() const { return ends_[1]; }
  void close_read() { close_end(0); }
  void close_write() { close_end(1); }

  std::string read_all() {
    close_write();
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t n; (n = read(ends_[0], buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
  }

  // Up to and with `last`, or what came before the deadline or the end.
  std::string read_until(char last) {
    std::string text;
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (std::chrono::steady_clock::now() < deadline) {
      pollfd poller{ends_[0], POLLIN, 0};
      if (poll(&poller, 1, 100) <= 0) continue;
      char c = 0;
      if (read(ends_[0], &c, 1) != 1) break;
      text.push_back(c);
      if (c == last) break;
    }
    return text;
  }

 private:
  void close_end(std::size_t i) {
    if (ends_[i] != -1) close(ends_[i]);
    ends_[i] = -1;
  }

  std::array<int, 2> ends_{-1, -1};
};

// Runs `body` in a forked child, which ends with 0 if body returns. A child that hangs is killed
// at the deadline: its status is then SIGALRM's.
template <class Body>
pid_t start_child(Body body) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    signal(SIGALRM, SIG_DFL);
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
    alarm(static_cast<unsigned>(kDeadline.count()));
    body();
    _exit(0);
  }
  return pid;
}

inline int wait_for_child(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
  }
  return status;
}

// The wait status of the child.
template <class Body>
int run_child(Body body) {
  return wait_for_child(start_child(std::move(body)));
}

inline bool exited_with(int status, int code) {
  return WIFEXITED(status) && WEXITSTATUS(status) == code;
}
inline bool killed_by(int status, int signal) {
  return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_SUPPORT_CHILD_H_
