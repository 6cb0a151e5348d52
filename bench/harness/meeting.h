// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Where producers meet before each round, so that they record at once: each sleeps by itself after
// one, and a round is far shorter than what sleeps differ by.
#ifndef MICROMEGAS_BENCH_HARNESS_MEETING_H_
#define MICROMEGAS_BENCH_HARNESS_MEETING_H_

#include <atomic>
#include <thread>

namespace bench {

// Spins: whom the system has to wake comes later by more than a round. There may be more producers
// than processors, so it yields as well.
class Meeting {
 public:
  explicit Meeting(unsigned producers) : producers_(producers) {}

  // Any of the producers, each as often as the others. What they did before happens before what any
  // of them does after.
  void wait() {
    const unsigned turn = turn_.load(std::memory_order_relaxed);  // stands until this one is here
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == producers_) {
      arrived_.store(0, std::memory_order_relaxed);  // seen by whoever sees the turn
      turn_.store(turn + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; turn_.load(std::memory_order_acquire) == turn; ++spins) {
      if (spins >= kSpins) std::this_thread::yield();
    }
  }

 private:
  static constexpr int kSpins = 20'000;  // some 10 us

  const unsigned producers_;
  alignas(64) std::atomic<unsigned> arrived_{0};
  alignas(64) std::atomic<unsigned> turn_{0};
};

}  // namespace bench

#endif  // MICROMEGAS_BENCH_HARNESS_MEETING_H_
