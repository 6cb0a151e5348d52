// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Says, once each, that property sets multiply as if a value were new with every request, and that
// properties or texts were refused or cut; of sets also before telemetry began. The counts are in
// stats(). The flush actor's alone.
#ifndef MICROMEGAS_PIPELINE_FLUSH_PROPERTY_SET_WATCH_H_
#define MICROMEGAS_PIPELINE_FLUSH_PROPERTY_SET_WATCH_H_

#include <chrono>
#include <cstdint>

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_set_stats.h"

namespace micromegas::pipeline {

class PropertySetWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Sets are never freed: beyond these somebody makes new ones all the time.
  static constexpr std::uint64_t kMaxNew = 1000;  // in a period
  static constexpr std::chrono::seconds kPeriod{60};
  static constexpr std::uint64_t kMaxSets = PropertySet::kMaxSets / 2;  // in all

  explicit PropertySetWatch(TimePoint now) noexcept
      : period_begin_(now), period_sets_(property_set_stats().interned) {}

  // The counts: of the session. Cheap, but for the time when it has to say something.
  void poll(TimePoint now, std::uint64_t cut_texts, std::uint64_t lost_properties) noexcept;

 private:
  TimePoint period_begin_;
  std::uint64_t period_sets_;
  bool said_growth_ = false;
  bool said_total_ = false;
  bool said_refused_keys_ = false;
  bool said_cut_ = false;
  bool said_refused_sets_ = false;
  bool said_cut_texts_ = false;
  bool said_lost_ = false;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_FLUSH_PROPERTY_SET_WATCH_H_
