// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What an event costs with this library. `./dev bench` runs it; the method is in
// docs/performance.md.

#include <string_view>

#include "micromegas/bench/harness/library.h"
#include "micromegas/bench/ours/cases.h"
#include "micromegas/bench/ours/questions.h"
#include "micromegas/bench/ours/server.h"
#include "micromegas/bench/ours/session.h"

int main(int argc, char** argv) {
  const bench::Asked asked = bench::parse(argc, argv);
  constexpr struct {
    std::string_view name;
    void (*ask)(const bench::Asked&);
  } kOwn[] = {
      {"cold", bench::ask_cold},
      {"storm", bench::ask_storm},
      {"background", bench::ask_background},
      {"memory", bench::ask_memory},
  };
  for (const auto& own : kOwn) {
    if (own.name != asked.question) continue;
    own.ask(asked);
    return 0;
  }
  const bench::Server server(bench::ServerKind::kLive);
  const auto telemetry = bench::start_telemetry(server.url(), 128U << 20);
  const bool known = bench::ask(
      asked, {
                 .name = bench::kLibrary,
                 .cases = bench::micromegas_cases(),
                 .threads_cases = {"literal", "int+double+string", "int_metric", "span_event"},
                 .paced_case = "int+int",
                 .paced_floor = true,
                 .settle = bench::settle,
                 .arrived = [] { return micromegas::stats().total().delivered; },
                 .lost = bench::lost,
             });
  return known ? 0 : bench::kNotMyQuestion;
}
