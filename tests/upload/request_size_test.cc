// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The size of requests follows the line and the server: by the rules alone, then over sockets to a
// server that takes its time by a clock of the test's.

#include "micromegas/transport/upload/request_size.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "micromegas/tests/upload/uploader_fixture.h"

namespace micromegas::upload {
namespace {

using testing::ReceivedRequest;
using testing::status;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = kKiB * kKiB;

// Sends bodies of `wanted` bytes, cut to the limit, over a line.
struct Line {
  double bytes_per_second;
  std::chrono::milliseconds own_time{0};
  bool small_ones = true;  // before each there is one that tells what the server takes for nothing

  [[nodiscard]] RequestSize::Duration time_of(std::size_t bytes) const {
    return own_time + std::chrono::duration_cast<RequestSize::Duration>(
                          std::chrono::duration<double>(bytes / bytes_per_second));
  }
  std::size_t send(RequestSize& size, std::size_t wanted) const {
    if (small_ones) size.accepted(1000, time_of(1000));
    while (wanted > size.limit()) wanted /= 2;
    size.accepted(wanted, time_of(wanted));
    return wanted;
  }
  std::size_t settle(RequestSize& size, std::size_t wanted) const {
    for (int i = 0; i < 20; ++i) send(size, wanted);
    const std::size_t settled = send(size, wanted);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(send(size, wanted), settled) << "it swings";
    return settled;
  }
};

TEST(RequestSize, IsWithoutLimitOnAGoodLine) {
  RequestSize size(2s);
  EXPECT_EQ((Line{100.0 * kMiB}.settle(size, 8 * kMiB)), 8 * kMiB);
  EXPECT_EQ(size.limit(), RequestSize::kNoLimit);
}

TEST(RequestSize, SettlesWhereARequestIsNotSlow) {
  for (const double rate : {60.0 * kKiB, 200.0 * kKiB, 1.0 * kMiB}) {
    RequestSize size(2s);
    const Line line{rate};
    const std::size_t settled = line.settle(size, 8 * kMiB);
    EXPECT_LE(line.time_of(settled), 2s) << rate;
    EXPECT_GE(line.time_of(settled), 250ms) << rate << ": smaller than it need be";
  }
}

TEST(RequestSize, HasALeast) {
  RequestSize size(2s);
  EXPECT_EQ((Line{1.0 * kKiB}.settle(size, 8 * kMiB)), RequestSize::kMin);
  for (int i = 0; i < 10; ++i) size.timed_out(kMiB);
  EXPECT_LE(size.limit(), kMiB / 2);
  size.timed_out(kKiB);
  EXPECT_EQ(size.limit(), RequestSize::kMin) << "a small one is not late for its size";
}

TEST(RequestSize, GrowsAgainWhenTheLineIsGood) {
  RequestSize size(2s);
  Line{1.0 * kKiB}.settle(size, 8 * kMiB);
  EXPECT_EQ((Line{100.0 * kMiB}.settle(size, 8 * kMiB)), 8 * kMiB);
}

// It would only be asked more often.
TEST(RequestSize, IsNotCutForAServerThatTakesItsTimeWhateverComes) {
  RequestSize size(2s);
  EXPECT_EQ((Line{100.0 * kMiB, 5s}.settle(size, 8 * kMiB)), 8 * kMiB);
}

// No small body is needed to learn that: a half that takes as long as the whole did tells.
TEST(RequestSize, IsCutOnceForAServerThatBecomesSlowWhateverComes) {
  RequestSize size(2s);
  Line line{100.0 * kMiB, 1ms, false};
  line.settle(size, 8 * kMiB);
  line.own_time = 5s;
  int cut = 0;
  for (int i = 0; i < 50; ++i) cut += line.send(size, 8 * kMiB) < 8 * kMiB ? 1 : 0;
  EXPECT_EQ(cut, 1);
  line.own_time = 1ms;
  EXPECT_EQ(line.settle(size, 8 * kMiB), 8 * kMiB);
  EXPECT_EQ((Line{200.0 * kKiB, 1ms, false}.settle(size, 8 * kMiB)), 256 * kKiB)
      << "then the line becomes slow";
}

// A server whose time varies, and not with the size, and whose bodies are not all as large.
TEST(RequestSize, HasNoneForAServerOfMoods) {
  for (const bool small_ones : {false, true}) {
    RequestSize size(2s);
    std::mt19937 random(7);
    std::uniform_int_distribution<int> ms(500, 5000);
    std::uniform_int_distribution<std::size_t> bytes(7 * kMiB, 9 * kMiB);
    std::size_t sent = 0;
    for (int i = 0; i < 500; ++i) {
      sent += Line{100.0 * kMiB, std::chrono::milliseconds(ms(random)), small_ones}.send(
          size, bytes(random));
    }
    EXPECT_GT(sent / 500, 4 * kMiB);
  }
}

TEST(RequestSize, StaysBelowWhatWasRefusedAndAsksAgainOneAtATime) {
  using Advice = RequestSize::Advice;
  RequestSize size(2s);
  TimePoint now{std::chrono::hours(1)};
  EXPECT_EQ(size.advise(2 * kMiB, now), Advice::kSend);
  EXPECT_EQ(size.advise(100 * kMiB, now), Advice::kSend);
  EXPECT_EQ(size.advise(100 * kMiB + 1, now), Advice::kCut) << "more than any server takes";
  size.refused(kMiB, now);
  size.refused(2 * kMiB, now);
  EXPECT_EQ(size.limit(), kMiB - 1);
  for (int i = 0; i < 10; ++i) size.accepted(kMiB - 1, 1ms);
  EXPECT_EQ(size.limit(), kMiB - 1);
  EXPECT_EQ(size.advise(kMiB - 1, now), Advice::kSend);
  for (int asked = 0; asked < 3; ++asked) {
    EXPECT_EQ(size.advise(kMiB, now), Advice::kCut);
    now += RequestSize::kAskAgain;
    EXPECT_EQ(size.advise(kMiB, now), Advice::kAsk);
    EXPECT_EQ(size.advise(kMiB, now), Advice::kCut) << "one is enough";
    size.refused(kMiB, now);
  }
  now += RequestSize::kAskAgain;
  EXPECT_EQ(size.advise(kMiB, now), Advice::kAsk);
  size.accepted(kMiB, 1ms);
  EXPECT_EQ(size.advise(2 * kMiB, now), Advice::kSend);
  EXPECT_EQ(size.limit(), RequestSize::kNoLimit);
}

// --- over sockets.

class RequestSizeTest : public UploaderTest {
 protected:
  RequestSizeTest() {
    outbox_.max_in_flight = 1;
    outbox_.slow_answer = 2s;
    server_.decide([this](const ReceivedRequest& request) {
      ms_->fetch_add(static_cast<std::int64_t>(request.body.size() / bytes_per_ms_));
      return status(200);
    });
  }
  // With a clock that only the server's work moves, or with the system's.
  void begin(bool own_clock = true) {
    client_.endpoint = *http::parse_endpoint(server_.url(), "url");
    client_.user_agent = "request_size_test/1";
    uploader_ = std::make_unique<Uploader>(outbox_, client_);
    if (own_clock) {
      uploader_->set_clock(
          [ms = ms_] { return TimePoint(std::chrono::hours(1)) + std::chrono::milliseconds(*ms); });
    }
    ASSERT_TRUE(uploader_->start());
    items_.announce(outbox());
  }
  // An event for each byte.
  BlockItem block(const std::string& text) {
    BlockItem item = items_.block(StreamKind::kLog, text, text.size());
    item.split = [made = items_.made,
                  cuts = cuts_](const std::string& body) -> Result<std::vector<Part>> {
      ++*cuts;
      std::vector<Part> parts(2);
      for (Part& part : parts) {
        part.block_id = Uuid::random();
        part.body = std::make_shared<const std::string>(body.substr(0, body.size() / 2));
        part.events[0] = body.size() / 2;
        made->note(*part.body, body.size() / 2);
      }
      return parts;
    };
    return item;
  }
  // The sizes of the bodies in which a block of 1 MiB went.
  std::vector<std::size_t> send() {
    const std::size_t before = server_.requests().size();
    EXPECT_TRUE(outbox().add_block(block(std::string(kMiB, static_cast<char>('a' + n_++ % 26)))));
    uploader_->wake();
    EXPECT_TRUE(delivered());
    std::vector<std::size_t> sizes;
    for (const auto& request : server_.requests()) sizes.push_back(request.body.size());
    sizes.erase(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(before));
    std::erase_if(sizes, [](std::size_t size) { return size < kKiB; });
    return sizes;
  }

