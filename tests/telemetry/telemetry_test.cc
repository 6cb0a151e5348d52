// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The guard, and the whole path from a macro to a server on loopback: one that is there, absent,
// late, or away for a while.

#include "micromegas/telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/tests/support/recording_sink.h"
#include "micromegas/tests/support/reserved_port.h"
#include "micromegas/transport/collector/collector.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using collector::Collector;
using collector::CollectorStats;
using ::testing::HasSubstr;
using testing_support::RecordingSink;

void expect_balanced(const TelemetryStats& stats) {
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    const KindStats& k = stats.events[kind];
    EXPECT_EQ(k.recorded, k.delivered + k.dropped_total() + k.sampled_out + k.held)
        << to_string(static_cast<EventKind>(kind)) << ": delivered " << k.delivered << ", dropped "
        << k.dropped_total() << ", held " << k.held;
  }
}

class TelemetryTest : public ::testing::Test {
 protected:
  void TearDown() override {
    shutdown(20s);
    const TelemetryStats end = stats();
    expect_balanced(end);
    EXPECT_EQ(end.total().held, 0u);
  }

  static std::unique_ptr<Collector> collector_at(std::uint16_t port = 0) {
    // The port may still be in use for a moment by connections of its last owner.
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (true) {
      auto started = Collector::start({.port = port});
      if (started) return std::move(*started);
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << started.error().message();
        return nullptr;
      }
      std::this_thread::yield();
    }
  }

  static TelemetryOptions to(const std::string& url) {
    return {.url = url,
            .console = false,
            .flush_period = 50ms,
            .request_timeout = 5s,
            .system_metrics_period = 0s,
            .report_end = false};
  }

  // Each turn: 1 log, 2 metrics, 2 span events.
  static void record(int turns) {
    for (int i = 0; i < turns; ++i) {
      MM_SPAN("turn");
      MM_INFO("turn {}", i);
      MM_IMETRIC("i", "count", i);
      MM_FMETRIC("f", "ms", 0.5);
    }
  }
  static void expect_turns(const CollectorStats& stats, std::uint64_t turns) {
    EXPECT_EQ(stats.events.logs, turns);
    EXPECT_EQ(stats.events.integer_metrics, turns);
    EXPECT_EQ(stats.events.float_metrics, turns);
    EXPECT_EQ(stats.events.span_begins, turns);
    EXPECT_EQ(stats.events.span_ends, turns);
    EXPECT_EQ(stats.undecodable_blocks, 0u);
    EXPECT_EQ(stats.orphan_span_ends, 0u);
    EXPECT_EQ(stats.pending_blocks, 0u);
  }
};

// --- the guard ---

TEST_F(TelemetryTest, ASecondInitIsAnErrorAndLeavesTheFirstInForce) {
  auto sink = std::make_shared<RecordingSink>();
  const auto first = init_telemetry({.console = false, .sinks = {{sink}}});
  ASSERT_TRUE(first) << first.error().message();
  const auto id = process_id();
  {
    const auto second = init_telemetry({.console = false});
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(), HasSubstr("already running"));
  }
  EXPECT_EQ(process_id(), id);
  MM_INFO("still here");
  EXPECT_TRUE(flush(20s));
  EXPECT_EQ(sink->recorded().logs.size(), 1u);
}

TEST_F(TelemetryTest, AGuardThatWasMovedFromEndsNothing) {
  auto sink = std::make_shared<RecordingSink>();
  auto started = init_telemetry({.console = false, .sinks = {{sink}}});
  ASSERT_TRUE(started);
  {
    TelemetryGuard outer = std::move(*started);
    { TelemetryGuard inner = std::move(outer); }
    EXPECT_EQ(process_id(), std::nullopt);
    EXPECT_EQ(sink->recorded().shutdowns, 1);
    auto again = init_telemetry({.console = false, .sinks = {{sink}}});
    ASSERT_TRUE(again);
    outer = std::move(*again);
    EXPECT_TRUE(process_id().has_value());
  }  // outer ends the second
  EXPECT_EQ(process_id(), std::nullopt);
  EXPECT_EQ(sink->recorded().shutdowns, 2);
}

TEST_F(TelemetryTest, AnOldGuardDoesNotEndALaterTelemetry) {
  auto old_guard = init_telemetry({.console = false});
  ASSERT_TRUE(old_guard);
  EXPECT_TRUE(shutdown(20s));
  auto sink = std::make_shared<RecordingSink>();
  const auto later = init_telemetry({.console = false, .sinks = {{sink}}});
  ASSERT_TRUE(later);
  { const TelemetryGuard ends = std::move(*old_guard); }
  EXPECT_TRUE(process_id().has_value());
  EXPECT_EQ(sink->recorded().shutdowns, 0);
}

