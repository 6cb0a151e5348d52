// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// When tokens are fetched: the clock and the source are the test's.

#include "micromegas/transport/http/token_keeper.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace micromegas::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

struct FakeSource final : TokenSource {
  explicit FakeSource(std::function<void(TokenAnswer)>& pending, int& fetches)
      : pending_(pending), fetches_(fetches) {}
  void fetch(std::function<void(TokenAnswer)> done) override {
    EXPECT_FALSE(pending_) << "one at a time";
    pending_ = std::move(done);
    ++fetches_;
  }
  bool stop(steady_clock::time_point) override { return true; }
  std::function<void(TokenAnswer)>& pending_;
  int& fetches_;
};

class TokenKeeperTest : public ::testing::Test {
 protected:
  TokenKeeperTest() {
    TokenKeeperOptions options;
    options.seed = 1;
    keeper_ =
        std::make_unique<TokenKeeper>(std::make_unique<FakeSource>(pending_, fetches_), options);
    keeper_->set_on_change([this] { ++changes_; });
  }
  // The keeper takes the time of an answer from the clock: so `in` counts from now.
  bool ready(std::chrono::milliseconds in = 0ms) { return keeper_->ready(start_ + in); }
  void answer(TokenAnswer answer) {
    ASSERT_TRUE(pending_);
    const auto done = std::exchange(pending_, nullptr);
    start_ = steady_clock::now();
    done(std::move(answer));
  }
  void give(const char* token, std::optional<std::chrono::seconds> lifetime) {
    TokenAnswer a;
    a.kind = TokenAnswer::Kind::kToken;
    a.authorization = Secret(token);
    a.lifetime = lifetime;
    answer(std::move(a));
  }
  void fail(TokenAnswer::Kind kind = TokenAnswer::Kind::kWait,
            std::optional<std::chrono::seconds> retry_after = {}) {
    TokenAnswer a;
    a.kind = kind;
    a.error = "why";
    a.retry_after = retry_after;
    answer(std::move(a));
  }

  std::function<void(TokenAnswer)> pending_;
  int fetches_ = 0;
  int changes_ = 0;
  steady_clock::time_point start_ = steady_clock::now();
  std::unique_ptr<TokenKeeper> keeper_;
};

TEST_F(TokenKeeperTest, FetchesOnceForAnyNumberOfRequests) {
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(ready());
  EXPECT_EQ(fetches_, 1);
  EXPECT_EQ(keeper_->next_wake(), std::nullopt) << "the answer wakes";
  give("Bearer a", 3600s);
  EXPECT_EQ(changes_, 1);
  EXPECT_TRUE(ready());
  EXPECT_EQ(keeper_->authorization(), "Bearer a");
  EXPECT_EQ(fetches_, 1);
}

TEST_F(TokenKeeperTest, RefreshesEarlyWhileTheOldOneStillServes) {
  ready();
  give("Bearer a", 3600s);
  EXPECT_TRUE(ready(3419s));
  EXPECT_EQ(fetches_, 1);
  EXPECT_TRUE(ready(3421s)) << "180 s before its end";
  EXPECT_EQ(fetches_, 2);
  EXPECT_EQ(keeper_->authorization(), "Bearer a");
  give("Bearer b", 3600s);
  EXPECT_EQ(keeper_->authorization(), "Bearer b");
}

TEST_F(TokenKeeperTest, NeverUsesATokenPastItsEnd) {
  ready();
  give("Bearer a", 3600s);
  EXPECT_TRUE(ready(3500s));  // a fetch begins and hangs
  EXPECT_FALSE(ready(3601s));
  EXPECT_EQ(keeper_->authorization(), "");
  EXPECT_EQ(fetches_, 2);
}

// The official client fetches a token for every request then.
TEST_F(TokenKeeperTest, ALifetimeShorterThanTheMarginOrNoneDoesNotMeanAFetchPerRequest) {
  for (const auto lifetime : {0s, 5s, 59s}) {
    SCOPED_TRACE(lifetime.count());
    if (!pending_) ready(1h);
    const int before = fetches_;
    give("Bearer a", lifetime);
    EXPECT_TRUE(ready(1s));
    EXPECT_TRUE(ready(29s));
    EXPECT_EQ(fetches_, before);
    EXPECT_TRUE(ready(31s));
    EXPECT_EQ(fetches_, before + 1);
  }
}

