// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/own_output.h"

#include <time.h>

#include <atomic>
#include <cstdint>

namespace micromegas {
namespace {

// Of descriptors 1 and 2.
constinit std::atomic<int> g_instead[3] = {-1, -1, -1};
constinit std::atomic<std::uint32_t> g_users[3]{};

bool can_be_led(int fd) noexcept { return fd == 1 || fd == 2; }

std::int64_t monotonic_ms() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

OwnOutput::OwnOutput(int fd) noexcept : of_(fd), fd_(fd) {
  if (!can_be_led(fd)) return;
  g_users[fd].fetch_add(1);
  const int instead = g_instead[fd].load();
  if (instead != -1) fd_ = instead;
}
OwnOutput::~OwnOutput() {
  if (can_be_led(of_)) g_users[of_].fetch_sub(1);
}

bool lead_own_output(int fd, int instead) noexcept {
  constexpr std::int64_t kWaitMs = 1000;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};
  if (!can_be_led(fd)) return true;
  g_instead[fd].store(instead);
  // Whoever counts itself from here on sees the new one.
  for (const std::int64_t end = monotonic_ms() + kWaitMs; g_users[fd].load() != 0;) {
    if (monotonic_ms() > end) return false;
    nanosleep(&kPause, nullptr);
  }
  return true;
}

void forget_own_output() noexcept {
  for (std::atomic<int>& instead : g_instead) instead.store(-1);
  for (std::atomic<std::uint32_t>& users : g_users) users.store(0);
}

}  // namespace micromegas