TEST_F(TelemetryTest, AssigningAGuardEndsTheOneItHeld) {
  auto sink = std::make_shared<RecordingSink>();
  auto first = init_telemetry({.console = false, .sinks = {{sink}}});
  ASSERT_TRUE(first);
  TelemetryGuard guard = std::move(*first);
  TelemetryGuard nothing = std::move(guard);
  guard = std::move(nothing);
  EXPECT_EQ(sink->recorded().shutdowns, 0);
  TelemetryGuard& itself = guard;
  guard = std::move(itself);
  EXPECT_EQ(sink->recorded().shutdowns, 0);
  EXPECT_TRUE(process_id().has_value());
}

TEST_F(TelemetryTest, ABadOptionStartsNothing) {
  const auto bad = init_telemetry({.console = false, .queue_bytes = 3});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message(), HasSubstr("queue_bytes is 3"));
  EXPECT_EQ(process_id(), std::nullopt);
  for (const char* url : {"ftp://x", "http://", "http://h:99999", "localhost:80"}) {
    const auto refused = init_telemetry(to(url));
    ASSERT_FALSE(refused) << url;
    EXPECT_THAT(refused.error().message(), HasSubstr("url"));
  }
  EXPECT_EQ(process_id(), std::nullopt);
}

TEST_F(TelemetryTest, TheRedactorSeesWhatIsToldOfTheProcessAndItsThreads) {
  struct Sink : RecordingSink {
    void on_startup(std::shared_ptr<const ProcessInfo> info) override { process = *info; }
    ProcessInfo process;
  };
  const auto sink = std::make_shared<Sink>();
  std::set<std::string> asked;
  std::mutex mutex;
  {
    auto telemetry =
        init_telemetry({.redactor =
                            [&](std::string_view name, std::string_view value) {
                              const std::lock_guard lock(mutex);
                              asked.emplace(name);
                              return std::optional<std::string>("not " + std::string(value));
                            },
                        .console = false,
                        .sinks = {{sink}}});
    ASSERT_TRUE(telemetry) << telemetry.error().message();
    set_thread_name("ann's");
    MM_SPAN("span");
  }
  const ProcessInfo& process = sink->process;
  for (const std::string* column : {&process.exe, &process.username, &process.realname,
                                    &process.computer, &process.distro, &process.cpu_brand}) {
    EXPECT_THAT(*column, ::testing::StartsWith("not "));
  }
  EXPECT_EQ(process.username, process.properties.at("username"));
  bool found = false;
  for (const auto& [id, stream] : sink->recorded().streams) {
    if (stream.kind != StreamKind::kThread) continue;
    found = true;
    EXPECT_EQ(stream.properties.at("thread-name"), "not ann's");
  }
  EXPECT_TRUE(found);
  EXPECT_TRUE(asked.contains("thread-id"));
}

TEST_F(TelemetryTest, AThreadsLongNameIsCut) {
  const auto sink = std::make_shared<RecordingSink>();
  const auto telemetry = init_telemetry({.console = false, .sinks = {{sink}}});
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  std::thread([] {
    set_thread_name(std::string(1023, 'n') + "\u00fc" + std::string(1U << 20, 'n'));
    MM_SPAN("span");
  }).join();
  ASSERT_TRUE(flush(20s));
  std::set<std::string> names;
  for (const auto& [id, stream] : sink->recorded().streams) {
    if (stream.kind == StreamKind::kThread) names.insert(stream.properties.at("thread-name"));
  }
  EXPECT_TRUE(names.contains(std::string(1023, 'n')));
  EXPECT_EQ(stats().cut_texts, 1u);
}

TEST_F(TelemetryTest, DefaultPropertiesAreToldUnlessSwitchedOff) {
  struct Sink : RecordingSink {
    void on_startup(std::shared_ptr<const ProcessInfo> info) override { process = *info; }
    ProcessInfo process;
  };
  const auto told = [](bool default_properties) {
    const auto sink = std::make_shared<Sink>();
    const auto telemetry = init_telemetry({.properties = {{"service", "matchmaker"}},
                                           .default_properties = default_properties,
                                           .console = false,
                                           .sinks = {{sink}}});
    EXPECT_TRUE(telemetry) << telemetry.error().message();
    EXPECT_TRUE(flush(20s));
    return sink->process.properties;
  };
  EXPECT_EQ(told(false), (PropertyMap{{"service", "matchmaker"}}));
  const PropertyMap with = told(true);
  EXPECT_EQ(with.size(), 10u);
  EXPECT_EQ(with.at("service"), "matchmaker");
  EXPECT_NE(with.at("exe"), "");
  EXPECT_GT(std::stoull(with.at("total_memory")), 0u);
}

