// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/report/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "micromegas/bench/harness/library.h"

namespace bench {
namespace {

Row to_row(const nlohmann::json& json) {
  Row row{.question = json.at("question"),
          .name = json.at("case"),
          .library = json.at("library"),
          .threads = json.at("threads"),
          .unit = json.at("unit")};
  if (json.contains("not_counted")) {
    row.not_counted = json.at("not_counted");
    return row;
  }
  row.median = json.at("median");
  row.min = json.at("min");
  row.max = json.at("max");
  row.ratio = json.at("ratio");
  return row;
}

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

volatile pid_t g_group = 0;  // the program and those that it has started

extern "C" void end_with_program(int signal) {
  if (g_group > 0) kill(-g_group, signal);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

// Passes the signals that end this program on to the other one, which has a group of its own.
class PassSignals {
 public:
  PassSignals() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i) {
      before_[i] = std::signal(kSignals[i], end_with_program);
      if (before_[i] == SIG_IGN) std::signal(kSignals[i], SIG_IGN);
    }
  }
  ~PassSignals() {
    g_group = 0;
    for (std::size_t i = 0; i < std::size(kSignals); ++i) std::signal(kSignals[i], before_[i]);
  }
  PassSignals(const PassSignals&) = delete;
  PassSignals& operator=(const PassSignals&) = delete;

  // The same signals as a set.
  static sigset_t set() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : kSignals) sigaddset(&signals, signal);
    return signals;
  }

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  void (*before_[std::size(kSignals)])(int);
};

// The program, with its stdout in a pipe, and its group known to end_with_program; -1: it cannot be
// started. A signal in between waits: it would end this program and leave the other one behind.
pid_t start(const std::string& path, const std::vector<std::string>& args, int& out) {
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return -1;
  std::fflush(stdout);
  const sigset_t ending = PassSignals::set();
  sigset_t before;
  sigprocmask(SIG_BLOCK, &ending, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    dup2(fds[1], STDOUT_FILENO);
    execv(path.c_str(), argv.data());
    _exit(127);
  }
  close(fds[1]);
  if (pid > 0) {
    setpgid(pid, pid);
    g_group = pid;
    out = fds[0];
  } else {
    close(fds[0]);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

// Whether there is something to read, or its end, before the deadline.
bool wait_for_output(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&polled, 1, static_cast<int>(std::min<std::int64_t>(left, 1'000'000))) > 0)
      return true;
  }
}

// False: it has not ended before the deadline.
bool wait_for_end(pid_t pid, Clock::time_point deadline, int& status) {
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// First so that it can clean up.
void end_group(pid_t pid, int& status) {
  kill(-pid, SIGTERM);
  const bool ended = wait_for_end(pid, Clock::now() + 2s, status);
  kill(-pid, SIGKILL);
  if (!ended) waitpid(pid, &status, 0);
}

}  // namespace

std::string ask_program(const std::string& path, const std::vector<std::string>& args,
                        std::chrono::milliseconds limit,
                        const std::function<void(const Row&)>& tell) {
  const auto deadline = Clock::now() + limit;
  const PassSignals pass_signals;
  int out = -1;
  const pid_t pid = start(path, args, out);
  if (pid < 0) return "cannot be started";
  std::string why;
  int rows = 0;
  const auto take_line = [&](const std::string& line) {
    if (!line.starts_with('{')) {
      std::fprintf(stderr, "%s\n", line.c_str());
      return;
    }
    try {
      tell(to_row(nlohmann::json::parse(line)));
      ++rows;
    } catch (const nlohmann::json::exception& error) {
      why = std::string("a row is damaged: ") + error.what();
    }
  };
  std::string text;
  bool in_time = true;
  while ((in_time = wait_for_output(out, deadline))) {
    char buffer[4096];
    const ssize_t n = read(out, buffer, sizeof buffer);
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      take_line(text.substr(0, end));
    }
  }
  if (!text.empty()) take_line(text);
  close(out);
  int status = 0;
  if (!in_time || !wait_for_end(pid, deadline, status)) {
    end_group(pid, status);
    return "has not ended after " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limit).count()) + " s";
  }
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  if (code == 127) return "cannot be started";
  if (code != 0 && code != kNotMyQuestion) return "ended with " + std::to_string(code);
  if (code == 0 && rows == 0 && why.empty()) return "has no row";
  return why;
}

}  // namespace bench
