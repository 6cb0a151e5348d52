// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <optional>

#include "micromegas/transport/wire/log_template.h"
#include "micromegas/transport/wire/row_reader.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas::wire {
namespace {

struct LogType {
  std::string_view name;
  enum class Message : std::uint8_t { kFormat, kText, kTemplate } message;
  bool has_descriptor;  // level and target come from it; else they are the event's own
  bool tagged;
};

using Message = LogType::Message;

constexpr LogType kLogTypes[] = {
    {"LogStaticStrEvent", Message::kFormat, true, false},
    {"LogStringEvent", Message::kText, true, false},
    {"LogStringEventV2", Message::kText, true, false},
    {"LogStaticStrInteropEvent", Message::kText, false, false},
    {"LogStaticStrInteropEventV2", Message::kText, false, false},
    {"LogStringInteropEventV2", Message::kText, false, false},
    {"LogStringInteropEventV3", Message::kText, false, false},
    {"TaggedLogString", Message::kText, true, true},
    {"TaggedLogStaticStrEvent", Message::kFormat, true, true},
    {"TaggedLogTemplateEvent", Message::kTemplate, true, true},
    {"TaggedLogInteropEvent", Message::kText, false, true},
};

std::optional<std::int32_t> parse_level(std::string_view text) noexcept {
  constexpr std::string_view kLevels[] = {"fatal", "error", "warning", "info", "debug", "trace"};
  for (std::int32_t i = 0; i < 6; ++i) {
    if (text == kLevels[i]) return i + 1;
  }
  return std::nullopt;
}

void apply_overrides(RowReader& reader, LogRow& row) {
  for (const Property& property : row.properties) {
    if (property.name == "target") row.target = property.value;
    if (property.name != "level") continue;
    const std::optional<std::int32_t> level = parse_level(property.value);
    if (!level) reader.fail("property 'level' is no level: " + quoted(property.value));
    row.level = level.value_or(row.level);
  }
}

}  // namespace

Result<std::int64_t> for_each_log_row(const DecodedProcess& process, const DecodedStream& stream,
                                      const DecodedBlock& block,
                                      FunctionRef<void(const LogRow&)> visit,
                                      const DecodeLimits& limits) {
  const Result<TickClock> clock = TickClock::make(process, block);
  if (!clock) return clock.error();
  std::size_t budget = limits.expanded_bytes;
  std::string rendered;
  const auto read = [&](RowReader& reader, const LogType& type, std::int64_t event_id,
                        const Object& event) {
    LogRow row;
    row.event_type = event.type;
    row.event_id = event_id;
    row.ticks = reader.i64(event, "time");
    row.time = clock->time(row.ticks);
    const Object& source = type.has_descriptor ? reader.object(event, "desc") : event;
    row.level = static_cast<std::int32_t>(reader.u32(source, "level"));
    row.target = reader.text(source, "target");
    if (type.tagged) row.properties = reader.properties();
    if (type.message == Message::kText) {
      row.msg = reader.text(event, "msg");
    } else {
      row.msg = reader.text(source, "fmt_str");
    }
    if (type.message == Message::kTemplate) {
      rendered.clear();
      if (!render_log_template(row.msg, row.properties, budget, rendered)) {
        reader.fail("messages expand to more than " + std::to_string(limits.expanded_bytes) +
                    " bytes");
      }
      row.msg = rendered;
    }
    if (type.tagged && type.has_descriptor) apply_overrides(reader, row);
    if (reader.ok()) visit(row);
  };
  return read_rows(stream, block, limits, kLogTypes, read);
}

}  // namespace micromegas::wire