class ProcessContextTest : public TelemetryTest {
 protected:
  void TearDown() override {
    EXPECT_TRUE(set_process_context({}));
    TelemetryTest::TearDown();
  }
  Result<TelemetryGuard> start() {
    return init_telemetry(
        {.console = false, .sinks = {{sink_}}, .system_metrics_period = 0s, .report_end = false});
  }
  // As many as the largest property set has, and 100.
  static PropertyMap too_many() {
    PropertyMap many;
    for (std::size_t i = 0; i < PropertySet::kMaxProperties + 100; ++i) {
      many["key" + std::to_string(1000 + i)] = "value";
    }
    return many;
  }

  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
};

TEST_F(ProcessContextTest, ALongValueIsCutAndFillsNoBlock) {
  const auto telemetry = start();
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  ASSERT_TRUE(set_process_context(
      {{"long", std::string(PropertySet::kMaxValueBytes - 1, 'x') + std::string(1U << 20, 'y')},
       {"umlaut", std::string(PropertySet::kMaxValueBytes - 1, 'x') + "\u00fc"}}));
  for (int i = 0; i < 20; ++i) MM_IMETRIC("m", "count", i);
  ASSERT_TRUE(flush(20s));
  const auto recorded = sink_->recorded();
  ASSERT_EQ(recorded.metrics.size(), 20u);
  const auto& properties = recorded.metrics.back().properties;
  EXPECT_EQ(properties.at("long").size(), PropertySet::kMaxValueBytes);
  EXPECT_EQ(properties.at("umlaut"), std::string(PropertySet::kMaxValueBytes - 1, 'x'));
  EXPECT_LE(recorded.blocks.size(), 2u);  // 1 unless the first one left early
  EXPECT_EQ(stats().cut_texts, 2u);
  EXPECT_EQ(stats().refused_properties, 0u);
}

TEST_F(ProcessContextTest, WhatIsPastTheMostIsLeftOutAndCounted) {
  const auto telemetry = start();
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  ASSERT_TRUE(set_process_context(too_many()));
  MM_IMETRIC("m", "count", 1);
  ASSERT_TRUE(flush(20s));
  const auto recorded = sink_->recorded();
  ASSERT_EQ(recorded.metrics.size(), 1u);
  EXPECT_EQ(recorded.metrics[0].properties.size(), PropertySet::kMaxProperties);
  EXPECT_EQ(stats().refused_properties, 100u);
}

TEST_F(ProcessContextTest, WhatWasLeftOutBeforeTheStartIsCountedOnce) {
  ASSERT_TRUE(set_process_context(too_many()));
  ASSERT_TRUE(set_process_context(too_many()));
  for (const std::uint64_t expected : {100u, 0u}) {
    const auto telemetry = start();
    ASSERT_TRUE(telemetry) << telemetry.error().message();
    EXPECT_EQ(stats().refused_properties, expected);
  }
}

TEST_F(TelemetryTest, WithoutTelemetryControlFunctionsAreSafe) {
  EXPECT_FALSE(flush(10ms));
  EXPECT_TRUE(shutdown(10ms));
  EXPECT_EQ(process_id(), std::nullopt);
  EXPECT_FALSE(set_max_level(LevelFilter::kTrace));
  EXPECT_FALSE(set_target_level("net", LevelFilter::kTrace));
  EXPECT_FALSE(set_max_verbosity(VerbosityFilter::kMax));
  prepare_thread();
  log_dynamic(Level::kFatal, "target", "lost on purpose");
  const DualTime both = DualTime::now();
  EXPECT_GT(both.ticks, 1'600'000'000'000'000'000);
  EXPECT_GE(now(), both.ticks);
}

TEST_F(TelemetryTest, AnyTimeoutIsWaitedFor) {
  const auto collector = collector_at();
  const auto telemetry = init_telemetry(to(collector->url()));
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  record(1);
  EXPECT_TRUE(flush(std::chrono::milliseconds::max()));
  expect_turns(collector->stats(), 1);
  flush(std::chrono::milliseconds::min());  // comes back
  record(1);
  EXPECT_TRUE(shutdown(std::chrono::milliseconds::max()));
  expect_turns(collector->stats(), 2);
}

