// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/utf16.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace micromegas::wasm {
namespace {

std::u16string converted(std::string_view text) {
  std::u16string out(text.size(), u'!');
  out.resize(to_utf16(text, out.data()));
  return out;
}

TEST(Utf16, KeepsWhatIsUtf8) {
  EXPECT_EQ(converted(""), u"");
  EXPECT_EQ(converted("plain"), u"plain");
  EXPECT_EQ(converted("\x01\x7f"), u"\x01\x7f");
  EXPECT_EQ(converted("é ß € \ue000 \uffff"), u"é ß € \ue000 \uffff");
  EXPECT_EQ(converted("😀\U0010ffff"), u"😀\U0010ffff");
  EXPECT_EQ(converted(std::string_view("a\0b", 3)), std::u16string(u"a\0b", 3));
}

// The examples of the WHATWG's and Unicode's rule: one U+FFFD for each maximal part.
TEST(Utf16, ReplacesTheRest) {
  EXPECT_EQ(converted("\xff"), u"�");
  EXPECT_EQ(converted("a\x80z"), u"a�z");
  EXPECT_EQ(converted("\xc0\xaf"), u"��");            // overlong
  EXPECT_EQ(converted("\xe0\x80\x80"), u"���");       // overlong
  EXPECT_EQ(converted("\xed\xa0\x80"), u"���");       // a surrogate
  EXPECT_EQ(converted("\xf4\x90\x80\x80"), u"����");  // beyond the last
  EXPECT_EQ(converted("\xf0\x9f\x98"), u"�");         // cut short by the end
  EXPECT_EQ(converted("\xe2\x82z"), u"�z");           // by something else
  EXPECT_EQ(converted("\xf1\x80\xe1\x80\xc2\x62\x80"), u"���b�");
  EXPECT_EQ(converted("\xf8\x88\x80\x80\x80"), u"�����");
}

}  // namespace
}  // namespace micromegas::wasm
