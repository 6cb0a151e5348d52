// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// RFC 3339 time stamps, nanoseconds since the Unix epoch (years 1677 to 2262).
#ifndef MICROMEGAS_TRANSPORT_WIRE_TIME_TEXT_H_
#define MICROMEGAS_TRANSPORT_WIRE_TIME_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace micromegas::wire {

// "2025-01-02T03:04:05.678901234" followed by `zone`, "+00:00" or "Z".
std::string format_time(std::int64_t nanoseconds, std::string_view zone);

// A date, 'T', 't' or a space, a time, an optional fraction (cut at nanoseconds), and 'Z' or an
// offset. Empty if it is anything else or out of range; a leap second counts as the next second.
std::optional<std::int64_t> parse_time(std::string_view text) noexcept;
// Whether it is such a time, of whatever year.
bool is_time(std::string_view text) noexcept;

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_TIME_TEXT_H_
