// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Floating-point numbers, by {fmt}: shortest digits and exact rounding are no small matter.

// A copy of its own, in a namespace of its own: without exceptions, messages and locales, which
// would otherwise be most of the program.
#define FMT_BEGIN_NAMESPACE \
  namespace fmt {           \
  inline namespace micromegas_wasm {
#define FMT_END_NAMESPACE \
  }                       \
  }
#ifndef FMT_HEADER_ONLY
#define FMT_HEADER_ONLY
#endif
#define FMT_STATIC_THOUSANDS_SEPARATOR ','
#define FMT_THROW(exception) __builtin_trap()
#define FMT_ASSERT(condition, message) ((void)0)
#include <fmt/format.h>

#include "micromegas/wasm/format_arg.h"
#include "micromegas/wasm/text_buffer.h"

namespace micromegas::wasm {
namespace {

template <class T>
void format_number(TextBuffer& out, std::string_view spec, T value) {
  fmt::memory_buffer digits;
  fmt::formatter<T> formatter;
  // 'L': natively the locale is C, which groups no digits; this copy of {fmt} would. It stands last
  // or before the type.
  char without[64];
  const std::size_t last = spec.size();
  for (std::size_t at : {last - 1, last - 2}) {
    if (at >= last || last > sizeof without || spec[at] != 'L') continue;
    if (at + 1 != last && (spec[at + 1] < 'A' || spec[at + 1] > 'z')) continue;  // it is the fill
    spec.copy(without, at);
    spec.substr(at + 1).copy(without + at, last);
    spec = {without, last - 1};
    break;
  }
  // Nothing here throws: the spec has passed the check at compile time.
  fmt::format_parse_context parse(fmt::string_view(spec.data(), spec.size()));
  formatter.parse(parse);
  fmt::format_context context(fmt::appender(digits), {});
  formatter.format(value, context);
  out.append({digits.data(), digits.size()});
}

}  // namespace

void format_float(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  const auto bits = static_cast<std::uint32_t>(arg.bits);
  float value;
  std::memcpy(&value, &bits, 4);
  format_number(out, spec, value);
}

void format_double(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  double value;
  std::memcpy(&value, &arg.bits, 8);
  format_number(out, spec, value);
}

}  // namespace micromegas::wasm
