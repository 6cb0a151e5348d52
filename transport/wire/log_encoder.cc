// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/log_encoder.h"

#include <algorithm>
#include <string_view>

#include "micromegas/transport/wire/layout.h"
#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {
namespace {

constexpr std::string_view kReserved[] = {"level", "target"};

}  // namespace

LogEncoder::LogEncoder(EncodeOptions options)
    : BlockWriter(options, layout::kLogString, layout::kLogPropertySet, 0) {}

LogEncoder::Format LogEncoder::format_of(const LogEvent& event) const noexcept {
  if (event.form == LogEvent::Form::kLiteral) return Format::kLiteral;
  if (event.template_text.empty() || compatibility_ != Compatibility::k033) {
    return Format::kAsWritten;
  }
  // The server repairs each property by itself: a character that two of them share would be lost.
  const bool whole =
      std::all_of(event.properties.begin(), event.properties.end(),
                  [](const Property& property) { return is_valid_utf8(property.value); });
  return whole ? Format::kTemplate : Format::kAsWritten;
}

// The event's descriptor, emitted if need be. Its strings and those of the properties stand before
// it; `tagged`: whether any property is left.
std::uint64_t LogEncoder::descriptor(const LogEvent& event, Format format, bool& tagged) {
  const DescriptorKey key{site_of(event.metadata), static_cast<std::uint64_t>(format)};
  std::uint64_t id = dependencies_.find(key);
  if (id != 0) {
    tagged = !event.properties.empty() && intern_properties(event.properties, kReserved);
    return id;
  }
  const std::string_view text = format == Format::kLiteral    ? event.text
                                : format == Format::kTemplate ? event.template_text
                                                              : event.metadata->text;
  const std::uint64_t text_id = dependencies_.string(text);
  const std::uint64_t target = dependencies_.string(event.metadata->target);
  tagged = intern_properties(event.properties, kReserved);
  const auto added = dependencies_.add(key, layout::kLogDesc, 25);
  char* at = put(added.rest, text_id);
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
  const Format format = format_of(event);
  const std::uint64_t desc = descriptor(event, format, tagged);
  const std::uint64_t set = tagged ? dependencies_.property_set(property_ids_) : 0;
  const std::int64_t time = ticks(event.time);
  if (format == Format::kLiteral && !tagged) {
    put(put(record(layout::kLogStaticStrEvent, 16), desc), time);
  } else if (format == Format::kLiteral && compatibility_ == Compatibility::k033) {
    put(put(put(record(layout::kTaggedLogStaticStrEvent, 24), desc), set), time);
  } else if (format == Format::kTemplate && tagged) {
    put(put(put(record(layout::kTaggedLogTemplateEvent, 24), desc), set), time);
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
