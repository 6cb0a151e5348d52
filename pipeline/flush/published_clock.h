// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The clock model for every thread: a copy that the flush actor replaces at each sync.
#ifndef MICROMEGAS_PIPELINE_FLUSH_PUBLISHED_CLOCK_H_
#define MICROMEGAS_PIPELINE_FLUSH_PUBLISHED_CLOCK_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "micromegas/pipeline/flush/clock_anchor.h"
#include "micromegas/platform/clock.h"

namespace micromegas {

class ClockModel;

// Two slots: version v is in slot v % 2. The writer fills the other slot and then raises the
// version, so a reader never waits for a writer, however long that one is off the processor in the
// middle. A reader has to look again only if a version was raised while it read (about once a
// second).
//
// Why a reader never uses a torn slot: slot v % 2 is written again only for v + 2, after v + 1 was
// stored. A payload load that sees a value of v + 2 acquires from its release store, and so the
// second load of the version, later in program order, sees at least v + 1: the reader looks again.
// The payload is atomic, so the race itself is no undefined behaviour. (Acquire and release at each
// word instead of fences: the same instructions on x86-64, and ThreadSanitizer can follow them.)
//
// A time never goes backwards across a publication: the newest piece of a model begins 50 ms after
// its sample, and until then both versions say the same. Only if the publisher is stopped for
// longer than that between sample and publish() may a reader see time repeat itself, by the slew
// (at most 5 %) of that delay.
class PublishedClock {
 public:
  // One thread at a time.
  void publish(const ClockModel& model) noexcept;

  // As ClockModel::to_ns, for ticks of about now. 0 before the first publish(). Any thread,
  // lock-free, async-signal-safe.
  [[nodiscard]] std::int64_t to_ns(std::uint64_t ticks) const noexcept {
    for (;;) {
      const std::uint64_t version = version_.load(std::memory_order_acquire);
      const Slot& slot = slots_[version % 2];
      ClockAnchor anchor;
      for (const Piece& piece : slot) {  // newest first
        anchor = {piece.ticks.load(std::memory_order_acquire),
                  static_cast<std::int64_t>(piece.ns.load(std::memory_order_acquire)),
                  piece.mult.load(std::memory_order_acquire)};
        if (ticks >= anchor.ticks) break;
      }
      if (version_.load(std::memory_order_relaxed) == version) return anchor.to_ns(ticks);
    }
  }

  // Nanoseconds since the Unix epoch, now.
  [[nodiscard]] std::int64_t now() const noexcept { return to_ns(read_ticks()); }

 private:
  // Newest first: the end of a slew, the slew, and what is in force until it begins.
  struct Piece {
    std::atomic<std::uint64_t> ticks{0};
    std::atomic<std::uint64_t> ns{0};
    std::atomic<std::uint64_t> mult{0};
  };
  using Slot = std::array<Piece, 4>;

  std::array<Slot, 2> slots_{};
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_FLUSH_PUBLISHED_CLOCK_H_
