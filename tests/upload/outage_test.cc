// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Ten minutes without a server: the waiting by a clock of the test's, the traffic over sockets.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "micromegas/tests/support/reserved_port.h"
#include "micromegas/tests/upload/uploader_fixture.h"

namespace micromegas::upload {
namespace {

constexpr int kSeconds = 600;
constexpr std::uint64_t kEventsPerSecond = 10'000;
// The example of docs/operations.md: logs of 48 bytes, of which 41 % are left (faults_test.cc does
// it with real ones). One block a second.
constexpr std::size_t kRecords = kEventsPerSecond * 48;
constexpr std::size_t kEncoded = kRecords * 41 / 100;

TEST_F(UploaderTest, AnOutageOfTenMinutesCostsNothingAndEndsWithinFiveSeconds) {
  const testing::ReservedPort reserved;
  outbox_.backoff = {100ms, 5000ms};
  client_.endpoint = *http::parse_endpoint(reserved.url(), "url");
  client_.user_agent = "outage_test/1";
  outbox_.destination = client_.endpoint.to_string();
  uploader_ = std::make_unique<Uploader>(outbox_, client_);
  const auto clock =
      std::make_shared<std::atomic<std::int64_t>>(0);  // the uploader outlives the test's body
  std::atomic<std::int64_t>& ms = *clock;
  const TimePoint begin = std::chrono::steady_clock::now();
  uploader_->set_clock([=] { return begin + std::chrono::milliseconds(clock->load()); });
  ASSERT_TRUE(uploader_->start());
  items_.announce(outbox());

  const std::string encoded(kEncoded, 'e');
  for (int second = 0; second < kSeconds; ++second) {
    BlockItem item = items_.block(StreamKind::kLog, encoded + std::to_string(second),
                                  kEventsPerSecond, kRecords);
    ASSERT_TRUE(outbox().add_block(std::move(item))) << "second " << second;
    ms += 1000;
    uploader_->wake();
    // The pace of the machine: what waits is encoded, and the connection refused, meanwhile.
    const std::size_t waits = static_cast<std::size_t>(second + 1) * (kEncoded + 1000);
    const TimePoint until = patience();
    while (outbox().stats().bytes_held > waits + (std::size_t{32} << 20) &&
           std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
  }
  EXPECT_GT(outbox().stats().bytes_held, kSeconds * kEncoded) << "the defaults hold that";
  EXPECT_GT(outbox().stats().requests, 10U) << "it has tried";
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).held, kSeconds * kEventsPerSecond);

  testing::ScriptedServer server(reserved.port());
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
  const auto requests = server.requests();
  received(requests);
  std::map<std::string_view, int> times;
  for (const auto& request : requests) ++times[request.body];
  EXPECT_EQ(times.size(), kSeconds + 2U);
  for (const auto& [body, count] : times) EXPECT_EQ(count, 1);
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).delivered, kSeconds * kEventsPerSecond);
  EXPECT_EQ(of(outbox().stats(), EventKind::kLog).dropped_total(), 0U);
}

}  // namespace
}  // namespace micromegas::upload
