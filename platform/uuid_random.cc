// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "micromegas/platform/uuid.h"

namespace micromegas {
namespace {

// SplitMix64: only for a kernel that refuses getrandom(2) (seccomp, early boot).
std::uint64_t fallback_random() noexcept {
  static std::atomic<std::uint64_t> counter{0};
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  // pid and address space layout keep a forked child and a twin started in the same tick apart.
  std::uint64_t z =
      counter.fetch_add(0x9e3779b97f4a7c15ULL, std::memory_order_relaxed) ^
      (static_cast<std::uint64_t>(now.tv_sec) << 30) ^ static_cast<std::uint64_t>(now.tv_nsec) ^
      (static_cast<std::uint64_t>(getpid()) << 40) ^ reinterpret_cast<std::uintptr_t>(&now);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

Uuid Uuid::random() {
  Uuid id;
  std::size_t have = 0;
  const int saved_errno = errno;
  while (have < id.bytes.size()) {
    const ssize_t n = getrandom(id.bytes.data() + have, id.bytes.size() - have, GRND_NONBLOCK);
    if (n > 0) {
      have += static_cast<std::size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      break;
    }
  }
  errno = saved_errno;
  for (std::uint64_t bits = 0, left = 0; have < id.bytes.size(); ++have, --left, bits >>= 8) {
    if (left == 0) bits = fallback_random(), left = 8;
    id.bytes[have] = static_cast<std::uint8_t>(bits);
  }
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

}  // namespace micromegas
