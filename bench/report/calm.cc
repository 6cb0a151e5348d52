// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/report/calm.h"

#include <cstdio>
#include <thread>
#include <vector>

#include "micromegas/bench/harness/machine.h"
#include "micromegas/bench/harness/measure.h"

namespace bench {

using namespace std::chrono_literals;

double disturbance() {
  double result = 0;
  std::thread([&] {
    pin_to(1);  // where paced's producer will be
    std::vector<double> clock = clock_read().run(Shape{}, [] {});
    std::vector<double> floor =
        bare_stores().run({.batch = 20, .round = 1, .rounds = 1000, .warm_rounds = 20},
                          [] { std::this_thread::sleep_for(2ms); });
    result = percentile(floor, 0.99) / percentile(clock, 0.5);
  }).join();
  return result;
}

bool Calm::wait() {
  for (bool first = true;; first = false) {
    const auto begin = std::chrono::steady_clock::now();
    const double seen = look_();
    if (seen <= kCalm) return true;
    left_ -= std::chrono::steady_clock::now() - begin;
    if (left_ <= 0ns) {
      std::fprintf(stderr, "the machine is not calm: its floor has a p99 of %.1f clock reads\n",
                   seen);
      return false;
    }
    if (first) std::fprintf(stderr, "waiting until the machine is calm\n");
  }
}

}  // namespace bench