  std::shared_ptr<std::atomic<std::int64_t>> ms_ = std::make_shared<std::atomic<std::int64_t>>(0);
  std::shared_ptr<std::atomic<int>> cuts_ = std::make_shared<std::atomic<int>>(0);
  std::atomic<std::size_t> bytes_per_ms_{100 * kKiB};
  int n_ = 0;
};

TEST_F(RequestSizeTest, ShrinksOnASlowLineAndGrowsAgain) {
  begin();
  EXPECT_EQ(send(), std::vector<std::size_t>{kMiB});
  bytes_per_ms_ = 128;  // 8 s for all of it
  EXPECT_EQ(send(), std::vector<std::size_t>{kMiB}) << "not known yet";
  const std::vector<std::size_t> shrinking{kMiB / 2, kMiB / 4, kMiB / 8, kMiB / 8};
  EXPECT_EQ(send(), shrinking) << "4 s, 2.048 s, then 1.024 s each";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(), std::vector<std::size_t>(8, kMiB / 8));
  bytes_per_ms_ = 100 * kKiB;
  EXPECT_LT(send().size(), 8U);
  EXPECT_EQ(send(), std::vector<std::size_t>{kMiB});
  EXPECT_EQ(outbox().stats().retries, 0U);
  EXPECT_EQ(outbox().stats().requests, server_.requests().size()) << "a cut is no request";
}

// What may have been stored goes again as it is, behind the others; those are cut.
TEST_F(RequestSizeTest, ShrinksAfterAnAnswerThatDidNotComeInTime) {
  client_.request_timeout = 2s;
  server_.decide([](const ReceivedRequest& request) {
    return request.body.size() > kMiB / 2 ? testing::say_nothing() : status(200);
  });
  begin(false);
  add(StreamKind::kLog, std::string(kMiB, 'A'));
  const TimePoint halved = patience();
  while (outbox().largest_body() == RequestSize::kNoLimit &&
         std::chrono::steady_clock::now() < halved) {
    std::this_thread::yield();
  }
  EXPECT_EQ(outbox().largest_body(), kMiB / 2);
  ASSERT_TRUE(outbox().add_block(block(std::string(kMiB, 'b'))));
  uploader_->wake();
  const TimePoint until = patience();
  while (of(outbox().stats(), EventKind::kLog).delivered < kMiB &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, kMiB);
}

using Sizes = std::vector<std::size_t>;

TEST_F(RequestSizeTest, WhatA413HasToldIsAskedAgainAndEnds) {
  std::atomic<std::size_t> most = kMiB / 2;
  server_.decide([&](const ReceivedRequest& request) {
    return status(request.body.size() > most ? 413 : 200);
  });
  begin();
  const Sizes parts(2, kMiB / 2);
  const Sizes whole_and_parts{kMiB, kMiB / 2, kMiB / 2};
  EXPECT_EQ(send(), whole_and_parts);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(), parts);
  *ms_ += std::chrono::milliseconds(RequestSize::kAskAgain).count();
  EXPECT_EQ(send(), whole_and_parts) << "it still holds";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(), parts);
  most = kMiB;
  EXPECT_EQ(send(), parts);
  *ms_ += std::chrono::milliseconds(RequestSize::kAskAgain).count();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(), Sizes{kMiB});
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).dropped_total(), 0U);
}

