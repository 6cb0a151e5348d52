// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Types that only the program knows, as log arguments: micromegas/fmt.h.

#include "micromegas/fmt.h"

#include <fmt/chrono.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

struct Point {
  int x;
  int y;
};
enum class Color : std::uint8_t { kRed = 1, kBlue = 2 };
struct ThrowsText {};
struct ThrowsNumber {};
struct Logs {
  int depth;
};
struct Huge {
  std::size_t bytes;
};
struct Braces {};

}  // namespace
}  // namespace micromegas

// "x, y", with the spec "v" "<x|y>".
template <>
struct fmt::formatter<micromegas::Point> {
  bool verbose = false;

  constexpr auto parse(format_parse_context& context) {
    auto at = context.begin();
    if (at != context.end() && *at == 'v') {
      verbose = true;
      ++at;
    }
    return at;
  }
  auto format(const micromegas::Point& p, format_context& context) const {
    return verbose ? fmt::format_to(context.out(), "<{}|{}>", p.x, p.y)
                   : fmt::format_to(context.out(), "{}, {}", p.x, p.y);
  }
};

// With the specs of a string: width, fill, alignment.
template <>
struct fmt::formatter<micromegas::Color> : formatter<std::string_view> {
  auto format(micromegas::Color color, format_context& context) const {
    return formatter<std::string_view>::format(color == micromegas::Color::kRed ? "red" : "blue",
                                               context);
  }
};

template <class T>
struct WithoutSpec {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
};

template <>
struct fmt::formatter<micromegas::ThrowsText> : WithoutSpec<micromegas::ThrowsText> {
  auto format(const micromegas::ThrowsText&, format_context& context) const {
    fmt::format_to(context.out(), "half of it");
    throw std::runtime_error("no more of it");
    return context.out();
  }
};

template <>
struct fmt::formatter<micromegas::ThrowsNumber> : WithoutSpec<micromegas::ThrowsNumber> {
  auto format(const micromegas::ThrowsNumber&, format_context& context) const {
    throw 42;
    return context.out();
  }
};

template <>
struct fmt::formatter<micromegas::Logs> : WithoutSpec<micromegas::Logs> {
  auto format(const micromegas::Logs& logs, format_context& context) const {
    MM_SPAN("in a formatter");
    MM_INFO("inner {}", logs.depth);
    if (logs.depth > 1) MM_INFO("deeper {}", micromegas::Logs{logs.depth - 1});
    return fmt::format_to(context.out(), "Logs{}", logs.depth);
  }
};

template <>
struct fmt::formatter<micromegas::Huge> : WithoutSpec<micromegas::Huge> {
  auto format(const micromegas::Huge& huge, format_context& context) const {
    auto out = context.out();
    for (std::size_t i = 0; i < huge.bytes; ++i) *out++ = 'h';
    return out;
  }
};

template <>
struct fmt::formatter<micromegas::Braces> : WithoutSpec<micromegas::Braces> {
  auto format(const micromegas::Braces&, format_context& context) const {
    return fmt::format_to(context.out(), "{{}} {{0}} }}{{");
  }
};

