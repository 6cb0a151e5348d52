// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/format_spec.h"

namespace micromegas::wasm {
namespace {

bool is_align(char c) noexcept { return c == '<' || c == '>' || c == '^'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::size_t character_bytes(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

std::size_t number(std::string_view text, std::size_t& at) noexcept {
  std::size_t n = 0;
  while (at < text.size() && is_digit(text[at])) {
    n = n * 10 + static_cast<std::size_t>(text[at++] - '0');
  }
  return n;
}

void append_fill(TextBuffer& out, std::string_view fill, std::size_t n) noexcept {
  for (; n > 0; --n) out.append(fill);
}

}  // namespace

FormatSpec::FormatSpec(std::string_view text) noexcept {
  std::size_t at = 0;
  const auto next_is = [&](char c) { return at < text.size() && text[at] == c; };
  const std::size_t first = text.empty() ? 0 : character_bytes(text[0]);
  if (first < text.size() && is_align(text[first])) {
    fill = text.substr(0, first);
    align = text[first];
    at = first + 1;
  } else if (!text.empty() && is_align(text[0])) {
    align = text[at++];
  }
  if (next_is('+') || next_is('-') || next_is(' ')) sign = text[at++];
  if (next_is('#')) alternate = true, ++at;
  if (next_is('0')) {
    fill = "0";
    if (align == '\0') align = '=';
    ++at;
  }
  width = number(text, at);
  if (next_is('.')) precision = number(text, ++at);
  if (next_is('L')) ++at;  // the C locale, as natively unless the program sets another one
  if (at < text.size()) type = text[at];
}

void append_padded(TextBuffer& out, const FormatSpec& spec, char default_align,
                   std::string_view prefix, std::string_view text, std::size_t columns) noexcept {
  const std::size_t used = prefix.size() + columns;
  const std::size_t padding = spec.width > used ? spec.width - used : 0;
  const char align = spec.align != '\0' ? spec.align : default_align;
  const std::size_t left = align == '>' ? padding : align == '^' ? padding / 2 : 0;
  append_fill(out, spec.fill, left);
  out.append(prefix);
  if (align == '=') append_fill(out, spec.fill, padding);
  out.append(text);
  if (align != '=') append_fill(out, spec.fill, padding - left);
}

}  // namespace micromegas::wasm
