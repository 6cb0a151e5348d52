// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/metrics_encoder.h"

#include <bit>
#include <cstddef>
#include <string_view>

#include "micromegas/transport/wire/layout.h"

namespace micromegas::wire {
namespace {

constexpr std::size_t kPlainBytes = 24;  // descriptor, value, time
constexpr std::string_view kReserved[] = {"target", "name", "unit"};

// Not those of run time.
bool has_its_names(const MetricEvent& event) noexcept {
  return event.metadata != nullptr && event.name.data() == event.metadata->name.data() &&
         event.unit.data() == event.metadata->unit.data();
}

}  // namespace

MetricsEncoder::MetricsEncoder(EncodeOptions options)
    : BlockWriter(options, layout::kMetricsString, layout::kMetricsPropertySet, 1 + kPlainBytes) {}

std::uint64_t MetricsEncoder::descriptor(const MetricEvent& event, bool& tagged) {
  const StaticMetricMetadata* const metadata = event.metadata;
  DescriptorKey key{site_of(metadata), 0};
  std::uint64_t name = 0;
  std::uint64_t unit = 0;
  const bool known_names = has_its_names(event);
  if (!known_names) {
    name = dependencies_.string(event.name);
    unit = dependencies_.string(event.unit);
    key.variant = name << 32 | unit;  // never 0: ids start at 1 and stay below 2^32
  }
  const std::uint64_t id = dependencies_.find(key);
  if (id != 0) {
    tagged = !event.properties.empty() && intern_properties(event.properties, kReserved);
    return id;
  }
  if (known_names) {
    name = dependencies_.string(event.name);
    unit = dependencies_.string(event.unit);
  }
  const std::uint64_t target =
      dependencies_.string(metadata != nullptr ? metadata->target : std::string_view());
  tagged = intern_properties(event.properties, kReserved);
  const auto added = dependencies_.add(key, layout::kMetricDesc, 32);
  put(put(put(added.rest, name), unit), target);
  return added.id;
}

void MetricsEncoder::add(const MetricEvent& event) {
  if (!admit(event.name.size() + event.unit.size())) return;
  const std::int64_t time = ticks(event.time);
  const std::uint64_t value =
      event.is_float ? std::bit_cast<std::uint64_t>(event.number) : event.integer;
  // Most: without properties, of a site that the block knows.
  if (event.properties.empty() && has_its_names(event)) {
    if (const std::uint64_t id = dependencies_.find({site_of(event.metadata), 0}); id != 0) {
      const auto type = event.is_float ? layout::kFloatMetricEvent : layout::kIntegerMetricEvent;
      put(put(put(record(type, kPlainBytes), id), value), time);
      return;
    }
  }
  add_other(event, value, time);
}

void MetricsEncoder::add_other(const MetricEvent& event, std::uint64_t value, std::int64_t time) {
  bool tagged = false;
  const std::uint64_t desc = descriptor(event, tagged);
  if (!tagged) {
    const auto type = event.is_float ? layout::kFloatMetricEvent : layout::kIntegerMetricEvent;
    put(put(put(record(type, kPlainBytes), desc), value), time);
    return;
  }
  const std::uint64_t set = dependencies_.property_set(property_ids_);
  const auto type =
      event.is_float ? layout::kTaggedFloatMetricEvent : layout::kTaggedIntegerMetricEvent;
  put(put(put(put(record(type, 32), desc), set), value), time);
}

}  // namespace micromegas::wire
