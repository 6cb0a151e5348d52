// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Floating-point numbers. {fmt} would be half of the program: its tables make it fast, which a line
// on the console need not be.

#include <algorithm>

#include "micromegas/wasm/decimal.h"
#include "micromegas/wasm/format_arg.h"
#include "micromegas/wasm/format_spec.h"

namespace micromegas::wasm {
namespace {

constexpr int kNone = -1;

struct Number {
  bool negative;
  bool infinite;
  bool nan;
  Binary binary;
};

// IEEE 754: sign, exponent, fraction.
Number parts(std::uint64_t bits, int exponent_bits, int fraction_bits) noexcept {
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << fraction_bits) - 1);
  const int all = (1 << exponent_bits) - 1;
  const int exponent = static_cast<int>(bits >> fraction_bits) & all;
  const bool finite = exponent != all;
  Number number{};
  number.negative = (bits >> (exponent_bits + fraction_bits) & 1) != 0;
  number.infinite = !finite && fraction == 0;
  number.nan = !finite && fraction != 0;
  if (!finite) return number;
  const std::uint64_t leading = exponent == 0 ? 0 : 1;
  number.binary.mantissa = leading << fraction_bits | fraction;
  number.binary.exponent = std::max(exponent, 1) - all / 2 - fraction_bits;
  number.binary.narrow_below = fraction == 0 && exponent > 1;
  return number;
}

// The presentations. Each appends what stands behind the sign.

void append_character(TextBuffer& out, char c) noexcept { out.append({&c, 1}); }

// Down to a position, with a point before the tenths.
void append_digits(TextBuffer& out, const Decimal& decimal, int from, int to) noexcept {
  for (int position = from; position >= to; --position) {
    if (position == -1) append_character(out, '.');
    append_character(out, decimal.digit(position));
  }
}

void append_exponent(TextBuffer& out, char letter, int exponent, int digits) noexcept {
  char text[8];
  char* const end = text + sizeof text;
  char* begin = end;
  unsigned rest = static_cast<unsigned>(exponent < 0 ? -exponent : exponent);
  for (; digits > 0 || rest != 0; --digits, rest /= 10) {
    *--begin = static_cast<char>('0' + rest % 10);
  }
  *--begin = exponent < 0 ? '-' : '+';
  *--begin = letter;
  out.append({begin, static_cast<std::size_t>(end - begin)});
}

// 1.5 with the exponent of its first digit.
void append_scientific(TextBuffer& out, const FormatSpec& spec, const Decimal& decimal, int last,
                       bool point) noexcept {
  const int first = decimal.first();
  append_character(out, decimal.digit(first));
  if (point || last < first) append_character(out, '.');
  for (int position = first - 1; position >= last; --position) {
    append_character(out, decimal.digit(position));
  }
  append_exponent(out, (spec.type & 0x20) != 0 || spec.type == '\0' ? 'e' : 'E', first, 2);
}

void append_fixed(TextBuffer& out, const FormatSpec& spec, Decimal decimal,
                  int precision) noexcept {
  decimal.round(-precision);
  append_digits(out, decimal, std::max(decimal.first(), 0), -precision);
  if (precision == 0 && spec.alternate) append_character(out, '.');
}

// Whichever of the two is shorter, without zeros at the end unless asked for.
void append_general(TextBuffer& out, const FormatSpec& spec, const Decimal& decimal,
                    int digits) noexcept {
  const int first = decimal.first();
  const bool scientific = first < -4 || first >= (digits > 0 ? digits : 16);
  const bool padded = spec.alternate && digits > 0;
  const int last = padded ? first - digits + 1 : decimal.last();
  if (scientific) return append_scientific(out, spec, decimal, last, spec.alternate);
  append_digits(out, decimal, std::max(first, 0), std::min(last, 0));
  if (spec.alternate && last >= 0) out.append(".0");
}