TEST_F(TelemetryTest, FiltersAndLogsOfRunTimeLevelsWorkWhileItRuns) {
  auto sink = std::make_shared<RecordingSink>();
  const auto telemetry =
      init_telemetry({.log_filter = LevelFilter::kInfo, .console = false, .sinks = {{sink}}});
  ASSERT_TRUE(telemetry);
  const auto statement = [] { MM_DEBUG_T("net.dns", "debug"); };
  statement();
  EXPECT_TRUE(set_target_level("net", LevelFilter::kDebug));
  statement();
  EXPECT_TRUE(set_target_level("net", LevelFilter::kWarn));
  EXPECT_TRUE(set_max_level(LevelFilter::kTrace));
  statement();
  const std::string target = "python";
  log_dynamic(Level::kTrace, target, "dynamic {not a placeholder}");
  EXPECT_TRUE(flush(20s));
  const auto recorded = sink->recorded();
  ASSERT_EQ(recorded.logs.size(), 2u);
  EXPECT_EQ(recorded.logs[1].text, "dynamic {not a placeholder}");
  EXPECT_EQ(recorded.logs[1].level, Level::kTrace);
  EXPECT_EQ(recorded.logs[1].target, "python");
}

TEST_F(TelemetryTest, ADynamicLogHasPropertiesAndAnyNumberIsALevel) {
  auto sink = std::make_shared<RecordingSink>();
  const auto telemetry = init_telemetry({.console = false, .sinks = {{sink}}});
  ASSERT_TRUE(telemetry);
  const std::string name = "route";
  log_dynamic(static_cast<Level>(0), "bridge", "lowest", {{name, "/x"}, {"level", "refused"}});
  log_dynamic(static_cast<Level>(200), "bridge", "highest");
  EXPECT_TRUE(flush(20s));
  const auto recorded = sink->recorded();
  ASSERT_EQ(recorded.logs.size(), 2u);
  EXPECT_EQ(recorded.logs[0].level, Level::kFatal);
  EXPECT_EQ(recorded.logs[0].properties, (std::map<std::string, std::string>{{"route", "/x"}}));
  EXPECT_EQ(recorded.logs[1].level, Level::kTrace);
  EXPECT_EQ(stats().refused_properties, 1u);
}

TEST_F(TelemetryTest, TheClockOfTheEventsIsThatOfNow) {
  auto sink = std::make_shared<RecordingSink>();
  const auto telemetry = init_telemetry({.console = false, .sinks = {{sink}}});
  ASSERT_TRUE(telemetry);
  const std::int64_t before = now();
  MM_INFO("x");
  const std::int64_t after = now();
  EXPECT_TRUE(flush(20s));
  const std::int64_t time = sink->recorded().logs.at(0).time;
  // A re-synchronisation may come between; it moves the clock by less than this.
  EXPECT_GE(time, before - 1'000'000);
  EXPECT_LE(time, after + 1'000'000);
}

// --- to a server ---

