// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Logs wherever a program can: before and after main, in destructors, in exit handlers. What the
// sink is given goes to standard output, a line a log; the argument says how the program ends.

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "micromegas/telemetry.h"

namespace {

using namespace std::chrono_literals;

void say(std::string_view line) {
  std::string text(line);
  text += '\n';
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(99);
}

class PipeSink : public micromegas::EventSink {
 public:
  void on_process_log_block(std::shared_ptr<const micromegas::LogBlock> block) override {
    block->for_each([](const micromegas::LogEvent& event) { say(event.text); });
  }
  void on_shutdown() override { say("sink: shutdown"); }
};

void record(const char* where) {
  MM_SPAN("s");
  MM_INFO("{}", where);
  MM_IMETRIC("m", "count", 1);
}

struct Recorder {
  explicit Recorder(const char* name) : name_(name) { record((name_ + ": constructor").c_str()); }
  ~Recorder() { record((name_ + ": destructor").c_str()); }
  void touch() {}
  std::string name_;
};

Recorder g_static("static");                             // NOLINT
thread_local Recorder t_local("thread-local");           // NOLINT
thread_local Recorder t_local_2("thread-local, later");  // NOLINT

void run_thread() {
  t_local.touch();
  record("thread: body");
  t_local_2.touch();
}

// Records until the process is gone, from a thread that nobody joins.
void record_for_ever() {
  while (true) {
    MM_SPAN("for ever");
    MM_DEBUG("for ever");
    MM_IMETRIC("for ever", "count", 1);
    std::this_thread::yield();
  }
}

int run(std::string_view way) {
  record("before the start");
  std::atexit([] { record("exit handler registered before the start"); });
  auto telemetry = micromegas::init_telemetry({
      .console = false,
      .sinks = {{std::make_shared<PipeSink>(), micromegas::LevelFilter::kInfo}},
      .flush_period = 1h,
  });
  if (!telemetry) {
    say(telemetry.error().message());
    return 98;
  }
  std::atexit([] { record("exit handler registered after the start"); });
  record("main");
  t_local.touch();
  std::thread(run_thread).join();

  if (way == "return") return 0;
  if (way == "shutdown") {
    const bool all = micromegas::shutdown(10s);
    record("after shutdown");
    std::thread(run_thread).join();
    return all ? 0 : 97;
  }
  if (way == "exit") std::exit(0);
  if (way == "exit-from-thread") {
    std::thread([] {
      t_local.touch();
      record("thread that exits");
      std::exit(0);
    }).detach();
    while (true) pause();
  }
  if (way == "exit-under-fire") {
    for (int i = 0; i < 3; ++i) std::thread(record_for_ever).detach();
    std::this_thread::yield();
    std::exit(0);
  }
  if (way == "exit-in-sink") {
    // The flush actor itself ends the process.
    class ExitSink : public micromegas::EventSink {
      void on_log(const micromegas::LogMetadata&, std::span<const micromegas::Property>,
                  std::int64_t, std::string_view) override {
        say("sink: exit");
        std::exit(0);
      }
    };
    micromegas::shutdown(10s);
    const auto again = micromegas::init_telemetry({
        .console = false,
        .sinks = {{std::make_shared<ExitSink>(), micromegas::LevelFilter::kInfo}},
    });
    if (!again) return 96;
    record("asks for the end");
    while (true) pause();
  }
  if (way == "quick-exit") std::quick_exit(0);
  if (way == "no-telemetry-left") {
    { const auto moved = std::move(*telemetry); }
    record("after the guard");
    return 0;
  }
  return 95;
}

}  // namespace

int main(int argc, char** argv) { return run(argc > 1 ? argv[1] : ""); }
