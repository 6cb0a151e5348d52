// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/env.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace micromegas {
namespace {

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Long values are cut: the message is for a person.
Error bad_value(const char* name, std::string_view value, const std::string& remedy) {
  constexpr std::size_t kShown = 64;
  std::string message = name;
  message += "=\"";
  message += value.substr(0, kShown);
  if (value.size() > kShown) message += "...";
  message += "\" cannot be used: " + remedy + ", or unset it for the default";
  return Error(std::move(message));
}

std::string seconds_text(std::chrono::milliseconds value) {
  const auto ms = value.count();
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) {
    std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text;
}

// Digits with at most one point, rounded down to milliseconds. By hand: strtod follows the locale.
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) noexcept {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() && fraction.empty()) return std::nullopt;
  std::uint64_t seconds = 0;
  if (!whole.empty()) {
    const char* end = whole.data() + whole.size();
    const auto parsed = std::from_chars(whole.data(), end, seconds);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  }
  constexpr std::uint64_t kMaxSeconds = 1'000'000'000'000;  // keeps the product below in range
  if (seconds > kMaxSeconds) return std::nullopt;
  std::uint64_t ms = seconds * 1000;
  std::uint64_t unit = 100;
  for (char c : fraction) {
    if (c < '0' || c > '9') return std::nullopt;
    ms += static_cast<std::uint64_t>(c - '0') * unit;
    unit /= 10;
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(ms));
}

}  // namespace

std::optional<std::string_view> env_view(const char* name) {
  const char* raw = std::getenv(name);
  if (raw == nullptr) return std::nullopt;
  const std::string_view value = trim(raw);
  if (value.empty()) return std::nullopt;
  return value;
}

std::optional<std::string> env_string(const char* name) {
  const auto value = env_view(name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

Result<std::optional<bool>> env_bool(const char* name) {
  const auto value = env_string(name);
  if (!value) return std::optional<bool>();
  std::string word = *value;
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  for (const char* yes : {"true", "1", "on", "yes"}) {
    if (word == yes) return std::optional<bool>(true);
  }
  for (const char* no : {"false", "0", "off", "no"}) {
    if (word == no) return std::optional<bool>(false);
  }
  return bad_value(name, *value, "give true or false (1, on, yes; 0, off, no)");
}

Result<std::optional<std::uint64_t>> env_unsigned(const char* name, std::uint64_t min,
                                                  std::uint64_t max) {
  const auto value = env_string(name);
  if (!value) return std::optional<std::uint64_t>();
  std::uint64_t number = 0;
  const char* end = value->data() + value->size();
  const auto parsed = std::from_chars(value->data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < min || number > max) {
    return bad_value(
        name, *value,
        "give a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return std::optional<std::uint64_t>(number);
}

Result<std::optional<std::chrono::milliseconds>> env_seconds(const char* name,
                                                             std::chrono::milliseconds min,
                                                             std::chrono::milliseconds max) {
  const auto value = env_string(name);
  if (!value) return std::optional<std::chrono::milliseconds>();
  const auto seconds = parse_seconds(*value);
  if (!seconds || *seconds < min || *seconds > max) {
    return bad_value(
        name, *value,
        "give a number of seconds from " + seconds_text(min) + " to " + seconds_text(max));
  }
  return seconds;
}

}  // namespace micromegas
