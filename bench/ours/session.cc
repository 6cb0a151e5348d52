// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/ours/session.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace bench {

using namespace std::chrono_literals;

micromegas::TelemetryGuard start_telemetry(const std::string& url, std::size_t queue_bytes) {
  auto telemetry = micromegas::init_telemetry({
      .url = url,
      .log_filter = micromegas::LogFilter(micromegas::LevelFilter::kTrace,
                                          {{"bench.silent", micromegas::LevelFilter::kOff}}),
      .console = false,
      .queue_bytes = queue_bytes,
      .flush_period = 1s,
      .system_metrics_period = 0s,
      .report_end = false,
  });
  if (url.empty() || !telemetry) {
    std::fprintf(stderr, "%s\n", telemetry ? "no server" : telemetry.error().message().c_str());
    std::exit(1);
  }
  return std::move(*telemetry);
}

void settle() { micromegas::flush(20s); }

std::string lost() {
  const micromegas::KindStats total = micromegas::stats().total();
  if (total.dropped_total() == 0 && total.recorded == total.delivered) return {};
  return "recorded " + std::to_string(total.recorded) + ", delivered " +
         std::to_string(total.delivered) + ", dropped " + std::to_string(total.dropped_total());
}

Figures in_child(const std::function<Figures()>& measure) {
  int fds[2];
  if (pipe(fds) != 0) return {};
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(fds[0]);
    const Figures figures = measure();
    const std::size_t bytes = figures.size() * sizeof(double);
    const bool written = write(fds[1], figures.data(), bytes) == static_cast<ssize_t>(bytes);
    _exit(written ? 0 : 1);
  }
  close(fds[1]);
  Figures figures;
  double value = 0;
  while (child > 0 && read(fds[0], &value, sizeof value) == sizeof value) figures.push_back(value);
  close(fds[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  return figures;
}

}  // namespace bench
