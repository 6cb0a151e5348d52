// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/record_events.h"

#include <cstring>

namespace micromegas::pipeline {
namespace {

// Stands in for an id that the catalogue does not know; only a damaged record has one.
const queue::Descriptor& unknown() {
  static const queue::Descriptor& descriptor = *new queue::Descriptor;
  return descriptor;
}

const queue::Descriptor& find(const queue::Catalogue& catalogue, std::uint32_t id) {
  const queue::Descriptor* descriptor = catalogue.find(id);
  return descriptor != nullptr ? *descriptor : unknown();
}

std::span<const Property> properties(const queue::RecordReader& record) {
  if (record.property_set() == 0) return {};
  const PropertySet* set = PropertySet::by_id(record.property_set());
  return set != nullptr ? set->properties() : std::span<const Property>{};
}

}  // namespace

LogEvent LogEventReader::read(queue::RecordReader& record) {
  LogEvent event;
  event.time = static_cast<std::int64_t>(record.time());
  event.properties = properties(record);
  if (record.kind() == queue::RecordKind::kLogInterop) {
    event.form = LogEvent::Form::kInterop;
    event.level = static_cast<Level>(record.number());
    event.target = record.string().text;
    event.text = formatter_.mark(record.string());
    return event;
  }
  const queue::Descriptor& descriptor = find(catalogue_, record.id());
  event.metadata = &descriptor.log;
  event.level = descriptor.log.level;
  event.target = descriptor.log.target;
  if (record.kind() == queue::RecordKind::kLogText) {
    event.form = LogEvent::Form::kText;
    event.text = formatter_.mark(record.string());
  } else {
    event.form = descriptor.arg_types.empty() ? LogEvent::Form::kLiteral : LogEvent::Form::kText;
    event.text = formatter_.format(descriptor, record);
  }
  return event;
}

MetricEvent read_metric_event(const queue::Catalogue& catalogue, queue::RecordReader& record) {
  MetricEvent event;
  const queue::Descriptor& descriptor = find(catalogue, record.id());
  event.metadata = &descriptor.metric;
  event.name = descriptor.metric.name;
  event.unit = descriptor.metric.unit;
  event.time = static_cast<std::int64_t>(record.time());
  event.properties = properties(record);
  event.integer = record.number();
  event.is_float = record.kind() == queue::RecordKind::kFloatMetric ||
                   record.kind() == queue::RecordKind::kFloatMetricDyn;
  if (event.is_float) {
    std::memcpy(&event.number, &event.integer, 8);
    event.integer = 0;
  }
  if (record.kind() == queue::RecordKind::kIntegerMetricDyn ||
      record.kind() == queue::RecordKind::kFloatMetricDyn) {
    event.name = record.string().text;
    event.unit = record.string().text;
  }
  return event;
}

SpanEvent read_span_event(const queue::Catalogue& catalogue, queue::RecordReader& record) {
  using queue::RecordKind;
  SpanEvent event;
  const queue::Descriptor& descriptor = find(catalogue, record.id());
  event.metadata = &descriptor.span;
  event.name = descriptor.span.name;
  event.time = static_cast<std::int64_t>(record.time());
  event.properties = properties(record);
  const RecordKind kind = record.kind();
  switch (kind) {
    case RecordKind::kSpanBegin:
    case RecordKind::kNamedSpanBegin:
      event.kind = SpanEvent::Kind::kBegin;
      break;
    case RecordKind::kSpanEnd:
    case RecordKind::kNamedSpanEnd:
      event.kind = SpanEvent::Kind::kEnd;
      break;
    case RecordKind::kAsyncSpanBegin:
    case RecordKind::kAsyncNamedBegin:
      event.kind = SpanEvent::Kind::kAsyncBegin;
      break;
    default:
      event.kind = SpanEvent::Kind::kAsyncEnd;
      break;
  }
  if (event.kind == SpanEvent::Kind::kAsyncBegin || event.kind == SpanEvent::Kind::kAsyncEnd) {
    event.span_id = record.number();
    event.parent_span_id = record.number();
    event.depth = static_cast<std::uint32_t>(record.number());
  }
  if (kind == RecordKind::kNamedSpanBegin || kind == RecordKind::kNamedSpanEnd ||
      kind == RecordKind::kAsyncNamedBegin || kind == RecordKind::kAsyncNamedEnd) {
    event.named = true;
    event.name = record.string().text;
  }
  return event;
}

}  // namespace micromegas::pipeline