TEST_F(TokenKeeperTest, ALifetimeWithinTheMarginIsHalved) {
  ready();
  give("Bearer a", 120s);
  EXPECT_TRUE(ready(59s));
  EXPECT_EQ(fetches_, 1);
  EXPECT_TRUE(ready(61s));
  EXPECT_EQ(fetches_, 2);
}

TEST_F(TokenKeeperTest, ATokenWithoutALifetimeIsKeptUntilItIsRefused) {
  ready();
  give("Bearer a", std::nullopt);
  EXPECT_TRUE(ready(24h * 365));
  EXPECT_EQ(keeper_->next_wake(), std::nullopt);
  keeper_->refused(keeper_->generation(), steady_clock::now() + 1h);
  EXPECT_FALSE(ready(1h + 1s));
  EXPECT_EQ(fetches_, 2);
}

TEST_F(TokenKeeperTest, ARefusedTokenIsReplacedButNotAtOnceAgain) {
  ready();
  give("Bearer a", 3600s);
  const std::uint64_t first = keeper_->generation();
  keeper_->refused(first, start_ + 1s);
  EXPECT_FALSE(ready(2s)) << "it is not used any more";
  EXPECT_EQ(fetches_, 1) << "nor is the endpoint asked in a loop";
  EXPECT_NE(keeper_->trouble(), "");
  EXPECT_FALSE(ready(31s));
  EXPECT_EQ(fetches_, 2);
  give("Bearer b", 3600s);
  keeper_->refused(first, start_ + 1s);  // an answer that was under way
  EXPECT_TRUE(ready(2s));
  EXPECT_EQ(keeper_->trouble(), "");
}

TEST_F(TokenKeeperTest, FailuresWaitLongerEachTimeAndTheOldTokenServesMeanwhile) {
  ready();
  give("Bearer a", 3600s);
  EXPECT_TRUE(ready(3430s));
  std::chrono::steady_clock::duration last{0};
  for (int i = 0; i < 5; ++i) {
    fail();
    const auto wait = *keeper_->next_wake() - start_;
    EXPECT_GE(wait, std::chrono::milliseconds(500 << i));
    EXPECT_LE(wait, std::chrono::milliseconds((1000 << i) + 100));
    EXPECT_GT(wait, last / 2);
    last = wait;
    EXPECT_TRUE(keeper_->ready(*keeper_->next_wake()));
  }
  EXPECT_FALSE(keeper_->gave_up());
}

TEST_F(TokenKeeperTest, ARefusalByTheSourceWaitsLong) {
  ready();
  fail(TokenAnswer::Kind::kGiveUp);
  EXPECT_TRUE(keeper_->gave_up());
  EXPECT_EQ(keeper_->trouble(), "why");
  EXPECT_FALSE(ready(299s));
  EXPECT_EQ(fetches_, 1);
  EXPECT_FALSE(ready(301s)) << "somebody may have mended it";
  EXPECT_EQ(fetches_, 2);
  give("Bearer a", 3600s);
  EXPECT_FALSE(keeper_->gave_up());
}

TEST_F(TokenKeeperTest, HonoursRetryAfterWithinReason) {
  ready();
  fail(TokenAnswer::Kind::kWait, 20s);
  EXPECT_GE(*keeper_->next_wake() - start_, 20s);
  ready(21s);
  fail(TokenAnswer::Kind::kWait, 1'000'000s);
  EXPECT_LE(*keeper_->next_wake() - start_, 301s);
}

TEST_F(TokenKeeperTest, AStopDoesNotWaitLong) {
  ready();
  fail();
  keeper_->hurry();
  EXPECT_FALSE(ready());
  EXPECT_EQ(fetches_, 2);
  fail();
  EXPECT_LE(*keeper_->next_wake() - start_, 300ms);
}

}  // namespace
}  // namespace micromegas::http
