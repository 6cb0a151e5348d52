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

bool Calm::look() {
  seen_ = look_();
  return seen_ <= kCalm;
}

bool Calm::wait() {
  for (bool said = false; !calm_ && patient(); said = true) {
    const auto begin = Clock::now();
    calm_ = look();
    if (calm_) break;
    spend(begin);
    if (!said) std::fprintf(stderr, "waiting until the machine is calm\n");
  }
  if (!calm_) {
    std::fprintf(stderr, "the machine is not calm: its floor has a p99 of %.1f clock reads\n",
                 seen_);
  }
  return calm_;
}

bool Calm::run(const std::function<bool()>& measure) {
  for (;;) {
    const bool calm_before = wait();
    const auto begin = Clock::now();
    const bool again = measure();
    calm_ = look();
    if (calm_ && calm_before) return true;
    spend(begin);
    if (!patient() || !again) return false;
    std::fprintf(stderr, "the machine was disturbed meanwhile: asked again\n");
  }
}

}  // namespace bench
