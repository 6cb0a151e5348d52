// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/print.h"

#include <algorithm>
#include <span>
#include <utility>

#include "micromegas/pipeline/instrument/level.h"
#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/transport/wire/json_lines.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/time_text.h"
#include "micromegas/transport/wire/utf8.h"

namespace micromegas::collector {
namespace {

constexpr std::size_t kMaxRowText = 2'000;  // of a message or a value; JSON lines have all of it

// `text` for a row: printable, and cut with a remark if it is long.
std::string row_text(std::string_view text) {
  if (text.size() <= kMaxRowText) return printable(text);
  std::size_t size = kMaxRowText;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return printable(text.substr(0, size)) + "... (" + std::to_string(text.size()) + " bytes)";
}

// "2025-01-02 03:04:05.678901", UTC.
std::string time_column(std::int64_t time) {
  std::string text = wire::format_time(time, "Z");
  if (text.size() > 10) text[10] = ' ';
  if (!text.empty() && text.back() == 'Z') text.pop_back();
  if (text.size() < 20) text.resize(19), text += '.';
  text.resize(26, '0');
  return text;
}

std::string level_column(std::int32_t level) {
  std::string text = level >= 1 && level <= 6 ? std::string(to_string(static_cast<Level>(level)))
                                              : std::to_string(level);
  text.resize(std::max<std::size_t>(text.size(), 6), ' ');
  return text;
}

std::string property_columns(std::span<const Property> properties) {
  std::string text;
  for (const Property& property : properties) {
    text += text.empty() ? "  {" : ", ";
    text += row_text(property.name) + "=" + row_text(property.value);
  }
  return text.empty() ? text : text + "}";
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", value);
  return text;
}

}  // namespace

void LineOutput::line(std::string_view text) {
  check(std::fwrite(text.data(), 1, text.size(), file_) == text.size() &&
        std::fputc('\n', file_) != EOF);
}

void LineOutput::flush() { check(std::fflush(file_) == 0); }

void LineOutput::check(bool written) {
  if (!written && on_lost_) std::exchange(on_lost_, nullptr)();
}

void RowPrinter::on_process(const wire::DecodedProcess& process) {
  out_.line(time_column(process.info.start_time) + " process " +
            process.info.process_id.to_string() + "  " + row_text(process.info.exe) + " on " +
            row_text(process.info.computer));
  out_.flush();
}

void RowPrinter::on_block(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                          const wire::DecodedBlock& block) {
  Result<std::int64_t> read = std::int64_t{0};
  if (stream.has_tag("log")) {
    read = wire::for_each_log_row(process, stream, block, [&](const wire::LogRow& row) {
      out_.line(time_column(row.time) + " " + level_column(row.level) + " " + row_text(row.target) +
                "  " + row_text(row.msg) + property_columns(row.properties));
    });
  } else if (stream.has_tag("metrics")) {
    read = wire::for_each_metric_row(process, stream, block, [&](const wire::MetricRow& row) {
      const bool as_sent = row.is_integer && row.unit != "seconds";
      out_.line(time_column(row.time) + " metric " + row_text(row.target) + "  " +
                row_text(row.name) + " = " +
                (as_sent ? std::to_string(row.integer) : number_text(row.value)) + " " +
                row_text(row.unit) + property_columns(row.properties));
    });
  } else if (stream.has_tag("image")) {
    read = wire::for_each_image_row(process, stream, block, [&](const wire::ImageRow& row) {
      out_.line(time_column(row.time) + " image  " + row_text(row.name) + "  " +
                row_text(row.format) + ", " + std::to_string(row.data.size()) + " bytes");
    });
  }
  if (!read) out_.line("cannot show a block: " + row_text(read.error().message()));
  out_.flush();
}

void RowPrinter::on_span(const FinishedSpan& span) {
  out_.line(time_column(span.begin_time) + " span   " +
            (span.is_async ? "(async)" : row_text(span.thread)) + "  " + row_text(span.name) +
            "  " + duration_text(span.duration_ns));
  out_.flush();
}

void RowPrinter::on_refused(unsigned status, std::string_view reason) {
  out_.line((status == 0 ? std::string("undecodable block: ")
                         : "answered " + std::to_string(status) + ": ") +
            row_text(reason));
  out_.flush();
}

void JsonPrinter::on_process(const wire::DecodedProcess& process) {
  out_.line(wire::process_line(process));
  out_.flush();
}

void JsonPrinter::on_stream(const wire::DecodedStream& stream) {
  out_.line(wire::stream_line(stream));
  out_.flush();
}

void JsonPrinter::on_block(const wire::DecodedProcess& /*process*/,
                           const wire::DecodedStream& stream, const wire::DecodedBlock& block) {
  out_.line(wire::block_line(block, stream));
  // Every event was read once already, without an error.
  (void)wire::for_each_event(stream, block, [&](std::int64_t id, const wire::Object& event) {
    out_.line(wire::event_line(block, id, event));
  });
  out_.flush();
}

std::string printable(std::string_view text) {
  std::string valid;
  if (!wire::is_valid_utf8(text)) {
    wire::append_lossy_utf8(text, valid);
    text = valid;
  }
  std::string out;
  out.reserve(text.size());
  const auto hex = [&](unsigned char c) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += {'\\', 'x', kDigits[c >> 4], kDigits[c & 15]};
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
      hex(c);
    } else if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      hex(static_cast<unsigned char>(text[++i]));  // U+0080 to U+009F: controls too
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string duration_text(std::int64_t nanoseconds) {
  const auto scaled = [&](double unit, const char* name) {
    char text[48];
    std::snprintf(text, sizeof(text), "%.3f %s", static_cast<double>(nanoseconds) / unit, name);
    return std::string(text);
  };
  if (nanoseconds < 1'000) return std::to_string(nanoseconds) + " ns";
  if (nanoseconds < 1'000'000) return scaled(1e3, "us");
  if (nanoseconds < 1'000'000'000) return scaled(1e6, "ms");
  return scaled(1e9, "s");
}

std::string summary_text(const CollectorStats& stats) {
  std::string text;
  const auto row = [&](const char* name, std::uint64_t value) {
    std::string padded = name;
    padded.resize(22, ' ');
    text += "  " + padded + std::to_string(value) + "\n";
  };
  const auto row_unless_zero = [&](const char* name, std::uint64_t value) {
    if (value != 0) row(name, value);
  };
  row("processes", stats.processes);
  row("streams", stats.streams);
  row("blocks", stats.blocks);
  row("block bytes", stats.block_bytes);
  row("events", stats.events.total());
  row_unless_zero("  logs", stats.events.logs);
  row_unless_zero("  integer metrics", stats.events.integer_metrics);
  row_unless_zero("  float metrics", stats.events.float_metrics);
  row_unless_zero("  span begins", stats.events.span_begins);
  row_unless_zero("  span ends", stats.events.span_ends);
  row_unless_zero("  async begins", stats.events.async_begins);
  row_unless_zero("  async ends", stats.events.async_ends);
  row_unless_zero("  images", stats.events.images);
  row_unless_zero("  other", stats.events.other);
  row_unless_zero("duplicate blocks", stats.duplicate_blocks);
  row_unless_zero("undecodable blocks", stats.undecodable_blocks);
  for (const auto& [reason, count] : stats.undecodable_reasons) {
    text += "    " + std::to_string(count) + " x " + printable(reason) + "\n";
  }
  row_unless_zero("miscounted blocks", stats.miscounted_blocks);
  row_unless_zero("blocks without stream or process", stats.pending_blocks);
  row_unless_zero("span ends alone", stats.orphan_span_ends);
  row_unless_zero("span begins alone", stats.unclosed_spans);
  row_unless_zero("gaps in threads", stats.span_gaps);
  row_unless_zero("forgotten", stats.forgotten);
  for (const auto& [status, count] : stats.refused) {
    text += "  answered " + std::to_string(status) + "          " + std::to_string(count) + "\n";
  }
  if (!stats.slowest_spans.empty()) text += "  slowest spans\n";
  for (std::size_t i = 0; i < stats.slowest_spans.size() && i < 10; ++i) {
    const FinishedSpan& span = stats.slowest_spans[i];
    std::string duration = duration_text(span.duration_ns);
    duration.insert(0, duration.size() < 14 ? 14 - duration.size() : 0, ' ');
    text += "  " + duration + "  " + printable(span.name) +
            (span.thread.empty() ? "" : "  (" + printable(span.thread) + ")") + "\n";
  }
  return text;
}

}  // namespace micromegas::collector
