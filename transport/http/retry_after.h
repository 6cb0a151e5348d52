// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How long a server asks to be left alone (RFC 9110, 10.2.3).
#ifndef MICROMEGAS_TRANSPORT_HTTP_RETRY_AFTER_H_
#define MICROMEGAS_TRANSPORT_HTTP_RETRY_AFTER_H_

#include <chrono>
#include <optional>
#include <string_view>

namespace micromegas::http {

// "Sun, 06 Nov 1994 08:49:37 GMT", and the two obsolete forms that RFC 9110 (5.6.7) wants to be
// read. Nothing for anything else.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

// `text` is the header's value: seconds, or a date, which counts from `date`, the answer's own Date
// header, so that a wrong clock on either side does not matter; without one from `now`. A date that
// has passed is 0 s.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, std::string_view date,
                                                      std::chrono::system_clock::time_point now);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_RETRY_AFTER_H_
