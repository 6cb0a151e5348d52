// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace micromegas::http {
namespace {

// Not strptime(3): the host's locale would have a say.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool literal(std::string_view wanted) {
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }
  // Exactly `digits` of them; a leading blank counts as one if `padded`.
  bool number(std::size_t digits, int& out, bool padded = false) {
    if (text_.size() < digits) return false;
    std::string_view part = text_.substr(0, digits);
    if (padded && part.front() == ' ') part.remove_prefix(1);
    if (part.front() < '0' || part.front() > '9') return false;
    const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), out);
    if (error != std::errc() || stop != part.data() + part.size()) return false;
    text_.remove_prefix(digits);
    return true;
  }
  bool month(int& out) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto it = std::find(kMonths.begin(), kMonths.end(), text_.substr(0, 3));
    if (it == kMonths.end()) return false;
    text_.remove_prefix(3);
    out = static_cast<int>(it - kMonths.begin()) + 1;
    return true;
  }
  bool letters() {
    std::size_t n = 0;
    while (n < text_.size() &&
           ((text_[n] >= 'a' && text_[n] <= 'z') || (text_[n] >= 'A' && text_[n] <= 'Z'))) {
      ++n;
    }
    text_.remove_prefix(n);
    return n >= 3;
  }
  bool time(int& h, int& m, int& s) {
    return number(2, h) && literal(":") && number(2, m) && literal(":") && number(2, s);
  }
  [[nodiscard]] bool end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  int year = 0, month = 0, day = 0, h = 0, m = 0, s = 0;
  const auto fixdate = [&] {
    Reader r(text);
    return r.letters() && r.literal(", ") && r.number(2, day) && r.literal(" ") && r.month(month) &&
           r.literal(" ") && r.number(4, year) && r.literal(" ") && r.time(h, m, s) &&
           r.literal(" GMT") && r.end();
  };
  const auto rfc850 = [&] {
    Reader r(text);
    if (!(r.letters() && r.literal(", ") && r.number(2, day) && r.literal("-") && r.month(month) &&
          r.literal("-") && r.number(2, year) && r.literal(" ") && r.time(h, m, s) &&
          r.literal(" GMT") && r.end())) {
      return false;
    }
    year += year < 70 ? 2000 : 1900;
    return true;
  };
  const auto asctime = [&] {
    Reader r(text);
    return r.letters() && r.literal(" ") && r.month(month) && r.literal(" ") &&
           r.number(2, day, true) && r.literal(" ") && r.time(h, m, s) && r.literal(" ") &&
           r.number(4, year) && r.end();
  };
  if (!fixdate() && !rfc850() && !asctime()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || h > 23 || m > 59 || s > 60) return std::nullopt;  // 60: a leap second
  return std::chrono::sys_days(date) + std::chrono::hours(h) + std::chrono::minutes(m) +
         std::chrono::seconds(s);
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, std::string_view date,
                                                      std::chrono::system_clock::time_point now) {
  std::uint32_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error == std::errc() && stop == end && !text.empty()) return std::chrono::seconds(seconds);
  const auto when = parse_http_date(text);
  if (!when) return std::nullopt;
  const auto from =
      parse_http_date(date).value_or(std::chrono::time_point_cast<std::chrono::seconds>(now));
  return std::max(*when - from, std::chrono::seconds(0));
}

}  // namespace micromegas::http
