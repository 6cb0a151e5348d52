// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Runs each statement a known number of times under callgrind and has it write its counts: check
// reads them. Alone: no flush actor, one thread, and no segment is full.

#include <valgrind/callgrind.h>

#include <cstdio>
#include <string>

#include "micromegas/bench/harness/measure.h"
#include "micromegas/bench/ours/cases.h"
#include "micromegas/pipeline/queue/runtime.h"

namespace {

using micromegas::queue::Runtime;

// The difference of two counts is so many statements and nothing else.
constexpr int kStatements = 16;

void run(const bench::Case& c, int statements) {
  c.run({.batch = statements, .round = 1, .rounds = 1, .warm_rounds = 0}, [] {});
}

void count(const bench::Case& c) {
  // New segments for each, and everything that is done once.
  Runtime::get().retire_current_thread();
  Runtime::get().prepare_current_thread();
  run(c, 1);
  run(c, 1);
  for (const int statements : {kStatements, 2 * kStatements}) {
    const std::string label = c.name + " " + std::to_string(statements);
    CALLGRIND_ZERO_STATS;
    CALLGRIND_TOGGLE_COLLECT;
    run(c, statements);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(label.c_str());
  }
}

}  // namespace

int main() {
#if defined(__clang__)
  std::printf("clang++-%d.%d\n", __clang_major__, __clang_minor__);
#else
  std::printf("g++-%d.%d\n", __GNUC__, __GNUC_MINOR__);
#endif
  if (!RUNNING_ON_VALGRIND) {
    std::fprintf(stderr, "run it under valgrind --tool=callgrind --collect-atstart=no\n");
    return 2;
  }
  Runtime& runtime = Runtime::get();
  runtime.prepare(8U << 20);
  runtime.open({.log = micromegas::LogFilter(micromegas::LevelFilter::kInfo,
                                             {{"bench.silent", micromegas::LevelFilter::kOff}})},
               []() noexcept {});
  for (const bench::Case& c : bench::micromegas_cases()) {
    // Of this one most are the C library's, which chooses by processor.
    if (c.name != "log_1kib_string") count(c);
  }
  runtime.close();
}
