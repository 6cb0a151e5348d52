// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/tests/conformance/scenario.h"
#include "micromegas/tests/conformance/stepped_clock.h"

namespace micromegas::conformance {
namespace {

using namespace std::chrono_literals;

// Rows of one thread are in order, those of several are not: a target of its own keeps them apart.
void one_thread(Expected& e, int number) {
  const std::string name = "short-" + std::to_string(number);
  set_thread_name(name);
  SCENARIO_SPAN(e, name, "life", __FILE__, MM_SPAN("life"));
  for (int i = 0; i < 3; ++i) {
    SCENARIO_SPAN(e, name, name, __FILE__, MM_SPAN_DYN(name));
    e.log(4, name, std::to_string(i), [&] { log_dynamic(Level::kInfo, name, std::to_string(i)); });
    e.metric("threads", name, "count", i, [&] { MM_IMETRIC_DYN_T("threads", name, "count", i); });
  }
}

// Waits until `reached`, and gives up the whole scenario if it never comes.
template <class Condition>
void wait_until(const char* what, Condition reached) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!reached()) {
    // Also makes the flush actor look at the clock.
    if (std::chrono::steady_clock::now() > deadline || !flush(30s)) {
      std::fprintf(stderr, "scenario: %s did not happen\n", what);
      std::exit(1);
    }
  }
}

std::int64_t system_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void record_threads(Expected& expected) {
  constexpr int kThreads = 64;
  std::vector<Expected> each(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&each, i] { one_thread(each[static_cast<std::size_t>(i)], i); });
    // Eight live at a time.
    if (i >= 8) threads[static_cast<std::size_t>(i) - 8].join();
  }
  for (std::thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
  for (Expected& rows : each) expected.append(std::move(rows));
}

void record_bulk(Expected& e, const char* thread) {
  SCENARIO_SPAN(e, thread, "bulk", __FILE__, MM_SPAN("bulk"));
  for (int i = 0; i < 300; ++i) {
    SCENARIO_SPAN(e, thread, "round", __FILE__, MM_SPAN("round"));
    e.log(4, "bulk", "round " + std::to_string(i), [&] { MM_INFO_T("bulk", "round {}", i); });
    if (i % 100 == 50 && !flush(30s)) std::exit(1);  // both spans are open
    {
      SCENARIO_SPAN(e, thread, std::to_string(i % 7), __FILE__, MM_SPAN_DYN(std::to_string(i % 7)));
      e.metric("bulk", "round", "count", i, [&] { MM_IMETRIC_T("bulk", "round", "count", i); });
      e.metric("bulk", "half", "", i * 0.5, [&] { MM_FMETRIC_T("bulk", "half", "", i * 0.5); });
    }
    e.log(5, "bulk", "a literal", [] { MM_DEBUG_T("bulk", "a literal"); });
  }
}

void record_clock_steps(Expected& e, const char* thread) {
  const auto error = [] { return now() - system_ns(); };
  const auto record = [&](const std::string& text) {
    SCENARIO_SPAN(e, thread, text, __FILE__, MM_SPAN_DYN(text));
    e.log(4, "clock", text, [&] { MM_INFO_T("clock", "{}", text); });
    e.metric("clock", "step", "count", 1, [] { MM_IMETRIC_T("clock", "step", "count", 1); });
  };
  SCENARIO_SPAN(e, thread, "open across both", __FILE__, MM_SPAN("open across both"));
  record("before");
  step_system_clock(1h);
  record("after the step, before it is seen");
  wait_until("the step forward", [&] { return std::abs(error()) < 100'000'000; });
  record("an hour later");
  step_system_clock(-2s);
  record("after the step back, before it is seen");
  const std::int64_t ahead = error();
  // Events go on while the clock runs slow, and stay in order.
  int rounds = 0;
  wait_until("the step back", [&] {
    if (rounds < 20) record("slow " + std::to_string(rounds++));
    return error() < ahead - 10'000'000;
  });
  record("at the end");
}

}  // namespace micromegas::conformance
