// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// All types but the floating-point ones.

#include <algorithm>

#include "micromegas/wasm/format_arg.h"
#include "micromegas/wasm/format_spec.h"

namespace micromegas::wasm {
namespace {

void append_integer(TextBuffer& out, const FormatSpec& spec, std::uint64_t magnitude,
                    bool negative) noexcept {
  if (spec.type == 'c') {
    const char c = static_cast<char>(magnitude);
    return append_padded(out, spec, '<', {}, {&c, 1}, 1);
  }
  const char kind = static_cast<char>(spec.type | 0x20);  // lower case
  const unsigned base = kind == 'x' ? 16 : kind == 'b' ? 2 : kind == 'o' ? 8 : 10;
  const char* const digits = spec.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  char text[64];
  char* const end = text + sizeof(text);
  char* begin = end;
  std::uint64_t rest = magnitude;
  do {
    *--begin = digits[rest % base];
    rest /= base;
  } while (rest != 0);

  char prefix[3];
  std::size_t n = 0;
  if (negative) {
    prefix[n++] = '-';
  } else if (spec.sign != '-') {
    prefix[n++] = spec.sign;
  }
  if (spec.alternate && (base == 16 || base == 2)) {
    prefix[n++] = '0';
    prefix[n++] = spec.type;
  } else if (spec.alternate && base == 8 && magnitude != 0) {
    prefix[n++] = '0';
  }
  const auto size = static_cast<std::size_t>(end - begin);
  append_padded(out, spec, '>', {prefix, n}, {begin, size}, size);
}

// The first byte behind the character that begins at `at`; bytes that are not UTF-8 stand alone.
std::size_t next_character(std::string_view text, std::size_t at, std::uint32_t& code) noexcept {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t bytes = lead < 0xc0   ? 1
                            : lead < 0xe0 ? 2
                            : lead < 0xf0 ? 3
                            : lead < 0xf8 ? 4
                                          : 1;
  code = lead;
  if (bytes == 1 || text.size() - at < bytes) return at + 1;
  code = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xc0U) != 0x80) return at + 1;
    code = code << 6 | (byte & 0x3fU);
  }
  return at + bytes;
}

// East Asian characters and emoji take two columns; the ranges are {fmt}'s.
bool is_wide(std::uint32_t code) noexcept {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  constexpr Range kWide[] = {{0x1100, 0x115f},   {0x2329, 0x232a},   {0x2e80, 0x303e},
                             {0x3040, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                             {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                             {0xffe0, 0xffe6},   {0x20000, 0x2fffd}, {0x30000, 0x3fffd},
                             {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}};
  return std::any_of(std::begin(kWide), std::end(kWide),
                     [code](Range r) { return code >= r.first && code <= r.last; });
}

void append_text(TextBuffer& out, const FormatSpec& spec, std::string_view text) noexcept {
  std::size_t end = 0;
  std::size_t columns = 0;
  for (std::size_t characters = 0; end < text.size() && characters < spec.precision; ++characters) {
    std::uint32_t code = 0;
    end = next_character(text, end, code);
    columns += is_wide(code) ? 2 : 1;
  }
  append_padded(out, spec, '<', {}, text.substr(0, end), columns);
}

}  // namespace

void format_bool(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  const FormatSpec parsed(spec);
  if (parsed.type != '\0' && parsed.type != 's') {
    return append_integer(out, parsed, arg.bits, false);
  }
  append_text(out, parsed, arg.bits != 0 ? "true" : "false");
}

void format_char(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  const FormatSpec parsed(spec);
  const auto value = static_cast<std::int64_t>(arg.bits);
  if (parsed.type == '\0' || parsed.type == 'c') {
    const char c = static_cast<char>(value);
    return append_padded(out, parsed, '<', {}, {&c, 1}, 1);
  }
  append_integer(out, parsed, value < 0 ? 0 - arg.bits : arg.bits, value < 0);
}

void format_int64(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  const bool negative = static_cast<std::int64_t>(arg.bits) < 0;
  append_integer(out, FormatSpec(spec), negative ? 0 - arg.bits : arg.bits, negative);
}

void format_uint64(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  append_integer(out, FormatSpec(spec), arg.bits, false);
}

void format_pointer(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  FormatSpec parsed(spec);
  parsed.type = 'x';
  parsed.alternate = true;
  append_integer(out, parsed, arg.bits, false);
}

void format_string(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  const std::string_view text(static_cast<const char*>(arg.data), arg.size);
  if (spec.empty()) return out.append(text);
  append_text(out, FormatSpec(spec), text);
}

}  // namespace micromegas::wasm
