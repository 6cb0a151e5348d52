// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/drop_reporter.h"

#include <string_view>
#include <utility>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/instrument/metadata.h"
#include "micromegas/pipeline/instrument/property.h"

namespace micromegas {
namespace {

constexpr std::string_view kTarget = "micromegas";

constinit StaticMetricMetadata g_groups[] = {
    {.name = "telemetry_dropped_logs", .unit = "count", .target = kTarget},
    {.name = "telemetry_dropped_metrics", .unit = "count", .target = kTarget},
    {.name = "telemetry_dropped_traces", .unit = "count", .target = kTarget},
};
constinit StaticMetricMetadata g_metadata{
    .name = "telemetry_dropped_metadata", .unit = "count", .target = kTarget};

std::size_t group_of(EventKind kind) {
  switch (kind) {
    case EventKind::kLog:
      return 0;
    case EventKind::kIntegerMetric:
    case EventKind::kFloatMetric:
      return 1;
    case EventKind::kSpan:
    case EventKind::kAsyncSpan:
    case EventKind::kImage:
      break;
  }
  return 2;
}

}  // namespace

void DropReporter::report(const EventStats& books, const UploadStats& upload) {
  if (upload.bytes_held > soft_bytes_ / 2) return;
  decltype(told_) now{};
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      now[group_of(static_cast<EventKind>(kind))][reason] +=
          books[kind].dropped[reason] + upload.events[kind].dropped[reason];
    }
  }
  for (std::size_t group = 0; group < kGroups; ++group) {
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      const std::uint64_t before = std::exchange(told_[group][reason], now[group][reason]);
      if (now[group][reason] <= before) continue;
      const PropertySet& why =
          PropertySet::intern({{"reason", to_string(static_cast<DropReason>(reason))}});
      dispatch::tagged_integer_metric(g_groups[group], why, now[group][reason] - before);
    }
  }
  const std::uint64_t before = std::exchange(metadata_told_, upload.metadata_refused);
  if (upload.metadata_refused > before) {
    const PropertySet& why = PropertySet::intern({{"reason", to_string(DropReason::kRefused)}});
    dispatch::tagged_integer_metric(g_metadata, why, upload.metadata_refused - before);
  }
}

}  // namespace micromegas
