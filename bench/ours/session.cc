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
#include <cstring>
#include <utility>

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

Measured unless_lost(Figures figures) {
  std::string gone = lost();
  if (!gone.empty()) return micromegas::Error(std::move(gone));
  return figures;
}

// Through a pipe: '+' and the figures, or '-' and the reason.
Measured in_child(const std::function<Measured()>& measure) {
  int fds[2];
  if (pipe(fds) != 0) return micromegas::Error("there is no pipe");
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(fds[0]);
    const Measured measured = measure();
    std::string told = "-";
    if (measured) {
      told = "+";
      told.append(reinterpret_cast<const char*>(measured->data()),
                  measured->size() * sizeof(double));
    } else {
      told += measured.error().message();
    }
    const bool written =
        write(fds[1], told.data(), told.size()) == static_cast<ssize_t>(told.size());
    _exit(written ? 0 : 1);
  }
  close(fds[1]);
  std::string told;
  char buffer[4096];
  for (ssize_t n; child > 0 && (n = read(fds[0], buffer, sizeof buffer)) > 0;) {
    told.append(buffer, static_cast<std::size_t>(n));
  }
  close(fds[0]);
  int status = 0;
  if (child <= 0 || waitpid(child, &status, 0) != child)
    return micromegas::Error("there is no child");
  if (WIFSIGNALED(status)) {
    return micromegas::Error("ended by signal " + std::to_string(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0 || told.empty()) {
    return micromegas::Error("ended with " + std::to_string(WEXITSTATUS(status)));
  }
  if (told.front() == '-') return micromegas::Error(told.substr(1));
  Figures figures((told.size() - 1) / sizeof(double));
  std::memcpy(figures.data(), told.data() + 1, figures.size() * sizeof(double));
  return figures;
}

}  // namespace bench
