// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/upload/backoff.h"

#include <gtest/gtest.h>

#include <set>

#include "micromegas/transport/upload/destination.h"
#include "micromegas/transport/upload/verdict.h"

namespace micromegas::upload {
namespace {

using namespace std::chrono_literals;
using http::Outcome;

TEST(Backoff, DoublesItsLimitUpToTheCap) {
  const Backoff backoff({100ms, 5000ms}, 1);
  EXPECT_EQ(backoff.limit(1), 100ms);
  EXPECT_EQ(backoff.limit(2), 200ms);
  EXPECT_EQ(backoff.limit(6), 3200ms);
  EXPECT_EQ(backoff.limit(7), 5000ms);
  EXPECT_EQ(backoff.limit(1'000'000'000), 5000ms);
}

TEST(Backoff, WaitsAnythingUpToTheLimit) {
  Backoff backoff({100ms, 5000ms}, 1);
  std::set<std::chrono::milliseconds> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(backoff.wait(1));
  EXPECT_EQ(*seen.begin(), 1ms);
  EXPECT_EQ(*seen.rbegin(), 100ms);
  EXPECT_EQ(seen.size(), 100U) << "every wait is as likely: full jitter";
}

TEST(Backoff, DiffersBetweenClients) {
  EXPECT_NE(Backoff({1h, 1h}).wait(1), Backoff({1h, 1h}).wait(1));
}

TEST(Verdict, FollowsTheTable) {
  const auto of_status = [](unsigned status) {
    return judge({Outcome::Kind::kAnswered, status, std::nullopt, ""});
  };
  for (unsigned s : {200U, 201U, 204U, 299U}) EXPECT_EQ(of_status(s), Verdict::kAccepted) << s;
  for (unsigned s : {408U, 429U}) EXPECT_EQ(of_status(s), Verdict::kUnavailable) << s;
  for (unsigned s : {401U, 404U}) EXPECT_EQ(of_status(s), Verdict::kMisdirected) << s;
  for (unsigned s : {500U, 502U, 503U, 599U}) EXPECT_EQ(of_status(s), Verdict::kServerFailed) << s;
  for (unsigned s : {101U, 301U, 307U, 400U, 403U, 413U, 418U, 600U, 999U}) {
    EXPECT_EQ(of_status(s), Verdict::kRefused) << s;
  }
  for (const auto kind :
       {Outcome::Kind::kUnreachable, Outcome::Kind::kBroken, Outcome::Kind::kTimeout}) {
    EXPECT_EQ(judge({kind, 0, std::nullopt, "x"}), Verdict::kUnavailable);
  }
}

class DestinationTest : public ::testing::Test {
 protected:
  const TimePoint start_{std::chrono::hours(1)};
  Destination destination_{{100ms, 5000ms}, 3, 1};
};

TEST_F(DestinationTest, LetsOneRequestFindOutWhetherTheServerIsBack) {
  EXPECT_EQ(destination_.allowed(), 3);
  destination_.failed(destination_.period(), std::nullopt, start_);
  EXPECT_EQ(destination_.allowed(), 1);
  EXPECT_GT(destination_.resume_at(), start_);
  EXPECT_LE(destination_.resume_at(), start_ + 100ms);
  destination_.succeeded();
  EXPECT_EQ(destination_.allowed(), 2) << "not all that has waited at once";
  destination_.succeeded();
  EXPECT_EQ(destination_.allowed(), 3);
  EXPECT_LE(destination_.resume_at(), start_);
}

TEST_F(DestinationTest, CountsRequestsThatFailTogetherOnce) {
  const auto period = destination_.period();
  destination_.failed(period, std::nullopt, start_);
  const TimePoint resume = destination_.resume_at();
  destination_.failed(period, std::nullopt, start_ + 1h);
  EXPECT_EQ(destination_.failures(), 1);
  EXPECT_EQ(destination_.resume_at(), resume);
}

TEST_F(DestinationTest, HonoursRetryAfterWhateverElseSucceeds) {
  const auto period = destination_.period();
  destination_.failed(period, std::nullopt, start_);
  destination_.failed(period, 30s, start_);
  EXPECT_EQ(destination_.resume_at(), start_ + 30s);
  destination_.succeeded();
  EXPECT_EQ(destination_.resume_at(), start_ + 30s);
  destination_.hurry();
  EXPECT_LE(destination_.resume_at(), start_);
}

TEST_F(DestinationTest, WaitsLittleWhenAStopIsNear) {
  Destination slow({1h, 1h}, 3, 1);
  slow.failed(slow.period(), std::nullopt, start_);
  EXPECT_GT(slow.resume_at(), start_ + 1s);
  slow.hurry();
  EXPECT_LE(slow.resume_at(), start_);
  slow.failed(slow.period(), std::nullopt, start_);
  EXPECT_GT(slow.resume_at(), start_);
  EXPECT_LE(slow.resume_at(), start_ + 200ms);
}

TEST_F(DestinationTest, DoesNotWaitAsLongAsAServerLikes) {
  destination_.failed(destination_.period(), std::chrono::seconds(4'000'000'000), start_);
  EXPECT_LE(destination_.resume_at(), start_ + 10min);
}

}  // namespace
}  // namespace micromegas::upload
