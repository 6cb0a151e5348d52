// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/record_events.h"

#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace micromegas::pipeline {
namespace {

// Stands in for an id that the catalogue does not know; only a damaged record has one.
const queue::Descriptor& unknown() {
  static const queue::Descriptor& descriptor = *new queue::Descriptor;
  return descriptor;
}

const PropertySet* set_of(const queue::RecordReader& record) noexcept {
  return record.property_set() == 0 ? nullptr : PropertySet::by_id(record.property_set());
}

}  // namespace

const queue::Descriptor& EventReader::find(std::uint32_t id) const noexcept {
  const queue::Descriptor* descriptor = catalogue_.find(id);
  return descriptor != nullptr ? *descriptor : unknown();
}

const std::string* EventReader::redact(std::string_view name, std::string_view value) {
  if (redactor_ == nullptr) return nullptr;
  std::optional<std::string> answer = redacted(*redactor_, name, value);
  if (!answer) return nullptr;
  replacements_.push_back(*std::move(answer));
  return &replacements_.back();
}

// The values that the descriptor speaks of, then what was named at run time; into values_, and with
// a name into properties_ as well.
void EventReader::read_values(const queue::Descriptor& descriptor, queue::RecordReader& record) {
  values_.read(descriptor, record);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const std::string& name = descriptor.arg_names[i];
    if (name.empty()) continue;
    const std::string_view text = values_.text(i);
    if (const std::string* other = redact(name, text)) {
      values_.replace(i, *other);
      properties_.set(name, *other);
    } else if (values_[i].is_text()) {
      properties_.set(name, text);
    } else {
      properties_.set_copy(name, text);
    }
  }
  while (!record.rest().empty()) {
    const std::string_view name = record.string().text;
    const std::string_view value = record.string().text;
    const std::string* other = redact(name, value);
    properties_.set(name, other != nullptr ? *other : value);
  }
}

void EventReader::add_missing(std::string_view name, std::string_view value) {
  const std::string* other = redact(name, value);
  const Property property{name, other != nullptr ? *other : value};
  properties_.add_missing({&property, 1});
}

void EventReader::add_missing(const PropertySet& set) {
  if (redactor_ == nullptr) return properties_.add_missing(set.properties());
  for (const Property& property : set.properties()) add_missing(property.name, property.value);
}

void EventReader::add_missing(const EventContext& context) {
  for (const auto& [name, value] : context.properties) add_missing(name, value);
}

const EventContext* EventReader::context_of(const queue::RecordReader& record) const noexcept {
  const std::uint32_t place = record.context();
  if (place == 0 || contexts_ == nullptr || place > contexts_->size()) return nullptr;
  return (*contexts_)[place - 1].get();
}

LogEvent EventReader::read_log(queue::RecordReader& record) {
  LogEvent event;
  event.time = static_cast<std::int64_t>(record.time());
  begin_properties();
  const PropertySet* set = set_of(record);
  if (record.kind() == queue::RecordKind::kLogInterop) {
    event.form = LogEvent::Form::kInterop;
    event.level = static_cast<Level>(record.number());
    event.target = record.string().text;
    event.text = formatter_.mark(record.string());
    read_values(unknown(), record);
  } else {
    const queue::Descriptor& descriptor = find(record.id());
    event.metadata = &descriptor.log;
    event.level = descriptor.log.level;
    event.target = descriptor.log.target;
    if (record.kind() == queue::RecordKind::kLogText) {
      event.form = LogEvent::Form::kText;
      event.text = formatter_.mark(record.string());
      read_values(unknown(), record);
    } else {
      event.form = descriptor.shows_arguments ? LogEvent::Form::kText : LogEvent::Form::kLiteral;
      read_values(descriptor, record);
      event.text = formatter_.format(descriptor, values_);
      // A cut is said in the text only.
      if (values_.original_bytes() == 0) event.template_text = descriptor.template_text;
    }
  }
  if (set != nullptr) add_missing(*set);
  if (const EventContext* context = context_of(record)) add_missing(*context);
  event.properties = properties_.get();
  return event;
}

MetricEvent EventReader::read_metric(queue::RecordReader& record) {
  using queue::RecordKind;
  MetricEvent event;
  const queue::Descriptor& descriptor = find(record.id());
  event.metadata = &descriptor.metric;
  event.name = descriptor.metric.name;
  event.unit = descriptor.metric.unit;
  event.time = static_cast<std::int64_t>(record.time());
  event.integer = record.number();
  const RecordKind kind = record.kind();
  event.is_float = kind == RecordKind::kFloatMetric || kind == RecordKind::kFloatMetricDyn;
  if (event.is_float) {
    std::memcpy(&event.number, &event.integer, 8);
    event.integer = 0;
  }
  if (kind == RecordKind::kIntegerMetricDyn || kind == RecordKind::kFloatMetricDyn) {
    event.name = record.string().text;
    event.unit = record.string().text;
  }
  const PropertySet* set = set_of(record);
  const EventContext* context = context_of(record);
  if (set == nullptr && context == nullptr && record.rest().empty()) return event;
  begin_properties();
  read_values(descriptor, record);
  if (set != nullptr) add_missing(*set);
  if (context != nullptr) add_missing(*context);
  event.properties = properties_.get();
  return event;
}

// `records`: as they were queued, oldest first.
void EventReader::read_end_properties(std::span<const std::byte> records) {
  begin_properties();
  sets_.clear();
  while (!records.empty()) {
    queue::RecordReader record(records.data(), records.size());
    if (!record.ok()) break;
    records = records.subspan(record.bytes());
    if (record.kind() == queue::RecordKind::kNamedSpanBegin) record.string();
    if (record.kind() == queue::RecordKind::kSpanProperties) record.number();
    read_values(find(record.id()), record);
    if (const PropertySet* set = set_of(record)) sets_.push_back(set);
  }
  for (auto set = sets_.rbegin(); set != sets_.rend(); ++set) {
    add_missing(**set);
  }
}

SpanEvent EventReader::read_span(queue::RecordReader& record) {
  using queue::RecordKind;
  SpanEvent event;
  const queue::Descriptor& descriptor = find(record.id());
  event.metadata = &descriptor.span;
  event.name = descriptor.span.name;
  event.time = static_cast<std::int64_t>(record.time());
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
  const EventContext* context = context_of(record);
  const bool is_end =
      event.kind == SpanEvent::Kind::kEnd || event.kind == SpanEvent::Kind::kAsyncEnd;
  if (is_end && (context != nullptr || !record.rest().empty())) {
    read_end_properties(record.rest());
    if (context != nullptr) add_missing(*context);
    event.properties = properties_.get();
  }
  return event;
}

EventContextPtr EventReader::read_context(queue::RecordReader& record) {
  const Redactor* const redactor = std::exchange(redactor_, nullptr);
  begin_properties();
  read_values(find(record.id()), record);
  if (const PropertySet* set = set_of(record)) add_missing(*set);
  redactor_ = redactor;
  auto context = std::make_shared<EventContext>();
  for (const Property& property : properties_.get()) {
    context->properties.emplace_back(property.name, property.value);
  }
  return context;
}

}  // namespace micromegas::pipeline
