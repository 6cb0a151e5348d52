// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What is kept of a call site.

#include "micromegas/pipeline/queue/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <span>
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
  return *catalogue().find(catalogue().add_log(metadata, std::span(kTypes).first(arguments)));
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

TEST(CatalogueTest, CopiesWhatItNames) {
  std::string text = "{short_lived}";
  const Descriptor& d = described(text, 1);
  text.assign(text.size(), 'x');
  EXPECT_THAT(d.arg_names, ElementsAre("short_lived"));
  EXPECT_EQ(d.log.text, "{short_lived}");
}

}  // namespace
}  // namespace micromegas::queue
