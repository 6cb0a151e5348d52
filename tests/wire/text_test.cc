// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <limits>

#include "micromegas/transport/wire/time_text.h"
#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {
namespace {

std::string lossy(std::string_view text) {
  std::string out;
  append_lossy_utf8(text, out);
  return out;
}
std::string from_wide(std::u16string_view text) {
  std::string bytes;
  for (const char16_t unit : text) {
    bytes.push_back(static_cast<char>(unit & 0xff));
    bytes.push_back(static_cast<char>(unit >> 8));
  }
  std::string out;
  append_utf16le(bytes, out);
  return out;
}

#define FFFD "\xef\xbf\xbd"

TEST(Utf8, TellsGoodFromBad) {
  const std::string_view kGood[] = {"",
                                    "plain",
                                    "\xc2\x80",
                                    "\xdf\xbf",
                                    "\xe0\xa0\x80",
                                    "\xed\x9f\xbf",
                                    "\xee\x80\x80",
                                    "\xef\xbf\xbf",
                                    "\xf0\x90\x80\x80",
                                    "\xf4\x8f\xbf\xbf",
                                    "12345678\xc3\xa9"};
  for (const std::string_view text : kGood) EXPECT_TRUE(is_valid_utf8(text)) << text;
  const std::string_view kBad[] = {"\x80",
                                   "\xc0\x80",
                                   "\xc1\xbf",
                                   "\xc2",
                                   "\xe0\x9f\xbf",
                                   "\xed\xa0\x80",
                                   "\xe2\x82",
                                   "\xf0\x8f\xbf\xbf",
                                   "\xf4\x90\x80\x80",
                                   "\xf5\x80",
                                   "\xff",
                                   "12345678\xff",
                                   "\xf0\x9f\x98",
                                   "a\xc3"};
  for (const std::string_view text : kBad) EXPECT_FALSE(is_valid_utf8(text)) << lossy(text);
}

// The table of the Unicode standard, 3.9, "U+FFFD for maximal subparts", and Rust's own tests.
TEST(Utf8, ReplacesMaximalSubparts) {
  EXPECT_EQ(lossy("\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64"),
            "a" FFFD FFFD FFFD "b" FFFD "c" FFFD FFFD "d");
  EXPECT_EQ(lossy("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
            FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A");
  EXPECT_EQ(lossy("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"),
            FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A");
  EXPECT_EQ(lossy("Hello\xc2 There\xff Goodbye"), "Hello" FFFD " There" FFFD " Goodbye");
  EXPECT_EQ(lossy("\xf0\x80"
                  "foo\xf0\x90\x80"
                  "bar"),
            FFFD FFFD "foo" FFFD "bar");
}

TEST(Utf8, ReadsWideText) {
  EXPECT_EQ(from_wide(u"a\u00e9\u4e16\U0001f600"), "a\xc3\xa9\xe4\xb8\x96\xf0\x9f\x98\x80");
  EXPECT_EQ(from_wide(std::u16string{0xd83d}), FFFD);
  EXPECT_EQ(from_wide(std::u16string{0xde00, u'x'}), FFFD "x");
  EXPECT_EQ(from_wide(std::u16string{0xd83d, u'x'}), FFFD "x");
}

TEST(Utf8, SanitizesAndCuts) {
  EXPECT_EQ(sanitize(std::string_view("a\0b", 3)), "a" FFFD "b");
  EXPECT_EQ(sanitize("\xc3\xa9\xc3\xa9\xc3\xa9", 2), "\xc3\xa9\xc3\xa9");
  EXPECT_EQ(sanitize("\xff\xff\xff", 2), FFFD FFFD);
  EXPECT_EQ(sanitize("abc", 0), "");
}

TEST(TimeText, Formats) {
  EXPECT_EQ(format_time(0, "Z"), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(format_time(-1, "Z"), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_time(1735787045678901234, "+00:00"), "2025-01-02T03:04:05.678901234+00:00");
  EXPECT_EQ(format_time(951782400000000000, "Z"), "2000-02-29T00:00:00.000000000Z");
  EXPECT_EQ(format_time(std::numeric_limits<std::int64_t>::max(), "Z"),
            "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(format_time(std::numeric_limits<std::int64_t>::min(), "Z"),
            "1677-09-21T00:12:43.145224192Z");
}

TEST(TimeText, ParsesWhatItFormats) {
  for (const std::int64_t time :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1735787045678901234},
        std::int64_t{951782400000000000}, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(parse_time(format_time(time, "Z")), time);
    EXPECT_EQ(parse_time(format_time(time, "+00:00")), time);
  }
}

TEST(TimeText, ParsesOtherForms) {
  EXPECT_EQ(parse_time("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(parse_time("1969-12-31T23:30:00-00:30"), 0);
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.5Z"), 500'000'000);
  EXPECT_EQ(parse_time("1970-01-01t00:00:00.1234567899z"), 123'456'789);
  EXPECT_EQ(parse_time("1970-01-01 00:00:60Z"), 60'000'000'000);
}

TEST(TimeText, RefusesWhatIsNoTime) {
  const std::string_view kBad[] = {"",
                                   "2025",
                                   "2025-01-02T03:04:05",
                                   "2025-01-02T03:04:05+0000",
                                   "2025-1-02T03:04:05Z",
                                   "2025-13-02T03:04:05Z",
                                   "2025-02-29T03:04:05Z",
                                   "2025-00-02T03:04:05Z",
                                   "2025-01-02T24:04:05Z",
                                   "2025-01-02T03:60:05Z",
                                   "2025-01-02T03:04:61Z",
                                   "2025-01-02T03:04:05.Z",
                                   "2025-01-02T03:04:05Z ",
                                   "2025-01-02T03:04:05+24:00"};
  for (const std::string_view text : kBad) {
    EXPECT_FALSE(parse_time(text)) << text;
    EXPECT_FALSE(is_time(text)) << text;
  }
}

TEST(TimeText, RefusesYearsThatHaveNoNanoseconds) {
  for (const std::string_view text : {"2300-01-02T03:04:05Z", "0001-01-02T03:04:05Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
    EXPECT_TRUE(is_time(text)) << text;
  }
}

}  // namespace
}  // namespace micromegas::wire
