// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/own_output.h"

#include <sched.h>
#include <time.h>

#include <atomic>
#include <cstdint>

namespace micromegas {
namespace {

// Of descriptors 1 and 2.
constinit std::atomic<int> g_instead[3] = {-1, -1, -1};
constinit std::atomic<std::uint32_t> g_users{0};

std::int64_t monotonic_ms() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

OwnOutput::OwnOutput(int fd) noexcept : fd_(fd) {
  g_users.fetch_add(1);
  if (fd != 1 && fd != 2) return;
  const int instead = g_instead[fd].load();
  if (instead != -1) fd_ = instead;
}
OwnOutput::~OwnOutput() { g_users.fetch_sub(1); }

bool lead_own_output(int fd, int instead) noexcept {
  constexpr std::int64_t kWaitMs = 1000;
  if (fd != 1 && fd != 2) return true;
  g_instead[fd].store(instead);
  // Whoever counts itself from here on sees the new one.
  for (const std::int64_t end = monotonic_ms() + kWaitMs; g_users.load() != 0; sched_yield()) {
    if (monotonic_ms() > end) return false;
  }
  return true;
}

void forget_own_output() noexcept {
  for (std::atomic<int>& instead : g_instead) instead.store(-1);
  g_users.store(0);
}

}  // namespace micromegas
