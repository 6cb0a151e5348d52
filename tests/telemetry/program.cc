// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The README's program with an end of the test's choice. The server is in the environment. It says
// "ready" when it has logged once, and what its books say at the end: "recorded delivered dropped
// held".

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "micromegas/telemetry.h"
#include "micromegas/tests/support/forked_leaks.h"

namespace {

using namespace std::chrono_literals;

void say(const char* line) {
  std::printf("%s\n", line);
  std::fflush(stdout);
}

void say_books() {
  const micromegas::KindStats total = micromegas::stats().total();
  std::printf("%llu %llu %llu %llu\n", static_cast<unsigned long long>(total.recorded),
              static_cast<unsigned long long>(total.delivered),
              static_cast<unsigned long long>(total.dropped_total()),
              static_cast<unsigned long long>(total.held));
  std::fflush(stdout);
}

void record_some() {
  for (int i = 0; i < 100; ++i) {
    MM_SPAN("work");
    MM_INFO("log {}", i);
    MM_IMETRIC("i", "count", i);
  }
}

// In the child of a program that records; its exit code says what went wrong.
int in_the_child() {
  record_some();
  if (micromegas::process_id()) return 10;
  if (micromegas::flush(1s)) return 11;
  if (micromegas::stats().total().recorded != 0) return 12;
  if (!micromegas::shutdown(1s)) return 13;
  return 0;
}

int fork_once(bool own_telemetry) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  // Its allocator has locks that its fork() does not take: the other threads must rest meanwhile.
  micromegas::flush(10s);
#endif
#endif
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    if (const int wrong = in_the_child(); wrong != 0) _exit(wrong);
    if (own_telemetry) {
      auto own = micromegas::init_telemetry({.console = false, .report_end = false});
      if (!own) _exit(14);
      MM_INFO("child");
      if (!micromegas::flush(10s)) _exit(15);
    }
    std::exit(0);  // with the parent's exit handlers, guards and all
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// Ends under the eyes of a server that is told so: the test sends a signal then.
int end_at_once() {
  auto telemetry = micromegas::init_telemetry({.console = false,
                                               .flush_period = 1h,
                                               .shutdown_deadline = 10s,
                                               .handle_signals = true,
                                               .report_end = false});
  if (!telemetry) return 2;
  MM_INFO("hello");
  return 0;
}

// Starts that fail, that end, and that have other threads beside them, in one process.
int start_again_and_again() {
  if (micromegas::init_telemetry({.url = "nonsense", .console = false})) return 2;
  for (int i = 0; i < 2; ++i) {
    auto telemetry = micromegas::init_telemetry({.console = false});
    if (!telemetry) return 2;
    MM_INFO("start {}", i);
  }
  return 0;
}

int run(std::string_view way) {
  if (way == "end-at-once") return end_at_once();
  if (way == "again-and-again") return start_again_and_again();
  std::atomic<bool> stop{false};
  std::thread other;  // because of it the environment is not touched
  constexpr std::string_view kBeside = "-beside-a-thread";
  if (way.ends_with(kBeside)) {
    other = std::thread([&] { stop.wait(false); });
    way.remove_suffix(kBeside.size());
  }
  auto telemetry = micromegas::init_telemetry({
      .console = false,
      .flush_period = 1h,
      .system_metrics_period = 0s,
      .shutdown_deadline = way.ends_with("-briefly") ? 1s : 10s,
      .handle_signals = way.starts_with("signal"),
      .report_end = false,
  });
  if (!telemetry) {
    say(telemetry.error().message().c_str());
    return 2;
  }
  MM_INFO("hello");
  say("ready");
  if (way.starts_with("signal")) {
    while (true) pause();
  }
  if (way == "fork" || way == "fork-own") {
    record_some();
    std::printf("%d\n", fork_once(way == "fork-own"));
    std::fflush(stdout);
    record_some();
  }
  if (way == "parent-process") {
    const char* const told = std::getenv("MICROMEGAS_TELEMETRY_PARENT_PROCESS");
    say(told != nullptr ? told : "nothing");
    say(micromegas::process_id()->to_string().c_str());
  }
  const bool all = micromegas::shutdown(10s);
  say_books();
  stop = true;
  stop.notify_all();
  if (other.joinable()) other.join();
  return all ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) { return run(argc > 1 ? argv[1] : ""); }
