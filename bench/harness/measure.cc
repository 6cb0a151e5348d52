// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/harness/measure.h"

#include <algorithm>

namespace bench {
namespace {
thread_local volatile std::uint64_t t_kept;
volatile std::uint64_t g_stored[512];  // a page
}  // namespace

double percentile(std::vector<double>& values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

double slowest_median(std::vector<std::vector<double>>& producers) {
  double slowest = 0;
  for (auto& samples : producers) slowest = std::max(slowest, percentile(samples, 0.5));
  return slowest;
}

Case clock_read() {
  return make_silent_case("clock_read", [](int) { t_kept = micromegas::read_ticks(); });
}

Case bare_stores() {
  return make_silent_case("bare_stores", [](int i) {
    volatile std::uint64_t* const at = g_stored + static_cast<unsigned>(i) * 4 % 512;
    at[0] = 1;
    at[1] = micromegas::read_ticks();
    at[2] = 2;
    at[3] = 3;
  });
}

}  // namespace bench
