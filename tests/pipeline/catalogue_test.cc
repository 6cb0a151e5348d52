// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is kept of a call site.

#include "micromegas/pipeline/queue/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace micromegas::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Never destroyed, as the process's own.
Catalogue& catalogue() {
  static auto* const one = new Catalogue;
  return *one;
}

const Descriptor& described(std::string_view text, std::size_t arguments) {
  constexpr std::array<ArgType, 4> kTypes{ArgType::kString, ArgType::kInt64, ArgType::kInt64,
                                          ArgType::kInt64};
  const LogMetadata metadata{.level = Level::kInfo, .text = text, .target = "t", .file = "f"};
  return *catalogue().find(catalogue().add_log(metadata, {kTypes.data(), nullptr, arguments}));
}

TEST(CatalogueTest, NamesTheArgumentsAsTheirPlaceholdersDo) {
  const Descriptor& d = described("{user} {} {user}", 2);
  EXPECT_THAT(d.arg_names, ElementsAre("user", ""));
  EXPECT_EQ(d.format, "{0} {1} {0}");
  EXPECT_EQ(d.log.text, "{user} {} {user}");
}

TEST(CatalogueTest, NamesOnlyWhatHasAName) {
  EXPECT_THAT(described("{} {}", 2).arg_names, ElementsAre("", ""));
  EXPECT_THAT(described("{1} {0}", 2).arg_names, ElementsAre("", ""));
  EXPECT_THAT(described("{{user}} {n:>4} {}", 2).arg_names, ElementsAre("n", ""));
  EXPECT_THAT(described("{n:{width}} {m}", 3).arg_names, ElementsAre("n", "width", "m"));
  EXPECT_THAT(described("none", 0).arg_names, IsEmpty());
}

TEST(CatalogueTest, MakesATemplateOfWhatShowsEachPropertyAsItIs) {
  EXPECT_EQ(described("{user} has {{{n}}}", 2).template_text, "{user} has {{{n}}}");
  EXPECT_EQ(described("{user:} {User}", 1).template_text, "{user} {user}");
  EXPECT_EQ(described("{user} {}", 2).template_text, "");  // no name, so no property
  EXPECT_EQ(described("{user:>8}", 1).template_text, "");  // not shown as it is
  EXPECT_EQ(described("{user:{n}}", 2).template_text, "");
  EXPECT_EQ(described("none", 0).template_text, "");
}

TEST(CatalogueTest, PairsHaveNoNumberAndAName) {
  constexpr std::array<ArgType, 3> kTypes{ArgType::kInt64, ArgType::kString, ArgType::kInt64};
  constexpr std::array<std::string_view, 3> kKeys{"k", "", ""};
  const LogMetadata metadata{.text = "{} {K} {1}", .target = "t", .file = "f"};
  const Descriptor& d =
      *catalogue().find(catalogue().add_log(metadata, {kTypes.data(), kKeys.data(), 3}));
  EXPECT_EQ(d.format, "{1} {0} {2}");
  EXPECT_THAT(d.arg_names, ElementsAre("k", "", ""));
}

TEST(CatalogueTest, CopiesWhatItNames) {
  std::string text = "{short_lived}";
  const Descriptor& d = described(text, 1);
  text.assign(text.size(), 'x');
  EXPECT_THAT(d.arg_names, ElementsAre("short_lived"));
  EXPECT_EQ(d.log.text, "{short_lived}");
}

}  // namespace
}  // namespace micromegas::queue
