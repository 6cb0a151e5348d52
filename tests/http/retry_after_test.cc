// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/retry_after.h"

#include <gtest/gtest.h>

#include <optional>

namespace micromegas::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;

constexpr sys_seconds kExample{784111777s};  // RFC 9110's

TEST(HttpDate, ReadsTheThreeFormsOfTheRfc) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), kExample);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), kExample);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), kExample);
}

TEST(HttpDate, ReadsNothingElse) {
  for (const char* text : {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov -994 08:49:37 GMT",
                           "1994-11-06T08:49:37Z", "Sun, +6 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(parse_retry_after("17", "", kExample), 17s);
  EXPECT_EQ(parse_retry_after("0", "", kExample), 0s);
  for (const char* text : {"", "-1", "soon", "99999999999999999999", "1.5", " 1"}) {
    EXPECT_EQ(parse_retry_after(text, "", kExample), std::nullopt) << text;
  }
}

TEST(RetryAfter, ReadsADateByTheServersOwnClock) {
  const char* const when = "Sun, 06 Nov 1994 08:50:00 GMT";
  EXPECT_EQ(parse_retry_after(when, "", kExample), 23s);
  EXPECT_EQ(parse_retry_after(when, "Sun, 06 Nov 1994 08:49:58 GMT", sys_seconds(0s)), 2s);
  EXPECT_EQ(parse_retry_after(when, "nonsense", kExample), 23s);
}

TEST(RetryAfter, ADateThatHasPassedIsNoWait) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", "", kExample), 0s);
}

}  // namespace
}  // namespace micromegas::http
