// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Recorders: what each sees, several at once, and beside a telemetry that runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/pipeline/capture.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/telemetry.h"
#include "micromegas/testing.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
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

// What belongs to no thread is for recorders of all.
TEST(Recorder, OfThisThreadSeesNoCounterHistogramOrTrack) {
  Recorder all;
  Recorder mine(Recorder::kThisThread);
  MM_COUNTER("requests", "count", 1);
  MM_HISTOGRAM("latency", "ms", 2.5);
  Track track("gpu");
  track.begin("pass");
  track.end();
  ASSERT_TRUE(flush(20s));
  EXPECT_TRUE(all.expect_metrics(1, {.name = "requests"}));
  EXPECT_TRUE(all.expect_metrics(1, {.name = "latency.count"}));
  EXPECT_TRUE(all.expect_spans(1, {.name = "pass"}));
  EXPECT_THAT(mine.metrics(), IsEmpty());
  EXPECT_THAT(mine.spans(), IsEmpty());
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

// Keeps the flush actor, while it is closed.
class Gate : public EventSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock> /*block*/) override {
    while (closed_) closed_.wait(true);
  }
  void open() {
    closed_ = false;
    closed_.notify_all();
  }

 private:
  std::atomic<bool> closed_{true};
};

TelemetryOptions with(std::shared_ptr<Gate> gate) {
  return {.console = false,
          .sinks = {{std::move(gate)}},
          .system_metrics_period = 0s,
          .report_end = false};
}

// What it cannot see is not taken for what is not there. Waits for two deadlines of 10 s.
TEST(Recorder, ThatCannotBeFlushedExpectsNothingAndGivesNothing) {
  // A child each, which are aborted; the deadlines pass at the same time.
  std::vector<std::pair<const char*, void (*)(Recorder&)>> aborted = {
      {"logs", [](Recorder& r) { (void)r.logs(); }},
      {"join", [](Recorder& r) { std::thread([&] { Recorder::Join join(r); }).join(); }},
  };
  testing::Pipe said;
  std::vector<pid_t> children;
  for (const auto& [what, ask] : aborted) {
    children.push_back(testing::start_child([&, ask = ask] {
      dup2(said.write_end(), STDERR_FILENO);
      const auto telemetry = init_telemetry(with(std::make_shared<Gate>()));
      if (!telemetry) _exit(9);
      Recorder recorder;
      MM_INFO("stuck");
      ask(recorder);
    }));
  }

  auto gate = std::make_shared<Gate>();
  const auto telemetry = init_telemetry(with(gate));
  ASSERT_TRUE(telemetry);
  std::weak_ptr<MemorySink> theirs;
  {
    Recorder recorder;
    auto sink = std::make_shared<MemorySink>();
    theirs = sink;
    auto started = pipeline::Capture::start(std::move(sink), pipeline::Capture::Threads::kAll);
    ASSERT_TRUE(started);
    MM_INFO("stuck");
    const auto begin = std::chrono::steady_clock::now();
    const auto verdict = recorder.expect_logs(0, {});
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
    EXPECT_FALSE(verdict);
    EXPECT_THAT(verdict.message(), HasSubstr("telemetry does not answer"));
    started->reset();
    EXPECT_FALSE(theirs.expired());
    gate->open();
    EXPECT_TRUE(recorder.expect_logs(1, {.contains = "stuck"}));
  }
  EXPECT_TRUE(theirs.expired()) << "it is let go when that can be";

  for (const pid_t child : children) {
    EXPECT_TRUE(testing::killed_by(testing::wait_for_child(child), SIGABRT));
  }
  const std::string text = said.read_all();
  EXPECT_THAT(text, HasSubstr("not everything that was recorded is here"));
  EXPECT_THAT(text, HasSubstr("could not be let in"));
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
