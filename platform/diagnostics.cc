// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/diagnostics.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "micromegas/platform/fd_write.h"
#include "micromegas/platform/own_output.h"

namespace micromegas {
namespace {

constexpr std::int64_t kPeriodMs = 10'000;
constexpr std::size_t kMaxLine = 2048;
constexpr std::size_t kSlots = 64;  // keys are literals of the library: a few dozen

// Only atomics: a mutex held by another thread at fork() would hang the child.
struct Slot {
  std::atomic<std::uint64_t> key{0};  // hash, 0: free
  std::atomic<std::int64_t> next_ms{0};
  std::atomic<std::uint32_t> left_out{0};
};

constinit std::array<Slot, kSlots> g_slots{};
constinit std::atomic<DiagnosticHandler> g_handler{nullptr};
constinit thread_local bool t_bypasses_handler = false;

std::uint64_t hash(std::string_view key) noexcept {
  std::uint64_t h = 14695981039346656037ULL;
  for (char c : key) h = (h ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
  return h == 0 ? 1 : h;
}

// A full table makes the keys that came late share one slot: less is said, never more.
Slot& slot_of(std::uint64_t key) noexcept {
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = g_slots[(key + i) % kSlots];
    std::uint64_t found = slot.key.load(std::memory_order_relaxed);
    if (found == 0 && slot.key.compare_exchange_strong(found, key, std::memory_order_relaxed)) {
      return slot;
    }
    if (found == key) return slot;
  }
  return g_slots[key % kSlots];
}

std::int64_t monotonic_ms() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  // From 1, so that a machine that has just booted is past the initial 0.
  return 1 + static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

struct Line {
  std::array<char, kMaxLine> text;
  std::size_t size = 0;

  void add(std::string_view part) noexcept {
    const std::size_t n = std::min(part.size(), text.size() - size);
    if (n != 0) std::memcpy(text.data() + size, part.data(), n);
    size += n;
  }
};

}  // namespace

void diagnose(std::string_view key, std::string_view message) noexcept {
  Slot& slot = slot_of(hash(key));
  const std::int64_t now = monotonic_ms();
  std::int64_t next = slot.next_ms.load(std::memory_order_relaxed);
  if (now < next ||
      !slot.next_ms.compare_exchange_strong(next, now + kPeriodMs, std::memory_order_relaxed)) {
    slot.left_out.fetch_add(1, std::memory_order_relaxed);
    return;
  }

  constexpr std::size_t kRoomForTail = 64;
  Line line;
  line.add("micromegas: ");
  const std::size_t begin = line.size;
  const bool cut = message.size() > kMaxLine - begin - kRoomForTail;
  line.add(message.substr(0, kMaxLine - begin - kRoomForTail));
  // The message may quote a server or a file: one line, nothing a terminal obeys.
  std::replace_if(
      line.text.begin() + static_cast<std::ptrdiff_t>(begin),
      line.text.begin() + static_cast<std::ptrdiff_t>(line.size),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  if (cut) line.add("...");
  if (const std::uint32_t left_out = slot.left_out.exchange(0, std::memory_order_relaxed)) {
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), left_out).ptr;
    line.add(" (");
    line.add({digits.data(), static_cast<std::size_t>(end - digits.data())});
    line.add(" like it left out)");
  }

  DiagnosticHandler handler = g_handler.load(std::memory_order_acquire);
  if (handler != nullptr && !t_bypasses_handler) {
    handler({line.text.data(), line.size});
    return;
  }
  line.add("\n");
  const OwnOutput err(STDERR_FILENO);
  write_fully(err.fd(), {line.text.data(), line.size}, 0);
}

void set_diagnostic_handler(DiagnosticHandler handler) noexcept {
  g_handler.store(handler, std::memory_order_release);
}

void bypass_diagnostic_handler() noexcept { t_bypasses_handler = true; }

}  // namespace micromegas
