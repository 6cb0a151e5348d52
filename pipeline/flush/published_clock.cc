// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/published_clock.h"

#include "micromegas/pipeline/flush/clock_model.h"

namespace micromegas {

void PublishedClock::publish(const ClockModel& model) noexcept {
  const std::uint64_t next = version_.load(std::memory_order_relaxed) + 1;
  Slot& slot = slots_[next % 2];
  ClockAnchor anchor;
  for (std::size_t i = 0; i < slot.size(); ++i) {
    // A short chain ends with its oldest piece, repeated.
    if (const ClockAnchor* known = model.anchor(i)) anchor = *known;
    slot[i].ticks.store(anchor.ticks, std::memory_order_release);
    slot[i].ns.store(static_cast<std::uint64_t>(anchor.ns), std::memory_order_release);
    slot[i].mult.store(anchor.mult, std::memory_order_release);
  }
  version_.store(next, std::memory_order_release);
}

}  // namespace micromegas
