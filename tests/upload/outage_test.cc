// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Ten minutes without a server: the waiting by a clock of the test's, the traffic over sockets.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
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
  while (server.connections() == 0 && ms - back < 60'000) {
    ms += 10;
    uploader_->wake();
    // A try takes real time: so much of it for each moment of the clock.
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_LE(ms - back, 5'000) << "of the outage's clock";
  ASSERT_TRUE(delivered());
  std::map<std::string, int> times;
  for (const auto& body : bodies(server.requests())) ++times[body];
  EXPECT_EQ(times.size(), kSeconds + 2U);
  for (const auto& [body, count] : times) EXPECT_EQ(count, 1);
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, kSeconds * kEventsPerSecond);
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).dropped_total(), 0U);
}

}  // namespace
}  // namespace micromegas::upload
