// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The texts that wasm32 makes of format strings are {fmt}'s, which the flush actor uses natively.

#include "micromegas/wasm/format.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

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
  for (const char* spec : {"{}",      "{:f}",    "{:.0f}",  "{:.1f}",    "{:.3f}",     "{:e}",
                           "{:.2E}",  "{:g}",    "{:.3G}",  "{:a}",      "{:10.2f}",   "{:<10.2f}|",
                           "{:+.1f}", "{: }",    "{:#}",    "{:012.3f}", "{:.17g}",    "{:*^12}",
                           "{:L}",    "{:.2Lf}", "{:12Lg}", "{:L<14}|",  "{:L>14.1f}|"}) {
    for (const double value : {0.0, -0.0, 1.0, 0.1, 0.25, 2.5, 1.0 / 3, 123456.789, 1e16, 1e-5,
                               1.7976931348623157e308, 5e-324, -42.0}) {
      expect_same(spec, value);
      expect_same(spec, static_cast<float>(value));
    }
    expect_same(spec, std::numeric_limits<double>::infinity());
    expect_same(spec, std::nan(""));
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