// Who asks risks nothing: the answer that is lost was a 413 as the one before and the one behind.
TEST_F(RequestSizeTest, WhoAsksAndGetsNoAnswerLosesNothing) {
  std::atomic<int> lose{0};
  server_.decide([&](const ReceivedRequest& request) {
    if (request.body.size() <= kMiB / 2) return status(200);
    return lose-- > 0 ? testing::raw_then_close("HTTP/1.1 4") : status(413);
  });
  begin();
  send();
  *ms_ += std::chrono::milliseconds(RequestSize::kAskAgain).count();
  lose = 1;
  // The clock stands still while the destination waits, unless it is moved.
  ASSERT_TRUE(outbox().add_block(block(std::string(kMiB, 'A'))));
  const TimePoint until = patience();
  while (!outbox().empty() && std::chrono::steady_clock::now() < until) {
    ++*ms_;
    uploader_->wake();
  }
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, 2 * kMiB);
  EXPECT_EQ(outbox().stats().retries, 1U);
}

// Cutting decompresses and compresses: not again at each try.
TEST_F(RequestSizeTest, ARetryOfWhatCannotBeCutCostsNoWork) {
  std::atomic<int> busy{0};
  server_.decide([&](const ReceivedRequest& request) {
    if (request.body.size() <= kMiB / 2) return status(200);
    if (busy > 0) return status(busy-- % 2 == 0 ? 503 : 429);
    return status(busy-- == 0 ? 413 : 200);
  });
  begin(false);
  const auto sent = [this](BlockItem item) {
    ASSERT_TRUE(outbox().add_block(std::move(item)));
    uploader_->wake();
    EXPECT_TRUE(delivered());
  };
  sent(block(std::string(kMiB, 'A')));
  EXPECT_EQ(*cuts_, 1) << "after a 413";

  busy = 5;  // then the 413 that it cannot survive
  BlockItem whole = block(std::string(kMiB, 'B'));
  whole.split = [cuts = cuts_](const std::string&) -> Result<std::vector<Part>> {
    ++*cuts;
    return Error("one event");
  };
  ASSERT_TRUE(outbox().add_block(std::move(whole)));
  uploader_->wake();
  EXPECT_FALSE(delivered()) << "refused at last";
  EXPECT_EQ(outbox().stats().retries, 5U);
  EXPECT_EQ(*cuts_, 2) << "tried once";
}

// Nothing had left: its size is not what took the time.
TEST_F(RequestSizeTest, StaysWhenThereWasNoConnection) {
  client_.request_timeout = 50ms;
  auto release = std::make_shared<std::latch>(1);
  client_.look_up = [release](const std::string&) {
    release->wait();
    return http::Resolution{};
  };
  start_for("http://a.name");
  add(StreamKind::kLog, std::string(kMiB, 'x'));
  while (outbox().stats().retries < 2) std::this_thread::yield();
  EXPECT_EQ(outbox().stats().last_error, "no answer in time");
  EXPECT_EQ(outbox().largest_body(), RequestSize::kNoLimit);
  release->count_down();
}

}  // namespace
}  // namespace micromegas::upload
