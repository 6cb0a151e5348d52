// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The texts that wasm32 makes of format strings are {fmt}'s, which the flush actor uses natively.

#include "micromegas/wasm/format.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace micromegas::wasm {
namespace {

template <class... Args>
std::string ours(std::string_view text, const Args&... args) {
  const FormatArg values[] = {format_arg(args)..., {}};
  TextBuffer out;
  Mentions mentions(nullptr, sizeof...(Args));
  format(out, text, values, sizeof...(Args), mentions);
  return std::string(out.view());
}

template <class... Args>
void expect_same(std::string_view text, const Args&... args) {
  EXPECT_EQ(ours(text, args...), fmt::format(fmt::runtime(text), args...)) << text;
}

TEST(Format, Integers) {
  for (const char* spec :
       {"{}",     "{:d}",    "{:x}",  "{:X}",    "{:b}",     "{:B}",     "{:o}",   "{:#x}",
        "{:#X}",  "{:#b}",   "{:#B}", "{:#o}",   "{:5}",     "{:<5}|",   "{:>25}", "{:^25}|",
        "{:*^9}", "{:=>30}", "{:05}", "{:030x}", "{:#030x}", "{:#010b}", "{:é>8}", "{:L}"}) {
    for (const long long value :
         {0LL, 1LL, -1LL, 42LL, -12345LL, std::numeric_limits<long long>::min(),
          std::numeric_limits<long long>::max()}) {
      expect_same(spec, value);
    }
    expect_same(spec, std::numeric_limits<std::uint64_t>::max());
    expect_same(spec, 7u);
  }
  for (const char* spec : {"{:-}", "{:+}", "{: }", "{:+08}", "{: #x}", "{:*<+6}|"}) {
    for (const int value : {0, 5, -5}) expect_same(spec, value);
  }
  for (const char* spec : {"{:c}", "{:3c}|", "{:>3c}"}) expect_same(spec, 65);
}

TEST(Format, BooleansAndCharacters) {
  for (const char* spec : {"{}", "{:s}", "{:d}", "{:#x}", "{:7}|", "{:>7}", "{:*^9}", "{:b}"}) {
    expect_same(spec, true);
    expect_same(spec, false);
  }
  for (const char* spec : {"{}", "{:c}", "{:d}", "{:x}", "{:3}|", "{:>3}", "{:*^4}"}) {
    expect_same(spec, 'a');
    expect_same(spec, '~');
  }
}

TEST(Format, Strings) {
  for (const char* spec : {"{}", "{:s}", "{:8}|", "{:>8}", "{:^8}|", "{:.3}", "{:8.3}|", "{:.0}",
                           "{:*<9.2}", "{:→>9}"}) {
    for (const char* value : {"", "a", "hello", "héllo wörld", "日本語", "a😀b", "\xd0\x90"}) {
      expect_same(spec, value);
      expect_same(spec, std::string(value));
    }
  }
  expect_same("{}", "\xff\xe2");  // bytes pass through
}

TEST(Format, Pointers) {
  int object = 0;
  for (const char* spec : {"{}", "{:p}", "{:24}|", "{:<24}|"}) {
    expect_same(spec, static_cast<const void*>(&object));
    expect_same(spec, static_cast<void*>(nullptr));
  }
  EXPECT_EQ(ours("{}", static_cast<const char*>(nullptr)), "(null)");
}

TEST(Format, FloatingPointNumbers) {
  for (const char* spec : {"{}",      "{:f}",    "{:.0f}",    "{:.1f}",     "{:.3f}",     "{:e}",
                           "{:.2E}",  "{:g}",    "{:.3G}",    "{:10.2f}",   "{:<10.2f}|", "{:+.1f}",
                           "{: }",    "{:#}",    "{:012.3f}", "{:.17g}",    "{:*^12}",    "{:L}",
                           "{:.2Lf}", "{:12Lg}", "{:L<14}|",  "{:L>14.1f}|"}) {
    for (const double value : {0.0, -0.0, 1.0, 0.1, 0.25, 2.5, 1.0 / 3, 123456.789, 1e16, 1e-5,
                               1.7976931348623157e308, 5e-324, -42.0}) {
      expect_same(spec, value);
      expect_same(spec, static_cast<float>(value));
    }
    expect_same(spec, std::numeric_limits<double>::infinity());
    expect_same(spec, std::nan(""));
  }
}

template <class T, class Bits>
T from_bits(Bits bits) {
  static_assert(sizeof(T) == sizeof(Bits));
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Numbers all over the place: any bits, decimals of few digits, halves, powers of two, where the
// numbers below are nearer than those above, and nines.
struct Numbers {
  std::vector<double> doubles;
  std::vector<float> floats;
};
Numbers many_numbers() {
  Numbers numbers;
  auto& [doubles, floats] = numbers;
  std::uint64_t state = 0x9e3779b97f4a7c15;
  const auto random = [&state] {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
  };
  for (int i = 0; i < 500; ++i) {
    doubles.push_back(from_bits<double>(random()));
    floats.push_back(from_bits<float>(static_cast<std::uint32_t>(random())));
    doubles.push_back(static_cast<double>(random() % 1'000'000) / 1000);
    floats.push_back(static_cast<float>(doubles.back()));
    doubles.push_back(static_cast<double>(random() % 4096) / 64);
  }
  for (int exponent = -1074; exponent < 1024; ++exponent) {
    doubles.push_back(std::ldexp(1.0, exponent));
    if (exponent >= -149 && exponent < 128) floats.push_back(std::ldexp(1.0F, exponent));
  }
  for (int exponent = -30; exponent < 30; ++exponent) {
    for (const double digits : {1.0, 9.0, 9.5, 9.96, 9.996, 9.9996, 9.9999996, 1.5, 2.5}) {
      doubles.push_back(digits * std::pow(10.0, exponent));
      floats.push_back(static_cast<float>(doubles.back()));
    }
  }
  return numbers;
}

void expect_same_of_each(const Numbers& numbers, std::size_t step, const char* spec) {
  for (std::size_t i = 0; i < numbers.doubles.size(); i += step) {
    const double value = numbers.doubles[i];
    ASSERT_EQ(ours(spec, value), fmt::format(fmt::runtime(spec), value)) << spec;
  }
  for (std::size_t i = 0; i < numbers.floats.size(); i += step) {
    const float value = numbers.floats[i];
    ASSERT_EQ(ours(spec, value), fmt::format(fmt::runtime(spec), value)) << spec;
  }
}

TEST(Format, TheShortestDigits) {
  const Numbers numbers = many_numbers();
  expect_same_of_each(numbers, 1, "{}");
  expect_same_of_each(numbers, 7, "{:#}");
  // Just half of the way to the number above, to the one below; and the nearest decimal of as many
  // digits (...801) belongs to the number below.
  EXPECT_EQ(ours("{} {} {}", 1e23, 9007199254740993.0, std::ldexp(1.0, -44)),
            "1e+23 9007199254740992 5.684341886080802e-14");
}

TEST(Format, SoManyDigits) {
  const Numbers numbers = many_numbers();
  for (const char* spec :
       {"{:.2f}", "{:.0f}", "{:#.0f}", "{:.20f}", "{:.450f}", "{:e}", "{:.0e}", "{:#.0e}",
        "{:.30e}", "{:g}", "{:#g}", "{:.1g}", "{:.17g}", "{:.3}", "{:#.3}", "{:+018.7G}"}) {
    expect_same_of_each(numbers, 11, spec);
  }
}

TEST(Format, Hexadecimal) {
  EXPECT_EQ(ours("{:a} {:A} {:#a} {:+a}", 0.0, 26.0, 1.0, 0.1),
            "0x0p+0 0X1.AP+4 0x1.p+0 +0x1.999999999999ap-4");
  EXPECT_EQ(ours("{:.0a} {:.0a} {:.1a} {:.3a} {:.15a}", 1.5, 1.25, 1.96875, 0.0, 1.5),
            "0x2p+0 0x1p+0 0x2.0p+0 0x0.000p+0 0x1.800000000000000p+0");
  EXPECT_EQ(ours("{:012a} {:>8a} {:<8a}|", -1.0, 1.0, 1.0), "-000000x1p+0   0x1p+0 0x1p+0  |");
  EXPECT_EQ(ours("{:a}", 5e-324), "0x0.0000000000001p-1022");
  EXPECT_EQ(ours("{:.1a}", 1.7e-308), "0x0.cp-1022");
  EXPECT_EQ(ours("{:.0a}", 1.7e-308), "0x1p-1022");
  EXPECT_EQ(ours("{:A}", -2e-308), "-0X0.E61ACF033D1A4P-1022");
  EXPECT_EQ(ours("{:a}", 1e-45F), "0x1p-149");  // the double is no denormal
#if !defined(__EMSCRIPTEN__)
  // {fmt} leaves these to the C library, and Emscripten's has ideas of its own.
  const Numbers numbers = many_numbers();
  for (const char* spec : {"{:a}", "{:A}", "{:#a}", "{:.0a}", "{:.1a}", "{:.12a}", "{:.20a}"}) {
    expect_same_of_each(numbers, 1, spec);
  }
#endif
}

TEST(Format, NumbersThatAreNone) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const char* spec : {"{}", "{:f}", "{:F}", "{:E}", "{:g}", "{:a}", "{:A}", "{:8}|", "{:08}|",
                           "{:+08.3f}|", "{:0<8}|", "{:*>8}|", "{:^9}|", "{: }", "{:#}", "{:.2}"}) {
    for (const double value : {infinity, -infinity, std::nan(""), -std::nan("")}) {
      expect_same(spec, value);
      expect_same(spec, static_cast<float>(value));
    }
  }
}