void append_hexadecimal(TextBuffer& out, const FormatSpec& spec, Binary binary,
                        int precision) noexcept {
  constexpr int kFraction = 13;  // digits of four bits, behind the leading bit
  const bool zero = binary.mantissa == 0;
  int digits = kFraction;
  if (precision != kNone && precision < kFraction) {
    // Halves go to the even digit.
    const int bits = 4 * (kFraction - precision);
    const std::uint64_t half = std::uint64_t{1} << (bits - 1);
    const std::uint64_t odd = binary.mantissa >> bits & 1;
    binary.mantissa = (binary.mantissa + half - 1 + odd) >> bits << bits;
    digits = precision;
  } else if (precision == kNone) {
    while (digits > 0 && (binary.mantissa >> 4 * (kFraction - digits) & 0xf) == 0) --digits;
  }
  const bool upper = spec.type == 'A';
  const char* const names = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  out.append(upper ? "0X" : "0x");
  append_character(out, names[binary.mantissa >> 4 * kFraction]);
  if (digits > 0 || precision > 0 || spec.alternate) append_character(out, '.');
  for (int i = 1; i <= digits; ++i) {
    append_character(out, names[binary.mantissa >> 4 * (kFraction - i) & 0xf]);
  }
  for (int i = digits; i < precision; ++i) append_character(out, '0');
  append_exponent(out, upper ? 'P' : 'p', zero ? 0 : binary.exponent + 4 * kFraction, 1);
}

void append_finite(TextBuffer& out, const FormatSpec& spec, const Binary& binary) noexcept {
  const bool given = spec.precision != std::string_view::npos;
  int precision = given ? static_cast<int>(spec.precision) : spec.type == '\0' ? kNone : 6;
  switch (spec.type | 0x20) {
    case 'f':
      return append_fixed(out, spec, Decimal(binary), precision);
    case 'e': {
      Decimal decimal(binary);
      decimal.round(decimal.first() - precision);
      return append_scientific(out, spec, decimal, decimal.first() - precision, spec.alternate);
    }
    default:
      break;
  }
  if (precision == kNone) {
    return append_general(
        out, spec, binary.mantissa == 0 ? Decimal(binary) : Decimal::shortest(binary), kNone);
  }
  precision = std::max(precision, 1);
  Decimal decimal(binary);
  decimal.round(decimal.first() - precision + 1);
  append_general(out, spec, decimal, precision);
}

void append_number(TextBuffer& out, std::string_view text, const Number& number) noexcept {
  FormatSpec spec(text);
  char sign[1] = {number.negative ? '-' : spec.sign};
  const std::string_view prefix(sign, sign[0] == '-' && !number.negative ? 0 : 1);
  TextBuffer digits;
  char align = '>';
  if (number.infinite || number.nan) {
    const bool upper = spec.type != '\0' && (spec.type & 0x20) == 0;
    digits.append(number.nan ? upper ? "NAN" : "nan" : upper ? "INF" : "inf");
    // As {fmt} has it: on the left, and never behind zeros.
    align = '<';
    if (spec.fill == "0") spec.fill = " ";
    if (spec.align == '=') spec.align = '>';
  } else if ((spec.type | 0x20) == 'a') {
    const bool given = spec.precision != std::string_view::npos;
    append_hexadecimal(digits, spec, number.binary,
                       given ? static_cast<int>(spec.precision) : kNone);
  } else {
    append_finite(digits, spec, number.binary);
  }
  append_padded(out, spec, align, prefix, digits.view(), digits.view().size());
}

}  // namespace

void format_float(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  // In hexadecimal it is the double of the same value.
  if (!spec.empty() && (spec.back() | 0x20) == 'a') {
    const auto bits = static_cast<std::uint32_t>(arg.bits);
    float value;
    std::memcpy(&value, &bits, 4);
    return format_double(out, spec, format_arg(static_cast<double>(value)));
  }
  append_number(out, spec, parts(arg.bits, 8, 23));
}

void format_double(TextBuffer& out, std::string_view spec, const FormatArg& arg) {
  append_number(out, spec, parts(arg.bits, 11, 52));
}

}  // namespace micromegas::wasm
