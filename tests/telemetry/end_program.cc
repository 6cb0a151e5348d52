// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Ends as its argument says. What its sink is given goes to standard output: fatal logs, and the
// metric of a clean end.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "micromegas/platform/fd_write.h"
#include "micromegas/telemetry.h"
#include "micromegas/tests/support/forked_leaks.h"

namespace {

using namespace std::chrono_literals;
using micromegas::Level;

void say(std::string_view line) {
  micromegas::write_fully(STDOUT_FILENO, std::string(line) + "\n", 0);
}

class PipeSink : public micromegas::EventSink {
 public:
  void on_process_log_block(std::shared_ptr<const micromegas::LogBlock> block) override {
    block->for_each([](const micromegas::LogEvent& event) {
      if (event.level == Level::kFatal) {
        say("FATAL [" + std::string(event.target) + "] " + std::string(event.text));
      }
    });
  }
  void on_process_metrics_block(std::shared_ptr<const micromegas::MetricsBlock> block) override {
    block->for_each([](const micromegas::MetricEvent& event) {
      if (event.name != "process_lifetime") return;
      std::string line = "end, " + std::string(event.unit);
      for (const auto& p : event.properties) line += ", " + std::string(p.value);
      say(event.integer > 0 && event.integer < 60'000'000'000 ? line : "a strange lifetime");
    });
  }
};

void fail(const char* what) { throw std::runtime_error(what); }

struct Odd {};

class Silent : public std::exception {
 public:
  const char* what() const noexcept override { return nullptr; }
};

class Throwing : public std::exception {
 public:
  const char* what() const noexcept override {
    fail("in what()");
    return "";
  }
};

class Logging : public std::exception {
 public:
  const char* what() const noexcept override {
    MM_ERROR("asked what");
    return "it logs";
  }
};

class Hanging : public std::exception {
 public:
  const char* what() const noexcept override {
    while (true) pause();
  }
};

class TerminatingSink : public micromegas::EventSink {
  void on_log(const micromegas::LogMetadata&, std::span<const micromegas::Property>, std::int64_t,
              std::string_view) override {
    []() noexcept { fail("from a sink"); }();
  }
};

class StuckSink : public micromegas::EventSink {
  void on_process_log_block(std::shared_ptr<const micromegas::LogBlock>) override {
    while (true) pause();
  }
};

// From here on nobody gets a thread: clone() answers EAGAIN, as where a limit is reached.
void forbid_threads() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(rules), rules};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
    std::_Exit(96);
  }
  pthread_t thread;
  const auto body = [](void*) -> void* { return nullptr; };
  if (pthread_create(&thread, nullptr, body, nullptr) == 0) std::_Exit(95);
}

void throw_nested() {
  try {
    try {
      throw std::out_of_range("no seat 7");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("cannot book"));
    }
  } catch (...) {
    std::throw_with_nested(std::logic_error("request 5 failed"));
  }
}

// Every thread that terminates stays in a handler until all have come.
void terminate_in_two_threads() {
  std::atomic<int> ready{0};
  const auto body = [&](const char* what) {
    ++ready;
    while (ready < 2) std::this_thread::yield();
    throw std::runtime_error(what);
  };
  std::thread first([&] { body("first"); });
  body("second");
}

void previous_handler() {
  say("previous handler");
  std::_Exit(7);
}

std::atomic<bool> g_reloaded{false};

std::terminate_handler g_below_foreign = nullptr;
void foreign_handler() {
  say("foreign handler");
  g_below_foreign();
}

micromegas::TelemetryOptions options(std::string_view way) {
  micromegas::TelemetryOptions o{
      .console = false,
      .flush_period = 1h,
      .system_metrics_period = 0s,
      .shutdown_deadline = way.starts_with("briefly-") ? 2s : 20s,
      .handle_signals = true,
      .handle_terminate = way != "unhandled",
  };
  o.sinks.push_back({std::make_shared<PipeSink>()});
  if (way == "briefly-in-a-sink") o.sinks.push_back({std::make_shared<TerminatingSink>()});
  if (way == "briefly-beside-a-stuck-sink") o.sinks.push_back({std::make_shared<StuckSink>()});
  return o;
}

