// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/uuid.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace micromegas {
namespace {

TEST(Uuid, RandomIsVersionFourAndNeverRepeats) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const Uuid id = Uuid::random();
    EXPECT_EQ(id.bytes[6] >> 4, 4);
    EXPECT_EQ(id.bytes[8] >> 6, 2);
    seen.insert(id.to_string());
  }
  EXPECT_EQ(seen.size(), 10'000U);
}

TEST(Uuid, ParsesEveryAcceptedForm) {
  const std::string canonical = "01234567-89ab-cdef-0123-456789abcdef";
  for (const char* text :
       {"01234567-89ab-cdef-0123-456789abcdef", "01234567-89AB-CDEF-0123-456789ABCDEF",
        "0123456789abcdef0123456789abcdef", "{01234567-89ab-cdef-0123-456789abcdef}"}) {
    const auto id = Uuid::parse(text);
    ASSERT_TRUE(id.has_value()) << text;
    EXPECT_EQ(id->to_string(), canonical);
  }
}

TEST(Uuid, RefusesWhatIsNotOne) {
  for (const char* text :
       {"", "{}", "{", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0",
        "01234567-89ab-cdef-0123-456789abcdeg", "01234567089ab-cdef-0123-456789abcdef",
        "0123456-789ab-cdef-0123-456789abcdef", "{01234567-89ab-cdef-0123-456789abcdef",
        " 1234567-89ab-cdef-0123-456789abcdef", "----01234567-89ab-cdef-0123456789abc"}) {
    EXPECT_FALSE(Uuid::parse(text).has_value()) << text;
  }
}

TEST(Uuid, OrdersAndHashesByContent) {
  const Uuid a = Uuid::random();
  Uuid b = a;
  EXPECT_EQ(a, b);
  EXPECT_EQ(std::hash<Uuid>()(a), std::hash<Uuid>()(b));
  b.bytes[15] ^= 1;
  EXPECT_NE(a, b);
  EXPECT_NE(std::hash<Uuid>()(a), std::hash<Uuid>()(b));
}

}  // namespace
}  // namespace micromegas
