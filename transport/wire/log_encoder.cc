// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/log_encoder.h"

#include <string_view>

#include "micromegas/transport/wire/layout.h"

namespace micromegas::wire {
namespace {

constexpr std::string_view kReserved[] = {"level", "target"};

char* put_dynamic_string(char* at, std::string_view text) noexcept {
  at = put(at, std::uint8_t{2});  // codec: UTF-8
  at = put(at, static_cast<std::uint32_t>(text.size()));
  return put_text(at, text);
}

}  // namespace

LogEncoder::LogEncoder(EncodeOptions options)
    : BlockWriter(options, layout::kLogString, layout::kLogPropertySet) {}

// The event's descriptor, emitted if need be. Its strings and those of the properties stand before
// it; `tagged`: whether any property is left.
std::uint64_t LogEncoder::descriptor(const LogEvent& event, bool& tagged) {
  // One call site that dispatch.h uses both ways has a descriptor for each.
  const bool literal = event.form == LogEvent::Form::kLiteral;
  const DescriptorKey key{site_of(event.metadata), literal ? 1U : 0U};
  std::uint64_t id = dependencies_.find(key);
  if (id != 0) {
    tagged = !event.properties.empty() && intern_properties(event.properties, kReserved);
    return id;
  }
  const std::uint64_t format = dependencies_.string(literal ? event.text : event.metadata->text);
  const std::uint64_t target = dependencies_.string(event.metadata->target);
  tagged = intern_properties(event.properties, kReserved);
  const auto added = dependencies_.add(key, layout::kLogDesc, 25);
  char* at = put(added.rest, format);
  at = put(at, target);
  put(at, static_cast<std::uint8_t>(event.metadata->level));
  return added.id;
}

void LogEncoder::add(const LogEvent& event) {
  if (!admit(event.text.size())) return;
  if (event.form == LogEvent::Form::kInterop || event.metadata == nullptr) {
    add_interop(event);
    return;
  }
  bool tagged = false;
  const std::uint64_t desc = descriptor(event, tagged);
  const std::uint64_t set = tagged ? dependencies_.property_set(property_ids_) : 0;
  const std::int64_t time = ticks(event.time);
  const bool literal = event.form == LogEvent::Form::kLiteral;
  if (literal && !tagged) {
    put(put(record(layout::kLogStaticStrEvent, 16), desc), time);
  } else if (literal && compatibility_ == Compatibility::k033) {
    put(put(put(record(layout::kTaggedLogStaticStrEvent, 24), desc), set), time);
  } else if (!tagged) {
    char* at = dynamic_record(layout::kLogStringEventV2, 21 + event.text.size());
    put_dynamic_string(put(put(at, desc), time), event.text);
  } else {
    char* at = dynamic_record(layout::kTaggedLogString, 29 + event.text.size());
    put_dynamic_string(put(put(put(at, desc), set), time), event.text);
  }
}

void LogEncoder::add_interop(const LogEvent& event) {
  const std::uint64_t target = dependencies_.string(event.target);
  const std::int64_t time = ticks(event.time);
  const auto level = static_cast<std::uint8_t>(event.level);
  if (event.properties.empty()) {
    char* at = dynamic_record(layout::kLogStringInteropEventV3, 22 + event.text.size());
    put_dynamic_string(put(put(put(at, time), level), target), event.text);
    return;
  }
  intern_properties(event.properties, {});
  const std::uint64_t set = dependencies_.property_set(property_ids_);
  char* at = dynamic_record(layout::kTaggedLogInteropEvent, 30 + event.text.size());
  put_dynamic_string(put(put(put(put(at, time), level), target), set), event.text);
}

}  // namespace micromegas::wire