const std::map<std::string_view, std::function<void()>>& ways() {
  static const std::map<std::string_view, std::function<void()>> all = {
      {"throw", [] { throw std::runtime_error("disk full"); }},
      {"briefly-throw", [] { throw std::runtime_error("disk full"); }},
      {"unhandled", [] { throw std::runtime_error("disk full"); }},
      {"noexcept", []() noexcept { fail("not here"); }},
      {"thread",
       [] {
         std::thread([] {
           micromegas::set_thread_name("worker");
           throw std::runtime_error("in a thread");
         }).join();
       }},
      {"nested", throw_nested},
      {"odd", [] { throw Odd{}; }},
      {"int", [] { throw 42; }},
      {"string", [] { throw std::string("a string"); }},
      {"literal", [] { throw "a literal"; }},
      {"silent", [] { throw Silent(); }},
      {"what-throws", [] { throw Throwing(); }},
      {"what-logs", [] { throw Logging(); }},
      {"briefly-what-hangs", [] { throw Hanging(); }},
      {"long", [] { throw std::runtime_error(std::string(1 << 20, 'x')); }},
      {"terminate", [] { std::terminate(); }},
      {"unjoined", [] { std::thread unjoined(pause); }},
      {"two-threads", terminate_in_two_threads},
      {"briefly-in-a-sink",
       [] {
         MM_INFO("for the sink");
         while (true) pause();
       }},
      {"briefly-beside-a-stuck-sink", [] { throw std::runtime_error("nobody listens"); }},
      {"previous", [] { throw std::runtime_error("passed on"); }},
      {"foreign", [] { throw std::runtime_error("passed on"); }},
      {"foreign-again", [] { throw std::runtime_error("passed on"); }},
      {"no-more-threads",
       [] {
         forbid_threads();
         throw std::runtime_error("no threads left");
       }},
      {"after-shutdown",
       [] {
         micromegas::shutdown(20s);
         throw std::runtime_error("too late");
       }},
      {"in-a-child",
       [] {
         const pid_t child = fork();
         if (child == 0) throw std::runtime_error("a child's");
         int status = 0;
         waitpid(child, &status, 0);
         say("child: " + std::to_string(WTERMSIG(status)));
       }},
      {"guard", [] {}},
      {"shutdown", [] { micromegas::shutdown(20s); }},
      {"exit", [] { std::exit(0); }},
      {"exit-from-a-thread", [] { std::thread([] { std::exit(0); }).join(); }},
      {"_exit", [] { _exit(0); }},
      {"SIGTERM", [] { raise(SIGTERM), pause(); }},
      {"SIGINT", [] { raise(SIGINT), pause(); }},
      {"SIGHUP", [] { raise(SIGHUP), pause(); }},
      {"handled-signal",
       [] {
         raise(SIGHUP);
         while (!g_reloaded) std::this_thread::yield();  // our part comes before
       }},
      {"SIGKILL", [] { raise(SIGKILL); }},
      {"quiet-levels",
       [] {
         micromegas::set_max_verbosity(micromegas::VerbosityFilter::kOff);
         micromegas::set_max_level(micromegas::LevelFilter::kOff);
       }},
  };
  return all;
}

int run(std::string_view way) {
  const auto found = ways().find(way);
  if (found == ways().end()) return 98;
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (way == "previous" || way.starts_with("foreign")) std::set_terminate(&previous_handler);
  if (way == "handled-signal") signal(SIGHUP, [](int) { g_reloaded = true; });
  auto telemetry = micromegas::init_telemetry(options(way));
  if (!telemetry) {
    say(telemetry.error().message());
    return 97;
  }
  if (way.starts_with("foreign")) g_below_foreign = std::set_terminate(&foreign_handler);
  if (way == "foreign-again") {
    micromegas::shutdown(20s);
    telemetry = micromegas::init_telemetry(options(way));
    if (!telemetry) return 97;
  }
  found->second();
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run(argc > 1 ? argv[1] : ""); }
