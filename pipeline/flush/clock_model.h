// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Turns ticks of the raw counter into nanoseconds since the Unix epoch, for months: follows the
// system clock, never goes backwards, keeps durations true.
//
//   ClockModel model(sample_clock(), tick_frequency_estimate());
//   model.sync(sample_clock());        // about once a second, by the flush actor
//   model.to_ns(record.ticks);
//
// The relation is a chain of straight pieces (ClockAnchor). Each sync appends one that begins 50 ms
// *later*, where the piece before it ends. So what a tick means is settled before the tick comes:
// whoever converts it, before or after the sync or from a published copy, gets the same time.
//
// How an error against the system clock is worked off:
//   up to 100 ms      within 16 s, but never faster than 500 ppm (what NTP itself slews at): a
//                     duration measured meanwhile is off by less than a person or a chart can see
//   more, forward     at once: waiting in the past would misplace every event until then
//   more, backward    the clock runs 5 % slow until it is even (1 s: 20 s, 1 h: 20 h), since a step
//                     back would make spans end before they begin; 5 % keeps durations usable
// The slow or fast piece ends where the error does, also if no further sync comes.
//
// The frequency is measured against the system clock over the last two minutes, steps taken out:
// the sampling noise (1 us) is then worth 0.01 ppm, and the drift of the oscillator with
// temperature (50 ppm in hours) lags by about 1 ppm.
#ifndef MICROMEGAS_PIPELINE_FLUSH_CLOCK_MODEL_H_
#define MICROMEGAS_PIPELINE_FLUSH_CLOCK_MODEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "micromegas/pipeline/flush/clock_anchor.h"
#include "micromegas/pipeline/flush/published_clock.h"  // IWYU pragma: export
#include "micromegas/platform/clock.h"

namespace micromegas {

// One thread at a time. For other threads: PublishedClock.
class ClockModel {
 public:
  static constexpr std::int64_t kDelayNs = 50'000'000;  // from a sync to the piece it makes
  static constexpr std::int64_t kStepNs = 100'000'000;  // larger errors are not slewed gently
  static constexpr std::int64_t kSettleNs = 16'000'000'000;
  static constexpr double kGentleSlew = 500e-6;
  static constexpr double kBackwardSlew = 0.05;

  // `frequency`: ticks per second, a few per cent off at most (then learned within seconds).
  ClockModel(const ClockSample& start, std::uint64_t frequency);

  // Samples must be fresh. One that comes less than kDelayNs after the last is ignored. A counter
  // that went backwards (moved to another machine) starts a new chain at the later of both clocks.
  void sync(const ClockSample& sample);

  // Never decreases with `ticks`. Ticks from before the oldest piece that is remembered (about a
  // minute of syncs) are converted by that one.
  [[nodiscard]] std::int64_t to_ns(std::uint64_t ticks) const noexcept {
    for (std::size_t back = 0;; ++back) {
      const ClockAnchor& anchor = newest(back);
      if (ticks >= anchor.ticks || back + 1 == count_) return anchor.to_ns(ticks);
    }
  }

  // What to_ns() makes of a stretch of ticks: for many in a row.
  struct Piece {
    ClockAnchor anchor = {};
    std::uint64_t begin = 0;  // ticks
    std::uint64_t end = 0;    // the first that another piece converts

    [[nodiscard]] bool has(std::uint64_t ticks) const noexcept {
      return ticks >= begin && ticks < end;
    }
  };
  // The one that converts `ticks`.
  [[nodiscard]] Piece piece(std::uint64_t ticks) const noexcept {
    Piece piece;
    piece.end = ~std::uint64_t{0};
    for (std::size_t back = 0;; ++back) {
      piece.anchor = newest(back);
      if (back + 1 == count_) return piece;
      piece.begin = piece.anchor.ticks;
      if (ticks >= piece.begin) return piece;
      piece.end = std::exchange(piece.begin, 0);
    }
  }

  // Ticks per second, as estimated now.
  [[nodiscard]] double frequency() const noexcept { return 1e9 / ns_per_tick_; }

  // The piece `back` before the newest; null if it is not remembered.
  [[nodiscard]] const ClockAnchor* anchor(std::size_t back) const noexcept {
    return back < count_ ? &newest(back) : nullptr;
  }

 private:
  static constexpr std::size_t kHistory = 64;
  static constexpr std::size_t kCheckpoints = 17;

  struct Checkpoint {
    std::uint64_t ticks = 0;
    double steady_ns = 0;  // the system clock without its steps, since the start
  };

  [[nodiscard]] const ClockAnchor& newest(std::size_t back) const noexcept {
    return anchors_[(end_ + kHistory - 1 - back) % kHistory];
  }
  void push(const ClockAnchor& anchor) noexcept;
  void restart(const ClockSample& sample);
  void learn_frequency(const ClockSample& sample);
  bool follows_new_rate(double rate, bool surprising);
  [[nodiscard]] std::uint64_t mult(double speed) const noexcept;
  [[nodiscard]] std::uint64_t later(std::uint64_t ticks, double ns) const noexcept;

  std::array<ClockAnchor, kHistory> anchors_{};
  std::size_t end_ = 0;
  std::size_t count_ = 0;
  std::uint64_t settled_ = 0;  // where the newest piece that a sync made begins
  ClockSample last_;
  double ns_per_tick_;

  std::array<Checkpoint, kCheckpoints> checkpoints_{};  // oldest first
  std::size_t checkpoint_count_ = 0;
  double steady_ns_ = 0;  // at `last_`
  double surprising_rate_ = 0;
  int surprises_ = 0;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_FLUSH_CLOCK_MODEL_H_
