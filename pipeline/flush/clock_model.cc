// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/clock_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace micromegas {
namespace {

constexpr double kCheckpointNs = 8e9;
constexpr double kBaselineNs = 128e9;
constexpr double kMinBaselineNs = 1e9;
// An interval in which the clocks part by more than this holds a step, not drift: NTP slews by 500
// ppm at most, and a sample is good to some microseconds.
constexpr double kSurpriseNs = 200e3;
constexpr double kSurpriseRate = 600e-6;
// Unless it goes on at the same rate: then the frequency is not what we believe.
constexpr int kSurprisesToBelieve = 3;
constexpr double kSameRate = 200e-6;

double difference(std::int64_t a, std::int64_t b) noexcept {
  __extension__ using Wide = __int128;
  return static_cast<double>(static_cast<Wide>(a) - static_cast<Wide>(b));
}

}  // namespace

ClockModel::ClockModel(const ClockSample& start, std::uint64_t frequency)
    : ns_per_tick_(1e9 / static_cast<double>(
                             std::clamp<std::uint64_t>(frequency, 1000, 1'000'000'000'000))) {
  restart(start);
}

void ClockModel::restart(const ClockSample& sample) {
  const std::int64_t floor =
      count_ == 0 ? std::numeric_limits<std::int64_t>::min() : to_ns(later(last_.ticks, 2e9));
  end_ = 0;
  count_ = 0;
  push({sample.ticks, std::max(sample.wall_ns, floor), mult(1)});
  settled_ = sample.ticks;
  last_ = sample;
  steady_ns_ = 0;
  checkpoints_[0] = {sample.ticks, 0};
  checkpoint_count_ = 1;
  surprises_ = 0;
}

void ClockModel::push(const ClockAnchor& anchor) noexcept {
  anchors_[end_] = anchor;
  end_ = (end_ + 1) % kHistory;
  count_ = std::min(count_ + 1, kHistory);
}

std::uint64_t ClockModel::mult(double speed) const noexcept {
  const double scaled = std::ldexp(ns_per_tick_ * speed, ClockAnchor::kShift);
  return static_cast<std::uint64_t>(std::clamp(scaled + 0.5, 1.0, std::ldexp(1.0, 62)));
}

// Saturates at the largest count.
std::uint64_t ClockModel::later(std::uint64_t ticks, double ns) const noexcept {
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - ticks;
  const double more = ns / ns_per_tick_;
  return more >= static_cast<double>(room) ? std::numeric_limits<std::uint64_t>::max()
                                           : ticks + static_cast<std::uint64_t>(more);
}

void ClockModel::sync(const ClockSample& sample) {
  if (sample.ticks < last_.ticks) return restart(sample);
  if (sample.ticks < settled_ || sample.ticks == last_.ticks) return;
  learn_frequency(sample);

  const std::uint64_t at = later(sample.ticks, static_cast<double>(kDelayNs));
  // The end of the last slew, if it has not come: no tick that far has been converted yet.
  while (count_ > 1 && newest(0).ticks >= at) {
    end_ = (end_ + kHistory - 1) % kHistory;
    --count_;
  }
  const ClockAnchor wall{sample.ticks, sample.wall_ns, mult(1)};
  const std::int64_t target = wall.to_ns(at);
  const std::int64_t now = to_ns(at);
  const double error = difference(target, now);
  settled_ = at;
  if (error > static_cast<double>(kStepNs)) return push({at, target, mult(1)});

  const double limit = error < -static_cast<double>(kStepNs) ? kBackwardSlew : kGentleSlew;
  const double slew = std::min(std::abs(error) / static_cast<double>(kSettleNs), limit);
  const ClockAnchor slewed{at, now, mult(error < 0 ? 1 - slew : 1 + slew)};
  push(slewed);
  if (slew == 0) return;
  const std::uint64_t end = later(at, std::abs(error) / slew);
  push({end, slewed.to_ns(end), mult(1)});
}

void ClockModel::learn_frequency(const ClockSample& sample) {
  const auto ticks = static_cast<double>(sample.ticks - last_.ticks);
  const double wall = difference(sample.wall_ns, last_.wall_ns);
  const double expected = ticks * ns_per_tick_;
  const bool surprising = std::abs(wall - expected) > kSurpriseNs + kSurpriseRate * expected;
  last_ = sample;
  if (follows_new_rate(wall / ticks, surprising)) {
    ns_per_tick_ = wall / ticks;
    steady_ns_ = 0;
    checkpoints_[0] = {sample.ticks, 0};
    checkpoint_count_ = 1;
    return;
  }
  steady_ns_ += surprising ? expected : wall;

  const auto age_ns = [&](const Checkpoint& c) {
    return static_cast<double>(sample.ticks - c.ticks) * ns_per_tick_;
  };
  const auto forget_oldest = [this] {
    std::move(checkpoints_.begin() + 1,
              checkpoints_.begin() + static_cast<std::ptrdiff_t>(checkpoint_count_),
              checkpoints_.begin());
    --checkpoint_count_;
  };
  while (checkpoint_count_ > 1 && age_ns(checkpoints_[1]) >= kBaselineNs) forget_oldest();
  const Checkpoint& oldest = checkpoints_[0];
  if (age_ns(oldest) >= kMinBaselineNs) {
    ns_per_tick_ =
        (steady_ns_ - oldest.steady_ns) / static_cast<double>(sample.ticks - oldest.ticks);
  }
  if (age_ns(checkpoints_[checkpoint_count_ - 1]) >= kCheckpointNs) {
    if (checkpoint_count_ == kCheckpoints) forget_oldest();
    checkpoints_[checkpoint_count_++] = {sample.ticks, steady_ns_};
  }
}

// Three surprises in a row that agree with each other.
bool ClockModel::follows_new_rate(double rate, bool surprising) {
  constexpr double kMinRate = 1e-3;  // ns per tick: 1 THz
  constexpr double kMaxRate = 1e6;   // 1 kHz
  if (!surprising || !(rate >= kMinRate && rate <= kMaxRate)) {
    surprises_ = 0;
    return false;
  }
  const bool agrees = surprises_ > 0 && std::abs(rate / surprising_rate_ - 1) < kSameRate;
  surprises_ = agrees ? surprises_ + 1 : 1;
  surprising_rate_ = rate;
  if (surprises_ < kSurprisesToBelieve) return false;
  surprises_ = 0;
  return true;
}

}  // namespace micromegas
