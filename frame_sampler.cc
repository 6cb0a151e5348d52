// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <limits>

#include "micromegas/sampling.h"
#include "micromegas/telemetry.h"

namespace micromegas {
namespace {

std::int64_t in_ticks(std::chrono::milliseconds time) {
  const std::int64_t ticks = frequency() / 1000;
  return std::clamp(time.count(), std::int64_t{0},
                    std::numeric_limits<std::int64_t>::max() / ticks) *
         ticks;
}

constexpr double kForgottenIn = 1000;  // frames: what slow ones have added to the factor

}  // namespace

FrameSampler::FrameSampler(FrameSamplerOptions options)
    : options_(options), factor_(options.factor) {
  options_.average_of = std::max<std::size_t>(options_.average_of, 1);
}

std::optional<SpanWindow> FrameSampler::frame_at(std::int64_t now) {
  const std::optional<std::int64_t> before = last_frame_;
  last_frame_ = now;
  if (!before || now < *before) return std::nullopt;
  const std::int64_t took = now - *before;

  const bool known = last_frames_.size() == options_.average_of;
  const double average =
      known ? static_cast<double>(sum_) / static_cast<double>(last_frames_.size()) : 0;
  sum_ += took;
  if (known) {
    sum_ -= last_frames_[next_];
    last_frames_[next_] = took;
    next_ = (next_ + 1) % last_frames_.size();
  } else {
    last_frames_.push_back(took);
  }

  const std::int64_t timeout = in_ticks(options_.interaction_timeout);
  const bool active = timeout == 0 || (last_input_ && now - *last_input_ <= timeout);
  if (!active) return std::nullopt;
  active_ += took;
  const std::int64_t heartbeat = in_ticks(options_.heartbeat_interval);
  const bool beat = heartbeat != 0 && active_ >= heartbeat;
  if (beat) active_ = 0;
  const bool slow = known && static_cast<double>(took) >= average * factor_;
  if (slow) {
    factor_ *= options_.factor_growth;
  } else {
    factor_ += (options_.factor - factor_) / kForgottenIn;
  }
  if (!slow && !beat) return std::nullopt;
  return SpanWindow{*before, now};
}

void FrameSampler::frame() {
  if (const std::optional<SpanWindow> window = frame_at(now())) sample_spans(*window);
}

void FrameSampler::user_active() { user_active_at(now()); }

}  // namespace micromegas
