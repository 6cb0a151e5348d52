// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/row_reader.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas::wire {
namespace {

struct MetricType {
  std::string_view name;
  bool is_integer;
  bool tagged;
};

constexpr MetricType kMetricTypes[] = {
    {"IntegerMetricEvent", true, false},
    {"FloatMetricEvent", false, false},
    {"TaggedIntegerMetricEvent", true, true},
    {"TaggedFloatMetricEvent", false, true},
};

void apply_overrides(MetricRow& row) {
  for (const Property& property : row.properties) {
    if (property.name == "target") row.target = property.value;
    if (property.name == "name") row.name = property.value;
    if (property.name == "unit") row.unit = property.value;
  }
}

}  // namespace

Result<std::int64_t> for_each_metric_row(const DecodedProcess& process, const DecodedStream& stream,
                                         const DecodedBlock& block,
                                         FunctionRef<void(const MetricRow&)> visit,
                                         const DecodeLimits& limits) {
  const Result<TickClock> clock = TickClock::make(process, block);
  if (!clock) return clock.error();
  const auto read = [&](RowReader& reader, const MetricType& type, std::int64_t event_id,
                        const Object& event) {
    MetricRow row;
    row.event_type = event.type;
    row.event_id = event_id;
    row.ticks = reader.i64(event, "time");
    row.time = clock->time(row.ticks);
    const Object& descriptor = reader.object(event, "desc");
    row.target = reader.text(descriptor, "target");
    row.name = reader.text(descriptor, "name");
    row.unit = reader.text(descriptor, "unit");
    row.is_integer = type.is_integer;
    if (type.is_integer) {
      row.integer = reader.u64(event, "value");
      row.value = static_cast<double>(row.integer);
    } else {
      row.value = reader.f64(event, "value");
    }
    if (type.tagged) {
      row.properties = reader.properties();
      apply_overrides(row);
    }
    if (type.is_integer && row.unit == "ticks") {
      row.value = clock->seconds(row.value);
      row.unit = "seconds";
    }
    if (reader.ok()) visit(row);
  };
  return read_rows(stream, block, limits, kMetricTypes, read);
}

}  // namespace micromegas::wire