TEST_F(TelemetryTest, EverythingArrivesOnceAndTheBooksSaySo) {
  const auto server = collector_at();
  {
    const auto telemetry = init_telemetry(to(server->url()));
    ASSERT_TRUE(telemetry) << telemetry.error().message();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back([] { record(1000); });
    for (auto& thread : threads) thread.join();
    ASSERT_TRUE(flush(20s));
    const TelemetryStats now = stats();
    expect_balanced(now);
    EXPECT_EQ(now.total().recorded, 20'000u);
    EXPECT_EQ(now.total().delivered, 20'000u);
    expect_turns(server->stats(), 4000);
    record(10);
  }
  server->stop();
  expect_turns(server->stats(), 4010);
  EXPECT_EQ(server->stats().processes, 1u);
  EXPECT_EQ(stats().total().delivered, 20'050u);
  EXPECT_EQ(stats().total().dropped_total(), 0u);
  EXPECT_EQ(stats().blocks_sent, server->stats().blocks);
}

TEST_F(TelemetryTest, AStreamsFirstBlockLeavesWithoutAFlush) {
  const auto server = collector_at();
  TelemetryOptions options = to(server->url());
  options.flush_period = 1h;
  const auto telemetry = init_telemetry(std::move(options));
  ASSERT_TRUE(telemetry);
  record(1);
  EXPECT_TRUE(server->wait_for(
      [](const CollectorStats& s) {
        return s.events.logs == 1 && s.events.integer_metrics == 1 && s.events.span_ends == 1;
      },
      20s));
}

TEST_F(TelemetryTest, WhatWasRecordedWhileTheServerWasAbsentArrivesOnce) {
  const testing::ReservedPort reserved;
  const auto telemetry = init_telemetry(to(reserved.url()));
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  record(500);
  EXPECT_FALSE(flush(300ms));
  const TelemetryStats waiting = stats();
  expect_balanced(waiting);
  EXPECT_EQ(waiting.total().held, 2500u);
  EXPECT_EQ(waiting.total().dropped_total(), 0u);

  const auto server = collector_at(reserved.port());
  ASSERT_NE(server, nullptr);
  record(500);
  EXPECT_TRUE(flush(60s));
  expect_turns(server->stats(), 1000);
  EXPECT_EQ(stats().total().delivered, 5000u);
}

TEST_F(TelemetryTest, AServerThatGoesAwayAndComesBackMissesNothing) {
  const testing::ReservedPort reserved;
  auto server = collector_at(reserved.port());
  ASSERT_NE(server, nullptr);
  const auto telemetry = init_telemetry(to(server->url()));
  ASSERT_TRUE(telemetry);
  record(100);
  EXPECT_TRUE(flush(20s));
  server->stop();
  const CollectorStats before = server->stats();
  expect_turns(before, 100);

  record(100);
  EXPECT_FALSE(flush(200ms));
  expect_balanced(stats());
  EXPECT_EQ(stats().total().held, 500u);

  // The same server would still know the process and its streams: this one lost its memory. The
  // client was told that they are stored, so it does not send them again.
  server = collector_at(reserved.port());
  ASSERT_NE(server, nullptr);
  record(100);
  EXPECT_TRUE(flush(60s));
  const CollectorStats after = server->stats();
  EXPECT_EQ(stats().total().delivered, 1500u);
  EXPECT_EQ(stats().total().dropped_total(), 0u);
  EXPECT_EQ(after.duplicate_blocks, 0u);
  EXPECT_EQ(after.blocks + after.pending_blocks + before.blocks, stats().blocks_sent);
}

TEST_F(TelemetryTest, AtTheDeadlineWhatWaitsIsDroppedAndCounted) {
  const testing::ReservedPort nobody;
  const auto telemetry = init_telemetry(to(nobody.url()));
  ASSERT_TRUE(telemetry);
  record(100);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(shutdown(300ms));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  // On a busy machine the end may have been left at its deadline: the books are whole a little
  // later.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  KindStats total = stats().total();
  while (total.dropped_total() != 500 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    total = stats().total();
  }
  EXPECT_EQ(total.recorded, 500u);
  EXPECT_EQ(total.dropped[static_cast<std::size_t>(DropReason::kDeadline)], 500u);
}

// Holds its first block until it is told to go on.
class HeldSink : public EventSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock>) override { open.wait(false); }
  std::atomic<bool> open{false};
};

TEST_F(TelemetryTest, ASinkThatReturnsAfterTheDeadlineIsInTheBooksThen) {
  auto held = std::make_shared<HeldSink>();
  const auto telemetry = init_telemetry({.console = false, .sinks = {{held}}, .report_end = false});
  ASSERT_TRUE(telemetry);
  record(10);
  EXPECT_FALSE(shutdown(50ms));
  EXPECT_FALSE(init_telemetry({.console = false}));
  held->open = true;
  held->open.notify_all();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (stats().total().delivered != 50 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(stats().total().delivered, 50u);
}

TEST_F(TelemetryTest, RestartsUnderFireKeepTheBooksAndTheServersCount) {
  const auto server = collector_at();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      record(1);
      std::this_thread::yield();
    }
  });
  std::uint64_t delivered = 0;
  for (int round = 0; round < 10; ++round) {
    const auto telemetry = init_telemetry(to(server->url()));
    ASSERT_TRUE(telemetry) << telemetry.error().message();
    record(100);
    EXPECT_TRUE(shutdown(20s));
    delivered += stats().total().delivered;
    EXPECT_GE(stats().total().recorded, 500u);
  }
  stop = true;
  writer.join();
  EXPECT_EQ(server->stats().events.total(), delivered);
  EXPECT_EQ(server->stats().processes, 10u);
  EXPECT_EQ(server->stats().pending_blocks, 0u);
}

}  // namespace
}  // namespace micromegas
