// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A steady rate of events to a collector on loopback: nothing is lost, memory stays in its budget.
// The rate and the time come as arguments: CI runs a short one, `bazel test
// //tests/delivery:pace_long_test` a million events a second for half a minute.

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

#include "micromegas/telemetry.h"
#include "micromegas/transport/collector/collector.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::uint64_t events_per_second = 100'000;
std::uint64_t seconds = 3;

// Half metrics, half logs, in ticks of 5 ms.
void write(std::uint64_t rate, std::uint64_t total) {
  const auto begin = steady_clock::now();
  for (std::uint64_t done = 0; done < total;) {
    const auto elapsed = std::chrono::duration<double>(steady_clock::now() - begin).count();
    const std::uint64_t due = std::min(total, static_cast<std::uint64_t>(elapsed * rate) + 1);
    for (; done < due; ++done) {
      if (done % 2 == 0) {
        MM_INFO("event {}", done);
      } else {
        MM_IMETRIC("event", "count", done);
      }
    }
    std::this_thread::sleep_for(5ms);  // the rate is the test
  }
}

TEST(Pace, AtASteadyRateNothingIsLostAndMemoryStaysInItsBudget) {
  auto collector = collector::Collector::start();
  ASSERT_TRUE(collector);
  constexpr std::size_t kQueues = 64U << 20;
  constexpr std::size_t kUpload = 64U << 20;
  auto telemetry = init_telemetry({.url = (*collector)->url(),
                                   .console = false,
                                   .queue_bytes = kQueues,
                                   .flush_period = 500ms,
                                   .upload_soft_bytes = kUpload,
                                   .upload_hard_bytes = kUpload});
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  const std::uint64_t each = events_per_second * seconds / 2;
  const auto before = steady_clock::now();
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) writers.emplace_back([&] { write(events_per_second / 2, each); });
  std::size_t most = 0;
  std::uint64_t held = 0;
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100 * seconds));
    const TelemetryStats now = stats();
    most = std::max(most, now.queue_memory);
    held = std::max(held, now.total().held);
  }
  for (auto& writer : writers) writer.join();
  const double took = std::chrono::duration<double>(steady_clock::now() - before).count();
  EXPECT_TRUE(flush(60s));
  EXPECT_TRUE(shutdown(20s));
  const KindStats total = stats().total();
  std::printf("%.0f events/s for %.1f s; at most %zu KiB of queues, %llu events held\n",
              static_cast<double>(2 * each) / took, took, most >> 10,
              static_cast<unsigned long long>(held));
  EXPECT_EQ(total.recorded, 2 * each);
  EXPECT_EQ(total.delivered, 2 * each);
  EXPECT_EQ(total.dropped_total(), 0U);
  EXPECT_LE(most, kQueues);
  const auto arrived = (*collector)->stats();
  EXPECT_EQ(arrived.events.logs, each);
  EXPECT_EQ(arrived.events.integer_metrics, each);
}

}  // namespace
}  // namespace micromegas

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const auto number = [&](int i, std::uint64_t& out) {
    if (i >= argc) return;
    const std::string_view text = argv[i];
    std::from_chars(text.data(), text.data() + text.size(), out);
  };
  number(1, micromegas::events_per_second);
  number(2, micromegas::seconds);
  return RUN_ALL_TESTS();
}
