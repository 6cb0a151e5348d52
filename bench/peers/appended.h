// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What has come out at the other end of a logger: its appender, which keeps nothing, counts here.
#ifndef MICROMEGAS_BENCH_PEERS_APPENDED_H_
#define MICROMEGAS_BENCH_PEERS_APPENDED_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace bench {

inline std::atomic<std::uint64_t> g_appended{0};

// Any thread.
inline void count_appended() { g_appended.fetch_add(1, std::memory_order_relaxed); }

inline std::uint64_t appended() { return g_appended.load(std::memory_order_relaxed); }

// Until nothing has been appended for a while.
inline void settle_appended() {
  for (std::uint64_t before = appended() + 1; before != appended();) {
    before = appended();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace bench

#endif  // MICROMEGAS_BENCH_PEERS_APPENDED_H_
