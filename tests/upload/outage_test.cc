// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Ten minutes without a server: the waiting by a clock of the test's, the traffic over sockets.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "micromegas/tests/upload/uploader_fixture.h"

namespace micromegas::upload {
namespace {

constexpr int kSeconds = 600;
constexpr std::uint64_t kEventsPerSecond = 10'000;

TEST_F(UploaderTest, AnOutageOfTenMinutesCostsNothingAndEndsWithinFiveSeconds) {
  const std::uint16_t port = testing::unused_port();
  outbox_.backoff = {100ms, 5000ms};
  client_.endpoint = *http::parse_endpoint("http://127.0.0.1:" + std::to_string(port), "url");
  client_.user_agent = "outage_test/1";
  outbox_.destination = client_.endpoint.to_string();
  outbox_.soft_bytes = std::size_t{48} << 20;
  outbox_.hard_bytes = std::size_t{64} << 20;
  uploader_ = std::make_unique<Uploader>(outbox_, client_);
  const auto clock =
      std::make_shared<std::atomic<std::int64_t>>(0);  // the uploader outlives the test's body
  std::atomic<std::int64_t>& ms = *clock;
  const TimePoint begin = std::chrono::steady_clock::now();
  uploader_->set_clock([=] { return begin + std::chrono::milliseconds(clock->load()); });
  ASSERT_TRUE(uploader_->start());
  items_.announce(outbox());

  // What 10,000 logs of 24 bytes of text take: as a block, and encoded.
  const std::string encoded(64 << 10, 'e');
  for (int second = 0; second < kSeconds; ++second) {
    BlockItem item =
        items_.block(StreamKind::kLog, encoded + std::to_string(second), kEventsPerSecond, 480'000);
    ASSERT_TRUE(outbox().add_block(std::move(item))) << "second " << second;
    ms += 1000;
    uploader_->wake();
    // The pace of the machine: what waits is encoded, and the connection refused, meanwhile.
    const TimePoint until = patience();
    while (outbox().stats().bytes_held > outbox_.soft_bytes &&
           std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
  }
  EXPECT_GT(outbox().stats().requests, 10U) << "it has tried";
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).held, kSeconds * kEventsPerSecond);

  testing::ScriptedServer server(port);
  const std::int64_t back = ms;
  // From one try to the next: a try takes no time of this clock.
  const TimePoint until = patience();
  while (server.connections() == 0 && std::chrono::steady_clock::now() < until) {
    const std::optional<TimePoint> next = outbox().next_wake();
    if (!next) {  // one is under way
      std::this_thread::yield();
      continue;
    }
    const auto due = std::chrono::ceil<std::chrono::milliseconds>(*next - begin).count();
    if (due > ms) ms = due;
    uploader_->wake();
    while (outbox().next_wake() == next && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
  }
  EXPECT_LE(ms - back, 5'000) << "of the outage's clock";
  ASSERT_TRUE(delivered());
  received(server.requests());
  std::map<std::string, int> times;
  for (const auto& body : bodies(server.requests())) ++times[body];
  EXPECT_EQ(times.size(), kSeconds + 2U);
  for (const auto& [body, count] : times) EXPECT_EQ(count, 1);
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, kSeconds * kEventsPerSecond);
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).dropped_total(), 0U);
}

}  // namespace
}  // namespace micromegas::upload
