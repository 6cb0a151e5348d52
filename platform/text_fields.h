// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Lines, fields and numbers of a text from the system.
#ifndef MICROMEGAS_PLATFORM_TEXT_FIELDS_H_
#define MICROMEGAS_PLATFORM_TEXT_FIELDS_H_

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace micromegas {

// Takes what stands before the next `separator`, and the separator, off `text`.
inline std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return taken;
}

// Takes the next field, between blanks and tabs, off `line`; "" at its end.
inline std::string_view take_field(std::string_view& line) {
  constexpr std::string_view kBlank = " \t";
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::size_t end = std::min(line.find_first_of(kBlank), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(end);
  return field;
}

// Decimal digits and nothing else.
inline std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

inline std::optional<std::uint64_t> take_number(std::string_view& line) {
  return parse_number(take_field(line));
}

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_TEXT_FIELDS_H_