TEST(Format, BracesAndNumbers) {
  expect_same("no placeholder");
  expect_same("{{}} {{{}}} }}{{", 1);
  expect_same("{1} {0} {1:>4}", 1, "x");
  expect_same("");
  EXPECT_EQ(ours("{user} has {n:>3} of {n}, {USER}", "ann", 7), "ann has   7 of 7, ann");
}

TEST(Format, WidthAndPrecisionFromArguments) {
  expect_same("{:{}}|", 42, 6);
  expect_same("{:<{}.{}f}|", 3.14159, 8, 2);
  expect_same("{0:>{1}}", "ab", 5u);
  expect_same("{:{}}|", 42, 0);
  expect_same("{:.{}}|", "abc", 0);
  EXPECT_EQ(ours("{:{width}} {width}", 1, 3), "  1 3");
  EXPECT_EQ(ours("a {:{}}", 42, -1), "a {:{}} [not formatted: negative width]");
  EXPECT_EQ(ours("{:.{}f}", 1.5, -1), "{:.{}f} [not formatted: negative precision]");
  EXPECT_EQ(ours("{:{}}", 1, 4'000'000'000U), "{:{}} [not formatted: number is too big]");
}

TEST(Format, LongTexts) {
  const std::string text(70'000, 'y');
  expect_same("{}-{}-{}", text, 1, text);
  expect_same("{:>100000}", 1);
}

}  // namespace
}  // namespace micromegas::wasm
