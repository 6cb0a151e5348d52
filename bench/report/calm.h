// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What comes once in a thousand batches is, on a machine that others use, mostly theirs. So a
// program is asked for it while the machine is calm, which is judged by what has no library in it.
#ifndef MICROMEGAS_BENCH_REPORT_CALM_H_
#define MICROMEGAS_BENCH_REPORT_CALM_H_

#include <chrono>
#include <functional>
#include <utility>

namespace bench {

// The p99 of `floor_of_20`, 2 ms apart, in clock reads; takes 2 s.
double disturbance();

class Calm {
 public:
  // Of a sleep of 2 ms in a quiet hour: 2 to 5; while others work: 7 to 11.
  static constexpr double kCalm = 5;

  // Waits and asks again for as long as `patience` in all.
  explicit Calm(std::chrono::seconds patience, std::function<double()> look = disturbance)
      : left_(patience), look_(std::move(look)) {}

  // Looks until the machine is calm, then calls `measure`; again, if it is not calm afterwards and
  // `measure` did not return false: what went wrong stays.
  // When the patience is at an end calls it once, or leaves it at the last call. False: it was not
  // calm before and after the last call. Says on stderr what it does.
  bool run(const std::function<bool()>& measure);

 private:
  using Clock = std::chrono::steady_clock;

  bool look();
  bool wait();
  void spend(Clock::time_point since) { left_ -= Clock::now() - since; }
  [[nodiscard]] bool patient() const { return left_ > std::chrono::nanoseconds(0); }

  std::chrono::nanoseconds left_;
  std::function<double()> look_;
  double seen_ = 0;    // at the last look
  bool calm_ = false;  // then, a moment ago
};

}  // namespace bench

#endif  // MICROMEGAS_BENCH_REPORT_CALM_H_
