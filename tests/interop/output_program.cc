// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// output_program WAY: prints while its descriptors are captured; what comes of it is in
// output_capture_test.cc.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/output_capture.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/telemetry.h"
#include "micromegas/tests/support/forked_leaks.h"

namespace {

using micromegas::DescriptorCapture;
using micromegas::Level;

DescriptorCapture capture(int fd) {
  auto started = DescriptorCapture::start(
      fd, {.level = Level::kInfo, .target = fd == 1 ? "stdout" : "stderr"});
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().message().c_str());
    std::_Exit(9);
  }
  return std::move(*started);
}

void put(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n <= 0) std::_Exit(8);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void print() {
  {
    const DescriptorCapture out = capture(1);
    const DescriptorCapture err = capture(2);
    std::printf("by printf\n");
    std::fflush(stdout);
    std::cout << "by a stream" << std::endl;
    if (std::system("echo by another program") != 0) std::_Exit(7);
    put(1, "by write\n");
    std::cerr << "to stderr\n";
    std::printf("no end");
  }
  std::printf("\nafter\n");
}

void fork_once() {
  const DescriptorCapture out = capture(1);
  put(1, "before\n");
  int status = 0;
  const pid_t child = fork();
  if (child == 0) {
    put(1, "child\n");
    // It may have a capture of its own.
    std::_Exit(DescriptorCapture::start(1) ? 0 : 1);
  }
  waitpid(child, &status, 0);
  if (status != 0) std::_Exit(5);
  put(1, "after\n");
}

// Its telemetry and its captures are its parent's, however it ends.
void fork_and_end() {
  const pid_t parent = getpid();
  for (const bool by_exit : {true, false}) {
    std::fflush(stdout);
    {
      const DescriptorCapture out = capture(1);
      if (const pid_t child = fork(); child == 0) {
        std::printf("child\n");
        if (by_exit) std::exit(0);
      } else {
        int status = 0;
        waitpid(child, &status, 0);
        if (status != 0) std::_Exit(5);
      }
    }
    if (getpid() != parent) {
      std::fflush(stdout);
      std::_Exit(0);
    }
    std::printf("parent\n");
  }
}

struct Nowhere : std::streambuf {
  int_type overflow(int_type c) override { return c; }
  std::streamsize xsputn(const char*, std::streamsize size) override { return size; }
};

void fork_stream() {
  Nowhere nowhere;
  std::ostream stream(&nowhere);
  const micromegas::StreamCapture out(stream, {.target = "stream"});
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop) stream.rdbuf()->sputn("no end ", 7);
    });
  }
  for (int i = 0; i < 200; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);
      stream << "child\n";
      std::_Exit(stream.good() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) std::_Exit(5);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

// What goes on from the second goes into the first.
[[noreturn]] void chained() {
  static const auto* out = new DescriptorCapture(capture(1));
  dup2(1, 2);
  static const auto* err = new DescriptorCapture(capture(2));
  std::setvbuf(stderr, nullptr, _IOFBF, 1024);
  std::fprintf(stderr, "buffered until exit\n");
  std::exit(out->original() != -1 && err->original() != -1 ? 3 : 4);
}

void redirect() {
  {
    const DescriptorCapture out = capture(1);
    put(1, "before\n");
    dup2(2, 1);
    put(1, "meanwhile\n");
  }
  put(1, "after\n");
}

// A daemon has closed its descriptors, and expects the lowest ones when it opens others.
void daemon_descriptors() {
  close(0);
  close(1);
  const DescriptorCapture err = capture(2);
  for (const int expected : {0, 1}) {
    if (open("/dev/null", O_RDWR) != expected) std::_Exit(5);
  }
  put(2, "to stderr\n");
}

void full() {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 4096) == -1) std::_Exit(7);
  dup2(ends[1], 1);
  const DescriptorCapture out = capture(1);
  put(1, std::string(6000, 'x') + "\n");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (out.lost() == 0) {
    if (std::chrono::steady_clock::now() > end) std::_Exit(6);
    poll(nullptr, 0, 10);
  }
}