namespace micromegas {
namespace {

class FmtTest : public SessionTest {
 protected:
  void SetUp() override { start(); }
  std::vector<std::string> texts() {
    std::vector<std::string> out;
    for (const auto& log : flushed().logs) out.push_back(log.text);
    return out;
  }
};
using Texts = std::vector<std::string>;

TEST_F(FmtTest, AUsersTypeIsShownByItsFormatter) {
  MM_INFO("at {}", Point{1, 2});
  MM_INFO("{:v} {} {:v}", Point{1, 2}, Point{3, 4}, Point{5, 6});
  MM_INFO("{p:v} {n} {P}", Point{1, 2}, 7);
  MM_INFO("{1:v} {0}", 7, Point{1, 2});
  EXPECT_EQ(texts(), (Texts{"at 1, 2", "<1|2> 3, 4 <5|6>", "<1|2> 7 <1|2>", "<1|2> 7"}));
}

TEST_F(FmtTest, AnEnumWithAFormatterIsNotANumber) {
  MM_INFO("{} {:>6} {:*<5}", Color::kRed, Color::kBlue, Color::kRed);
  EXPECT_EQ(texts(), (Texts{"red   blue red**"}));
}

TEST_F(FmtTest, SpecsBelongToTheirArgumentsAmongNumbersAndNestedWidths) {
  MM_INFO("{:{}} {:v} {:.{}f} {:>5}", "w", 3, Point{1, 2}, 2.5, 2, Color::kRed);
  MM_INFO("{w} {n:{w}} {p:v} {{{c}}}", 3, 7, Point{1, 2}, Color::kRed);
  EXPECT_EQ(texts(), (Texts{"w   <1|2> 2.50   red", "3   7 <1|2> {red}"}));
}

TEST_F(FmtTest, ChronoComesFromTheLibrary) {
  using namespace std::chrono_literals;
  MM_INFO("{} {:%S}", 1500ms, 1500ms);
  MM_INFO("{:%Y-%m-%d}", fmt::gmtime(std::time_t{0}));
  EXPECT_EQ(texts(), (Texts{"1500ms 01.500", "1970-01-01"}));
}

TEST_F(FmtTest, TheTextSaysThatAFormatterThrewAndNothingElseIsLost) {
  MM_INFO("before");
  MM_INFO("{} a {} b {}", 1, ThrowsText{}, "two");
  MM_INFO("{} {}", ThrowsNumber{}, Point{1, 2});
  MM_INFO("after");
  EXPECT_EQ(texts(), (Texts{"before", "1 a [formatter threw: no more of it] b two",
                            "[formatter threw] 1, 2", "after"}));
}

TEST_F(FmtTest, AFormatterMayLog) {
  MM_INFO("outer {}", Logs{2});
  const auto recorded = flushed();
  Texts all;
  for (const auto& log : recorded.logs) all.push_back(log.text);
  EXPECT_EQ(all, (Texts{"inner 2", "inner 1", "deeper Logs1", "outer Logs2"}));
  EXPECT_EQ(recorded.span_events(), 4u);
}

TEST_F(FmtTest, FormattersOfPairsMayLogAndThrow) {
  using namespace literals;
  MM_INFO("outer {} {b}", Logs{1}, "a"_k = Logs{1}, "b"_k = ThrowsText{});
  const auto logs = flushed().logs;
  ASSERT_EQ(logs.size(), 3u);
  EXPECT_EQ(logs[0].text, "inner 1");
  EXPECT_EQ(logs[1].text, "inner 1");
  EXPECT_EQ(logs[2].text, "outer Logs1 [formatter threw: no more of it]");
  EXPECT_EQ(logs[2].properties.at("a"), "Logs1");
  EXPECT_EQ(logs[2].properties.at("b"), "[formatter threw: no more of it]");
}

TEST_F(FmtTest, AFormatterThatLogsMayFillASegmentMeanwhile) {
  const std::string large(50'000, 'l');
  for (int i = 0; i < 20; ++i) MM_INFO("{} {} {}", large, Logs{1}, i);
  std::size_t outer = 0;
  for (const std::string& text : texts()) outer += text.starts_with("lll") ? 1 : 0;
  EXPECT_EQ(outer, 20u);
}

TEST_F(FmtTest, HugeTextIsCutAndMarked) {
  MM_INFO("{}!", Huge{200'000});
  MM_INFO("{} {} {}", Huge{200'000}, 42, Point{1, 2});
  const Texts all = texts();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(all[0].starts_with("hhhh"));
  EXPECT_NE(all[0].find("! [cut: "), std::string::npos);
  EXPECT_TRUE(all[0].ends_with("of 200000 bytes]")) << all[0].substr(all[0].size() - 40);
  EXPECT_NE(all[1].find(" 42 1, 2 [cut: "), std::string::npos);
}

TEST_F(FmtTest, BracesThatAFormatterWritesAreText) {
  MM_INFO("{} {}", Braces{}, 1);
  EXPECT_EQ(texts(), (Texts{"{} {0} }{ 1"}));
}

TEST_F(FmtTest, NothingIsFormattedForADisabledLog) {
  MM_DEBUG("{}", Logs{1});  // info
  EXPECT_EQ(texts(), Texts{});
}

}  // namespace
}  // namespace micromegas
