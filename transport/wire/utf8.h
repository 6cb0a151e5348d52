// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Text of unknown quality made valid. Ill-formed input becomes U+FFFD by the Unicode standard's
// "maximal subpart" rule, as Rust's from_utf8_lossy does it.
#ifndef MICROMEGAS_TRANSPORT_WIRE_UTF8_H_
#define MICROMEGAS_TRANSPORT_WIRE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace micromegas::wire {

bool is_valid_utf8(std::string_view text) noexcept;

// Appends `text`, repaired, to `out`: at most three times its size.
void append_lossy_utf8(std::string_view text, std::string& out);

// Appends UTF-16LE `bytes` (an even number) as UTF-8; lone surrogates become U+FFFD.
void append_utf16le(std::string_view bytes, std::string& out);

// Valid UTF-8 without U+0000 (which becomes U+FFFD too: PostgreSQL stores none), cut after
// `max_characters` code points.
std::string sanitize(std::string_view text, std::size_t max_characters = std::string_view::npos);

// A name from the wire for an error text: quoted, sanitized and cut.
std::string quoted(std::string_view name);

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_UTF8_H_
