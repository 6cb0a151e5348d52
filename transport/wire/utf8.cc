// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/utf8.h"

#include <cstdint>
#include <cstring>

namespace micromegas::wire {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// The number of leading ASCII bytes.
std::size_t ascii_prefix(std::string_view text) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

struct Sequence {
  std::size_t length = 1;  // bytes to consume, at least 1
  bool valid = false;
};

// One encoded code point at the start of `text` (not empty), or the maximal ill-formed subpart
// (Unicode 15, table 3-7).
Sequence next_sequence(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, true};
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {length, true};
}

void append_code_point(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept {
  text.remove_prefix(ascii_prefix(text));
  while (!text.empty()) {
    const Sequence sequence = next_sequence(text);
    if (!sequence.valid) return false;
    text.remove_prefix(sequence.length);
    if (sequence.length == 1) text.remove_prefix(ascii_prefix(text));
  }
  return true;
}

void append_lossy_utf8(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const Sequence sequence = next_sequence(text);
    out.append(sequence.valid ? text.substr(0, sequence.length) : kReplacement);
    text.remove_prefix(sequence.length);
  }
}

void append_utf16le(std::string_view bytes, std::string& out) {
  const auto unit = [bytes](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i * 2])) |
           static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i * 2 + 1])) << 8;
  };
  const std::size_t count = bytes.size() / 2;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t code = unit(i);
    if (code >= 0xd800 && code <= 0xdfff) {
      const bool pair =
          code < 0xdc00 && i + 1 < count && unit(i + 1) >= 0xdc00 && unit(i + 1) <= 0xdfff;
      if (pair) {
        code = 0x10000 + ((code - 0xd800) << 10) + (unit(i + 1) - 0xdc00);
        ++i;
      } else {
        code = 0xfffd;
      }
    }
    append_code_point(code, out);
  }
}

std::string sanitize(std::string_view text, std::size_t max_characters) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t characters = 0; !text.empty() && characters < max_characters; ++characters) {
    const Sequence sequence = next_sequence(text);
    const bool keep = sequence.valid && text.front() != '\0';
    out.append(keep ? text.substr(0, sequence.length) : kReplacement);
    text.remove_prefix(sequence.length);
  }
  return out;
}

std::string quoted(std::string_view name) { return "'" + sanitize(name, 64) + "'"; }

}  // namespace micromegas::wire
