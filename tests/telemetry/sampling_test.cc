// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The whole path: spans of windows on a server, the rest in the books.

#include "micromegas/sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "micromegas/telemetry.h"
#include "micromegas/transport/collector/collector.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using collector::Collector;
using ::testing::HasSubstr;

class SamplingEndToEnd : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = Collector::start({});
    ASSERT_TRUE(started) << started.error().message();
    collector_ = std::move(*started);
  }
  TelemetryOptions options() const {
    return {.url = collector_->url(),
            .console = false,
            .flush_period = 50ms,
            .system_metrics_period = 0s,
            .report_end = false};
  }
  static KindStats spans() { return stats().events[static_cast<std::size_t>(EventKind::kSpan)]; }

  std::unique_ptr<Collector> collector_;
};

TEST_F(SamplingEndToEnd, OnlyWindowsReachTheServerAndTheBooksBalance) {
  setenv("MICROMEGAS_SPAN_SAMPLING", "windows", 1);
  auto telemetry = init_telemetry(options());
  unsetenv("MICROMEGAS_SPAN_SAMPLING");
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  const auto work = [](int turns) {
    std::thread([turns] {
      for (int i = 0; i < turns; ++i) {
        MM_SPAN("turn");
        MM_INFO("turn {}", i);
      }
    }).join();
  };
  work(100);
  sample_spans_for(std::chrono::nanoseconds::max());  // stops at the end of time
  work(10);
  EXPECT_TRUE(flush(20s));
  EXPECT_EQ(spans().recorded, 220u);
  EXPECT_EQ(spans().delivered, 20u);
  EXPECT_EQ(spans().sampled_out, 200u);
  EXPECT_EQ(spans().held + spans().dropped_total(), 0u);
  EXPECT_EQ(stats().total().sampled_out, 200u);
  EXPECT_TRUE(shutdown(20s));
  EXPECT_EQ(collector_->stats().events.span_begins, 10u);
  EXPECT_EQ(collector_->stats().events.span_ends, 10u);
  EXPECT_EQ(collector_->stats().events.logs, 110u);
  EXPECT_EQ(collector_->stats().undecodable_blocks, 0u);
}

TEST_F(SamplingEndToEnd, ASlowFrameIsOnTheServerAndQuickOnesAreNot) {
  TelemetryOptions o = options();
  o.span_sampling = SpanSampling::kWindows;
  auto telemetry = init_telemetry(std::move(o));
  ASSERT_TRUE(telemetry);
  FrameSampler sampler({.average_of = 4, .factor = 1000, .heartbeat_interval = 0ms});
  std::int64_t time = now() - 3'600'000'000'000;  // the first frames: an hour ago, a second each
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(sampler.frame_at(time += 1'000'000'000));
  const auto span = [](const char* name) { std::thread([name] { MM_SPAN_DYN(name); }).join(); };
  span("of the slow frame");
  sampler.frame();  // an hour long
  span("of a quick one");
  sampler.frame();
  EXPECT_TRUE(flush(20s));
  EXPECT_EQ(spans().delivered, 2u);
  EXPECT_EQ(spans().sampled_out, 2u);
  set_span_sampling(SpanSampling::kAll);
  span("whatever it is of");
  EXPECT_TRUE(flush(20s));
  EXPECT_EQ(spans().delivered, 4u);
  EXPECT_TRUE(shutdown(20s));
  EXPECT_EQ(collector_->stats().events.span_begins, 2u);
}

TEST_F(SamplingEndToEnd, NonsenseInTheEnvironmentIsAnError) {
  setenv("MICROMEGAS_SPAN_SAMPLING", "some", 1);
  const auto telemetry = init_telemetry(options());
  unsetenv("MICROMEGAS_SPAN_SAMPLING");
  ASSERT_FALSE(telemetry);
  EXPECT_THAT(telemetry.error().message(), HasSubstr("MICROMEGAS_SPAN_SAMPLING is 'some'"));
}

}  // namespace
}  // namespace micromegas
