// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The demo's job, timed. With MICROMEGAS_BENCH_PLAIN it is compiled without instrumentation
// (plain/micromegas/instrument.h), otherwise it delivers to the collector, or finds telemetry not
// started if --silent is given. Prints seconds of a job, of as many as take JOB_SECONDS: several of
// the periods after which what was recorded is delivered.
//
//   job FOLDER JOB_SECONDS [--silent]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "micromegas/examples/indexer.h"
#ifndef MICROMEGAS_BENCH_PLAIN
#include <optional>

#include "micromegas/bench/ours/server.h"
#include "micromegas/bench/ours/session.h"
#endif

int main(int argc, char** argv) {
  if (argc < 3) return 2;
#ifndef MICROMEGAS_BENCH_PLAIN
  const bool silent = argc > 3 && std::strcmp(argv[3], "--silent") == 0;
  const bench::Server server(bench::ServerKind::kLive);
  std::optional<micromegas::TelemetryGuard> telemetry;
  if (!silent) telemetry.emplace(bench::start_telemetry(server.url(), 64U << 20));
#endif
  (void)indexer::index_folder(argv[1], 2);  // the files are in memory from here on
  const double at_least = std::atof(argv[2]);
  const auto begin = std::chrono::steady_clock::now();
  int jobs = 0;
  double seconds = 0;
  do {
    (void)indexer::index_folder(argv[1], 2);
    ++jobs;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  } while (seconds < at_least);
  std::printf("%.6f\n", seconds / jobs);
#ifndef MICROMEGAS_BENCH_PLAIN
  if (silent) return 0;
  bench::settle();
  if (const std::string gone = bench::lost(); !gone.empty()) {
    std::fprintf(stderr, "%s\n", gone.c_str());
    return 1;
  }
#endif
  return 0;
}
