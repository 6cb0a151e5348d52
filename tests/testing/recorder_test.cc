// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Recorders: what each sees, several at once, and beside a telemetry that runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/pipeline/flush/session.h"
#include "micromegas/telemetry.h"
#include "micromegas/testing.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Recorder;
using ::testing::UnorderedElementsAre;

std::vector<std::string> texts(Recorder& recorder) {
  std::vector<std::string> out;
  for (const auto& log : recorder.logs()) out.push_back(log.text);
  return out;
}

void in_a_thread(const char* text) {
  std::thread([&] { MM_INFO("{}", text); }).join();
}

TEST(Recorder, SeesAllThreadsFromItsBeginToItsEnd) {
  Recorder recorder;
  MM_INFO("mine");
  in_a_thread("another's");
  EXPECT_THAT(texts(recorder), ElementsAre("mine", "another's"));
  recorder.clear();
  MM_INFO("more");
  EXPECT_THAT(texts(recorder), ElementsAre("more"));
}

TEST(Recorder, ThatBeginsLaterSeesNothingEarlier) {
  Recorder outer;
  MM_INFO("before");
  {
    MM_SPAN("open");
    Recorder inner;
    MM_INFO("within");
    { MM_SPAN("within"); }
    MM_IMETRIC("within", "count", 1);
    EXPECT_THAT(texts(inner), ElementsAre("within"));
    EXPECT_EQ(inner.spans().size(), 1u);
    EXPECT_EQ(inner.metrics().size(), 1u);
  }
  MM_INFO("after");
  EXPECT_THAT(texts(outer), ElementsAre("before", "within", "after"));
  EXPECT_EQ(outer.spans().size(), 2u);
}

TEST(Recorder, OfThisThreadSeesNoOther) {
  Recorder recorder(Recorder::kThisThread);
  MM_INFO("mine");
  in_a_thread("another's");
  { MM_SPAN("mine"); }
  std::thread([] { MM_SPAN("another's"); }).join();
  EXPECT_THAT(texts(recorder), ElementsAre("mine"));
  ASSERT_EQ(recorder.spans().size(), 1u);
  EXPECT_EQ(recorder.spans()[0].name, "mine");
}

TEST(Recorder, LetsInWhoJoinsWhileItIsJoined) {
  Recorder recorder(Recorder::kThisThread);
  std::thread([&] {
    MM_INFO("before");
    { MM_SPAN("before"); }
    {
      const Recorder::Join join(recorder);
      const Recorder::Join twice(recorder);
      MM_INFO("joined");
      { MM_SPAN("joined"); }
    }
    MM_INFO("after");
    { MM_SPAN("after"); }
  }).join();
  EXPECT_THAT(texts(recorder), ElementsAre("joined"));
  ASSERT_EQ(recorder.spans().size(), 1u);
  EXPECT_EQ(recorder.spans()[0].name, "joined");
}

// Tests that run at the same time: sessions begin and end as they come and go.
TEST(Recorder, ManyThreadsEachSeeTheirOwn) {
#ifdef MICROMEGAS_SANITIZER
  constexpr int kRounds = 20;
#else
  constexpr int kRounds = 60;
#endif
  constexpr int kEvents = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([t] {
      for (int round = 0; round < kRounds; ++round) {
        Recorder recorder(Recorder::kThisThread);
        const int mine = t * kRounds + round;
        for (int i = 0; i < kEvents; ++i) {
          MM_SPAN("work");
          MM_INFO("{} {}", mine, i);
          MM_IMETRIC("mine", "count", mine);
        }
        const auto logs = recorder.logs();
        ASSERT_EQ(logs.size(), static_cast<std::size_t>(kEvents));
        for (int i = 0; i < kEvents; ++i) {
          EXPECT_EQ(logs[static_cast<std::size_t>(i)].text,
                    std::to_string(mine) + " " + std::to_string(i));
        }
        const auto metrics = recorder.metrics();
        ASSERT_EQ(metrics.size(), static_cast<std::size_t>(kEvents));
        for (const auto& metric : metrics) {
          EXPECT_EQ(metric.integer, static_cast<std::uint64_t>(mine));
        }
        EXPECT_EQ(recorder.spans().size(), static_cast<std::size_t>(kEvents));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(pipeline::session_running(0)) << "it ends with the last recorder";
}

TEST(Recorder, WaitsForWhatOtherThreadsDo) {
  Recorder recorder;
  std::atomic<bool> go{false};
  std::thread late([&] {
    go.wait(false);
    MM_SPAN("late");
    MM_INFO("late");
  });
  MemorySink& sink = recorder.sink();
  go = true;
  go.notify_all();
  EXPECT_TRUE(sink.wait_for(
      [&] { return sink.logs().size() == 1 && sink.thread_spans().size() == 1; }, 20s));
  late.join();
}

TEST(Recorder, StandsBesideTelemetryThatRuns) {
  auto sink = std::make_shared<MemorySink>();
  auto telemetry = init_telemetry({.log_filter = LevelFilter::kInfo,
                                   .console = false,
                                   .sinks = {{sink}},
                                   .system_metrics_period = 0s,
                                   .report_end = false});
  ASSERT_TRUE(telemetry);
  {
    Recorder recorder;
    MM_INFO("both see this");
    MM_DEBUG("the filters are the telemetry's");
    EXPECT_THAT(texts(recorder), ElementsAre("both see this"));
    EXPECT_EQ(recorder.sink().process()->process_id, *process_id());
  }
  EXPECT_TRUE(process_id()) << "it goes on";
  MM_INFO("only it sees this");
  EXPECT_TRUE(flush(20s));
  EXPECT_EQ(sink->logs().size(), 2u);
  const KindStats total = stats().total();
  EXPECT_EQ(total.recorded, 2u);
  EXPECT_EQ(total.delivered, 2u);
}

TEST(Recorder, KeepsWhatItHasWhenTelemetryEnds) {
  auto telemetry = init_telemetry({.console = false, .sinks = {{std::make_shared<MemorySink>()}}});
  ASSERT_TRUE(telemetry);
  Recorder recorder(Recorder::kThisThread);
  MM_INFO("before the end");
  EXPECT_TRUE(shutdown(20s));
  MM_INFO("after it");
  EXPECT_EQ(texts(recorder).at(0), "before the end");
  EXPECT_EQ(recorder.logs().size(), 1u);
  EXPECT_TRUE(recorder.sink().is_shut_down());
  Recorder next;  // starts its own
  MM_INFO("of the next");
  EXPECT_THAT(texts(next), ElementsAre("of the next"));
  EXPECT_EQ(recorder.logs().size(), 1u);
}

}  // namespace
}  // namespace micromegas
