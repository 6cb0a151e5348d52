// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/time_text.h"

#include <cstdio>

namespace micromegas::wire {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDay = 86'400;

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back
// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
constexpr std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + static_cast<std::int64_t>(day_of_era) - 719'468;
}

struct Date {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

constexpr Date civil_from_days(std::int64_t days) noexcept {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = static_cast<std::int64_t>(year_of_era) + era * 400;
  return {year + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

constexpr unsigned days_in_month(std::int64_t year, unsigned month) noexcept {
  constexpr unsigned kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Takes exactly `digits` decimal digits from the front of `text`.
bool take_number(std::string_view& text, std::size_t digits, unsigned& value) noexcept {
  if (text.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char wanted) noexcept {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

struct Instant {
  std::int64_t seconds;   // since the Unix epoch
  std::int64_t fraction;  // nanoseconds
};

std::optional<Instant> parse_instant(std::string_view text) noexcept {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (!take_number(text, 4, year) || !take(text, '-') || !take_number(text, 2, month) ||
      !take(text, '-') || !take_number(text, 2, day)) {
    return std::nullopt;
  }
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  if (!take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute) ||
      !take(text, ':') || !take_number(text, 2, second)) {
    return std::nullopt;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
      minute > 59 || second > 60) {
    return std::nullopt;
  }
  std::int64_t fraction = 0;
  if (take(text, '.')) {
    std::int64_t scale = kSecond;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      scale /= 10;
      fraction += (text[digits] - '0') * scale;  // past nanoseconds the scale is 0
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
  }
  std::int64_t offset = 0;  // seconds east of Greenwich
  if (!take(text, 'Z') && !take(text, 'z')) {
    const bool east = take(text, '+');
    unsigned hours = 0;
    unsigned minutes = 0;
    if (!east && !take(text, '-')) return std::nullopt;
    if (!take_number(text, 2, hours) || !take(text, ':') || !take_number(text, 2, minutes) ||
        hours > 23 || minutes > 59) {
      return std::nullopt;
    }
    offset = (static_cast<std::int64_t>(hours) * 60 + minutes) * 60 * (east ? 1 : -1);
  }
  if (!text.empty()) return std::nullopt;
  return Instant{
      days_from_civil(year, month, day) * kDay + hour * 3600 + minute * 60 + second - offset,
      fraction};
}

}  // namespace

std::string format_time(std::int64_t nanoseconds, std::string_view zone) {
  std::int64_t seconds = nanoseconds / kSecond;
  std::int64_t fraction = nanoseconds % kSecond;
  if (fraction < 0) {
    fraction += kSecond;
    --seconds;
  }
  std::int64_t days = seconds / kDay;
  std::int64_t in_day = seconds % kDay;
  if (in_day < 0) {
    in_day += kDay;
    --days;
  }
  const Date date = civil_from_days(days);
  char text[64];
  const int size = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09d", static_cast<int>(date.year),
      date.month, date.day, static_cast<int>(in_day / 3600), static_cast<int>(in_day / 60 % 60),
      static_cast<int>(in_day % 60), static_cast<int>(fraction));
  return std::string(text, static_cast<std::size_t>(size)).append(zone);
}

std::optional<std::int64_t> parse_time(std::string_view text) noexcept {
  const std::optional<Instant> instant = parse_instant(text);
  std::int64_t nanoseconds = 0;
  if (!instant || __builtin_mul_overflow(instant->seconds, kSecond, &nanoseconds) ||
      __builtin_add_overflow(nanoseconds, instant->fraction, &nanoseconds)) {
    return std::nullopt;
  }
  return nanoseconds;
}

bool is_time(std::string_view text) noexcept { return parse_instant(text).has_value(); }

}  // namespace micromegas::wire
