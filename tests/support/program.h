// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Another program, run by a test: its environment, its output, its end.
#ifndef MICROMEGAS_TESTS_SUPPORT_PROGRAM_H_
#define MICROMEGAS_TESTS_SUPPORT_PROGRAM_H_

#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/tests/support/child.h"

namespace micromegas::testing {

// Killed if it does not end by itself within kDeadline.
class Program {
 public:
  using Environment = std::map<std::string, std::string>;

  // `path`: as in `data`, below the runfiles. `environment` is added to the test's own. `folder`:
  // where it runs; empty: where the test does.
  explicit Program(const std::string& path, std::vector<std::string> arguments = {},
                   Environment environment = {}, const std::string& folder = {}) {
    std::string program = std::filesystem::absolute(path);
    pid_ = start_child([&] {
      dup2(out_.write_end(), 1);
      dup2(error_.write_end(), 2);
      for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
      if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(126);
      become(std::move(program), std::move(arguments));
    });
    out_.close_write();
    error_.close_write();
    error_reader_ = std::thread([this] { error_text_ = error_.read_all(); });
  }
  ~Program() {
    if (pid_ != -1) {
      kill(pid_, SIGKILL);
      end();
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The next line of its standard output, without the newline.
  std::string read_line() {
    std::string line = out_.read_until('\n');
    if (!line.empty() && line.back() == '\n') line.pop_back();
    return line;
  }
  [[nodiscard]] bool has_ended() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
  }
  // Waits for its end; the wait status. Afterwards out() is what was not read by lines.
  int end() {
    out_text_ = out_.read_all();
    error_reader_.join();
    return wait_for_child(std::exchange(pid_, -1));
  }
  int end_by(int signal) {
    kill(pid_, signal);
    return end();
  }
  [[nodiscard]] const std::string& out() const { return out_text_; }
  [[nodiscard]] const std::string& error() const { return error_text_; }

 private:
  Pipe out_;
  Pipe error_;
  pid_t pid_ = -1;
  std::thread error_reader_;
  std::string out_text_;
  std::string error_text_;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_SUPPORT_PROGRAM_H_
