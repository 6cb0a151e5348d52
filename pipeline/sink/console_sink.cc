// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/console_sink.h"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "micromegas/platform/fd_write.h"
#include "micromegas/platform/own_output.h"

namespace micromegas {
namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::size_t kLevelWidth = 5;

std::string_view color_of(Level level) noexcept {
  switch (level) {
    case Level::kFatal:
      return "\x1b[1;31m";
    case Level::kError:
      return "\x1b[31m";
    case Level::kWarn:
      return "\x1b[33m";
    case Level::kInfo:
      return "\x1b[32m";
    case Level::kDebug:
      return "\x1b[36m";
    case Level::kTrace:
      break;
  }
  return kDim;
}

bool wants_color(const ConsoleOptions& options) {
  if (options.color != ConsoleColor::kAuto) return options.color == ConsoleColor::kAlways;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != 0) return false;
  const char* term = std::getenv("TERM");
  if (term != nullptr && std::string_view(term) == "dumb") return false;
  const OwnOutput out(options.fd);
  return isatty(out.fd()) == 1;
}

void append_digits(std::string& out, std::uint64_t number, std::size_t width) {
  std::array<char, 20> digits;
  std::size_t n = 0;
  do {
    digits[n++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  for (; n < width; --width) out.push_back('0');
  while (n != 0) out.push_back(digits[--n]);
}

// Days since 1970-01-01 to the Gregorian calendar, after Howard Hinnant's civil_from_days: gmtime_r
// may take a lock of the C library that another thread held at fork().
void append_time(std::string& out, std::int64_t time_ns) {
  constexpr std::int64_t kDayNs = 86'400'000'000'000;
  std::int64_t days = time_ns / kDayNs;
  std::int64_t in_day = time_ns % kDayNs;
  if (in_day < 0) in_day += kDayNs, --days;
  const std::int64_t z = days + 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const auto day_of_era = static_cast<std::uint64_t>(z - era * 146'097);
  const std::uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::uint64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::uint64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year =
      static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0);
  const auto ms = static_cast<std::uint64_t>(in_day / 1'000'000);
  append_digits(out, static_cast<std::uint64_t>(year), 4);
  out.push_back('-');
  append_digits(out, month, 2);
  out.push_back('-');
  append_digits(out, day, 2);
  out.push_back('T');
  append_digits(out, ms / 3'600'000, 2);
  out.push_back(':');
  append_digits(out, ms / 60'000 % 60, 2);
  out.push_back(':');
  append_digits(out, ms / 1000 % 60, 2);
  out.push_back('.');
  append_digits(out, ms % 1000, 3);
  out.push_back('Z');
}

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  std::size_t length = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const unsigned second = byte(1);  // overlong forms, surrogates and what is past U+10FFFF
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return length;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0x0f]};
  }
}

enum class Newlines : std::uint8_t { kIndent, kEscape };

void append_visible(std::string& out, std::string_view text, Newlines newlines) {
  while (!text.empty()) {
    const char c = text.front();
    if (c >= 0x20 && c < 0x7f) {  // runs of ASCII at once
      std::size_t n = 1;
      while (n < text.size() && text[n] >= 0x20 && text[n] < 0x7f) ++n;
      out += text.substr(0, n);
      text.remove_prefix(n);
      continue;
    }
    const std::size_t length = utf8_length(text);
    const bool c1 = length == 2 && c == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
    if (c == '\n') {
      out += newlines == Newlines::kIndent ? "\n    " : "\\n";
    } else if (c == '\t') {
      out.push_back('\t');
    } else if (length >= 2 && !c1) {
      out += text.substr(0, length);
    } else {
      append_hex(out, text.substr(0, length == 0 ? 1 : length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

bool needs_quotes(std::string_view value) noexcept {
  return value.empty() || value.find_first_of(" \t\r\n\"=") != std::string_view::npos;
}

void append_value(std::string& out, std::string_view value) {
  if (!needs_quotes(value)) return append_visible(out, value, Newlines::kEscape);
  out.push_back('"');
  for (std::size_t quote; (quote = value.find_first_of("\"\\")) != std::string_view::npos;) {
    append_visible(out, value.substr(0, quote), Newlines::kEscape);
    out += {'\\', value[quote]};
    value.remove_prefix(quote + 1);
  }
  append_visible(out, value, Newlines::kEscape);
  out.push_back('"');
}

}  // namespace

std::string format_console_line(const LogMetadata& metadata, std::span<const Property> properties,
                                std::int64_t time_ns, std::string_view text, bool colored) {
  const auto paint = [colored](std::string& out, std::string_view code) {
    if (colored) out += code;
  };
  std::string line;
  line.reserve(64 + metadata.target.size() + text.size());
  paint(line, kDim);
  append_time(line, time_ns);
  paint(line, kReset);
  line.push_back(' ');
  const std::string_view level = to_string(metadata.level);
  paint(line, color_of(metadata.level));
  line += level;
  paint(line, kReset);
  line.append(level.size() < kLevelWidth ? kLevelWidth - level.size() : 0, ' ');
  const std::string_view target = metadata.target.empty() ? metadata.file : metadata.target;
  line += ' ';
  if (!target.empty()) {
    paint(line, kDim);
    line.push_back('[');
    append_visible(line, target, Newlines::kEscape);
    line.push_back(']');
    paint(line, kReset);
    line.push_back(' ');
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  append_visible(line, text, Newlines::kIndent);
  for (const Property& property : properties) {
    line.push_back(' ');
    paint(line, kDim);
    append_visible(line, property.name, Newlines::kEscape);
    line.push_back('=');
    paint(line, kReset);
    append_value(line, property.value);
  }
  line.push_back('\n');
  return line;
}

ConsoleSink::ConsoleSink(ConsoleOptions options)
    : options_(options), colored_(wants_color(options)) {}

bool ConsoleSink::on_log_enabled(const LogMetadata& metadata) {
  return allows(options_.max_level, metadata.level);
}

void ConsoleSink::on_log(const LogMetadata& metadata, std::span<const Property> properties,
                         std::int64_t time, std::string_view text) {
  constexpr int kWaitMs = 100;
  if (!allows(options_.max_level, metadata.level)) return;
  const std::string line = format_console_line(metadata, properties, time, text, colored_);
  const OwnOutput out(options_.fd);
  if (!write_fully(out.fd(), line, kWaitMs)) {
    lost_lines_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace micromegas