// Leads stderr to where there is no room, and has a handler that prints more than the capture
// holds.
void handler_prints() {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 4096) == -1) std::_Exit(7);
  const int stderr_before = dup(2);
  dup2(ends[1], 2);
  static std::atomic<int> handled{0};
  micromegas::set_diagnostic_handler([](std::string_view) {
    ++handled;
    put(2, std::string(1 << 20, 'h'));
  });
  {
    const DescriptorCapture err = capture(2);
    put(2, std::string(6000, 'x') + "\n");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (err.lost() == 0) {
      if (std::chrono::steady_clock::now() > end) std::_Exit(6);
      poll(nullptr, 0, 10);
    }
    put(2, "and more\n");
  }
  micromegas::set_diagnostic_handler(nullptr);
  dup2(stderr_before, 2);
  if (handled != 0) std::_Exit(5);
}

// Captures begin and end on a thread while another one ends the program.
void exit_meanwhile() {
  static std::atomic<int> rounds{0};
  std::thread([] {
    // While the end has it in its hands, it is captured already.
    for (;; ++rounds) const auto out = DescriptorCapture::start(1);
  }).detach();
  while (rounds < 10) std::this_thread::yield();
  std::exit(3);
}

void again() {
  for (int round = 0; round < 20; ++round) {
    const DescriptorCapture out = capture(1);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 50; ++i) put(1, "one line\n");
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

void reader_gone() {
  int ends[2];
  if (pipe(ends) != 0) std::_Exit(7);
  dup2(ends[1], 1);
  close(ends[0]);
  close(ends[1]);
  const DescriptorCapture out = capture(1);
  while (true) {
    const ssize_t n = write(1, "to nobody\n", 10);
    if (n < 0) std::_Exit(6);
  }
}

void errors() {
  const auto first = DescriptorCapture::start(2);
  if (!first) std::_Exit(5);
  const auto second = DescriptorCapture::start(2);
  if (second) std::_Exit(4);
  std::fprintf(stderr, "%s\n", second.error().message().c_str());
  close(1);
  const auto closed = DescriptorCapture::start(1);
  if (closed) std::_Exit(3);
  std::fprintf(stderr, "%s\n", closed.error().message().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view way = argc > 1 ? argv[1] : "";
  if (way == "errors") {  // no sockets, which would take the descriptor that is closed
    errors();
    return 0;
  }
  if (way == "daemon") {
    daemon_descriptors();
    return 0;
  }
  if (way == "exit-meanwhile") exit_meanwhile();
  if (way == "order") const DescriptorCapture ended = capture(1);
  auto telemetry = micromegas::init_telemetry(
      {.console = way == "console", .system_metrics_period = std::chrono::seconds(0)});
  if (!telemetry) return 2;
  if (way == "print") print();
  if (way == "exit") {
    static auto out = capture(1);
    std::printf("buffered until exit");
    std::exit(3);
  }
  if (way == "order") {
    // Not destroyed: exit() ends it.
    static const auto* out = new DescriptorCapture(capture(1));
    std::printf("buffered until exit");
    std::exit(out->original() != -1 ? 3 : 4);
  }
  if (way == "chained") chained();
  if (way == "fork-and-end") fork_and_end();
  if (way == "fork-stream") fork_stream();
  if (way == "redirect") redirect();
  if (way == "full") full();
  if (way == "console") {
    const DescriptorCapture err = capture(2);
    MM_INFO_T("own", "logged by us");
    std::fprintf(stderr, "printed by the program\n");
  }
  if (way == "long") {
    const DescriptorCapture out = capture(1);
    put(1, std::string(1 << 20, 'x') + "\n");
  }
  if (way == "fork") fork_once();
  if (way == "handler-prints") handler_prints();
  if (way == "again") again();
  if (way == "reader-gone") reader_gone();
  return 0;
}
