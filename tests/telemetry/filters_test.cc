// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Filters from the program's side: what is recorded, what each sink gets of it as lines and in
// blocks, and that a change counts for the next event.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/telemetry.h"
#include "micromegas/tests/support/recording_sink.h"
#include "micromegas/transport/collector/collector.h"
#include "micromegas/transport/collector/observer.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using collector::Collector;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_support::broken_invariant;
using testing_support::RecordingSink;

using Texts = std::vector<std::string>;

Texts texts_of(const RecordingSink& sink) {
  Texts texts;
  for (const auto& log : sink.recorded().logs) texts.push_back(log.text);
  return texts;
}

class FiltersTest : public ::testing::Test {
 protected:
  void TearDown() override {
    shutdown(20s);
    const TelemetryStats end = stats();
    for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
      const KindStats& k = end.events[kind];
      EXPECT_EQ(k.recorded, k.delivered + k.dropped_total() + k.sampled_out + k.held)
          << to_string(static_cast<EventKind>(kind));
    }
    EXPECT_EQ(end.total().dropped_total() + end.total().held, 0u);
    for (const auto& sink : sinks_) EXPECT_EQ(broken_invariant(sink->recorded()), "");
  }

  std::shared_ptr<RecordingSink> sink() {
    return sinks_.emplace_back(std::make_shared<RecordingSink>());
  }
  static void flush_all() { EXPECT_TRUE(flush(20s)); }
  static std::uint64_t recorded_logs() {
    return stats().events[static_cast<std::size_t>(EventKind::kLog)].recorded;
  }

 private:
  std::vector<std::shared_ptr<RecordingSink>> sinks_;
};

void log_all_levels() {
  MM_ERROR_T("disk", "error");
  MM_WARN_T("disk", "warn");
  MM_INFO_T("disk", "info");
  MM_DEBUG_T("disk", "debug {}", 1);
  MM_TRACE_T("disk", "trace");
}

TEST_F(FiltersTest, EachSinkGetsItsPartAsLinesAndInBlocks) {
  const auto all = sink();
  const auto few = sink();
  const auto none = sink();
  const auto telemetry = init_telemetry(
      {.console = false,
       .sinks = {{all},
                 {few, LogFilter(LevelFilter::kWarn, {{"net", LevelFilter::kDebug}})},
                 {none, LevelFilter::kOff}}});
  ASSERT_TRUE(telemetry);
  log_all_levels();
  MM_DEBUG_T("net.dns", "net {}", 2);
  MM_TRACE_T("net.dns", "net trace");
  log_dynamic(Level::kDebug, std::string("net") + "work", "dynamic net");
  log_dynamic(Level::kDebug, "other", "dynamic other");
  flush_all();
  MM_INFO_T("disk", "a block that few gets nothing of");
  flush_all();
  MM_WARN_T("disk", "last");
  flush_all();
  EXPECT_THAT(texts_of(*all), ElementsAre("error", "warn", "info", "debug 1", "trace", "net 2",
                                          "net trace", "dynamic net", "dynamic other",
                                          "a block that few gets nothing of", "last"));
  const Texts few_texts{"error", "warn", "net 2", "dynamic net", "last"};
  EXPECT_EQ(texts_of(*few), few_texts);
  EXPECT_EQ(few->recorded().live, few_texts);
  EXPECT_THAT(texts_of(*none), IsEmpty());
  EXPECT_THAT(none->recorded().live, IsEmpty());
  // Other bytes have another id; the same ones are shared.
  const auto whole = all->recorded().blocks;
  const auto part = few->recorded().blocks;
  ASSERT_EQ(whole.size(), 3u);
  ASSERT_EQ(part.size(), 2u);
  EXPECT_NE(part[0].header.block_id, whole[0].header.block_id);
  EXPECT_EQ(part[1].header.object_offset, 4);
  EXPECT_EQ(part[1].header.begin_time, part[0].header.end_time);
}

TEST_F(FiltersTest, WhatNoSinkWantsIsNotRecorded) {
  const auto warn = sink();
  const auto net = sink();
  const auto telemetry = init_telemetry(
      {.console = false,
       .sinks = {{warn, LevelFilter::kWarn},
                 {net, LogFilter(LevelFilter::kOff, {{"net", LevelFilter::kTrace}})}}});
  ASSERT_TRUE(telemetry);
  int evaluated = 0;
  MM_INFO_T("disk", "{}", ++evaluated);
  EXPECT_FALSE(MM_LOG_ENABLED_T(kInfo, "disk"));
  EXPECT_TRUE(MM_LOG_ENABLED_T(kTrace, "net"));
  log_dynamic(Level::kInfo, "disk", "no");
  MM_WARN_T("disk", "yes");
  MM_TRACE_T("net", "yes");
  EXPECT_EQ(evaluated, 0);
  EXPECT_EQ(recorded_logs(), 2u);
}

// A sink's filter and the log filter both must let a log through.
TEST_F(FiltersTest, TheLogFilterLimitsEverySink) {
  const auto all = sink();
  const auto warn = sink();
  const auto telemetry =
      init_telemetry({.log_filter = LogFilter(LevelFilter::kError, {{"disk", LevelFilter::kInfo}}),
                      .console = false,
                      .sinks = {{all}, {warn, LevelFilter::kWarn}}});
  ASSERT_TRUE(telemetry);
  log_all_levels();
  MM_WARN_T("net", "not at error");
  flush_all();
  EXPECT_THAT(texts_of(*all), ElementsAre("error", "warn", "info"));
  EXPECT_THAT(texts_of(*warn), ElementsAre("error", "warn"));
  EXPECT_EQ(recorded_logs(), 3u);
}

// What arrives, by text.
class Arrived : public collector::CollectorObserver {
 public:
  void on_block(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                const wire::DecodedBlock& block) override {
    EXPECT_TRUE(wire::for_each_log_row(
        process, stream, block, [&](const wire::LogRow& row) { texts.emplace_back(row.msg); }));
  }
  Texts texts;
};

// The upload's filter decides what is uploaded, whatever the console or another sink shows.
TEST_F(FiltersTest, TheUploadHasNoMoreThanItsFilterLetsThrough) {
  Arrived arrived;
  auto server = Collector::start({.observer = &arrived});
  ASSERT_TRUE(server);
  setenv("MICROMEGAS_TELEMETRY_SINK_MAX_LEVEL", "warn,net=debug", 1);
  const auto console = sink();
  const auto telemetry =
      init_telemetry({.url = (*server)->url(), .console = false, .sinks = {{console}}});
  unsetenv("MICROMEGAS_TELEMETRY_SINK_MAX_LEVEL");
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  log_all_levels();
  MM_DEBUG_T("net", "net {}", "debug");
  MM_TRACE_T("net", "net trace");
  flush_all();
  MM_INFO_T("disk", "alone in its block");
  flush_all();
  const KindStats logs = stats().events[static_cast<std::size_t>(EventKind::kLog)];
  EXPECT_EQ(logs.recorded, 8u);
  EXPECT_EQ(logs.delivered, 8u);  // what the upload leaves out was the other sink's
  MM_ERROR_T("disk", "last");
  EXPECT_TRUE(shutdown(20s));
  (*server)->stop();
  EXPECT_THAT(arrived.texts, ElementsAre("error", "warn", "net debug", "last"));
  EXPECT_EQ((*server)->stats().events.logs, 4u);
  EXPECT_EQ((*server)->stats().undecodable_blocks, 0u);
  EXPECT_EQ(console->recorded().logs.size(), 9u);
}

TEST_F(FiltersTest, EveryFilterChangesWhileItRuns) {
  const auto all = sink();
  const auto few = sink();
  const auto telemetry = init_telemetry(
      {.console = false, .sinks = {{all, LevelFilter::kInfo}, {few, LevelFilter::kError}}});
  ASSERT_TRUE(telemetry);
  const auto statement = [] { MM_DEBUG_T("net.dns", "net"); };
  statement();
  ASSERT_TRUE(set_sink_filter(*all, "off,net=debug"));
  statement();
  MM_ERROR_T("disk", "few only");
  flush_all();
  EXPECT_THAT(texts_of(*all), ElementsAre("net"));
  EXPECT_THAT(texts_of(*few), ElementsAre("few only"));
  ASSERT_TRUE(set_log_filter("trace, net = warn"));
  statement();
  ASSERT_TRUE(set_log_filter(""));
  ASSERT_TRUE(set_sink_filter(*few, " "));
  MM_TRACE_T("disk", "no limit");
  flush_all();
  EXPECT_THAT(texts_of(*all), ElementsAre("net"));
  EXPECT_THAT(texts_of(*few), ElementsAre("few only", "no limit"));
  EXPECT_THAT(few->recorded().live, ElementsAre("few only", "no limit"));
}

TEST_F(FiltersTest, ABadChangeIsAnErrorAndChangesNothing) {
  const auto all = sink();
  EXPECT_THAT(set_log_filter("info").error().message(), HasSubstr("not running"));
  EXPECT_THAT(set_console_filter("info").error().message(), HasSubstr("not running"));
  const auto telemetry = init_telemetry({.console = false, .sinks = {{all, LevelFilter::kInfo}}});
  ASSERT_TRUE(telemetry);
  EXPECT_THAT(set_log_filter("info,net=debgu").error().message(),
              HasSubstr("set_log_filter, column 10: 'debgu' is no level"));
  EXPECT_THAT(set_sink_filter(*all, "inof").error().message(), HasSubstr("\n  inof\n  ^"));
  EXPECT_THAT(set_console_filter("info").error().message(), HasSubstr("without this sink"));
  EXPECT_THAT(set_upload_filter("info").error().message(), HasSubstr("without this sink"));
  EXPECT_THAT(set_sink_filter(*sink(), "info").error().message(), HasSubstr("without this sink"));
  log_all_levels();
  flush_all();
  EXPECT_EQ(all->recorded().logs.size(), 3u);
}

// Whatever changes meanwhile, nobody loses what every filter lets through.
TEST_F(FiltersTest, ChangesFromManyThreadsCostNoEvent) {
  constexpr int kWriters = 3;
  constexpr int kTurns = 10'000;
  const auto all = sink();
  const auto few = sink();
  const auto telemetry = init_telemetry({.log_filter = LevelFilter::kDebug,
                                         .console = false,
                                         .sinks = {{all}, {few, LevelFilter::kWarn}},
                                         .log_block_bytes = 4096});
  ASSERT_TRUE(telemetry);
  std::atomic<int> writing{kWriters};
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&] {
      for (int i = 0; i < kTurns; ++i) {
        MM_ERROR_T("always", "always {}", 1);
        MM_DEBUG_T("sometimes", "sometimes {}", 2);
        log_dynamic(Level::kTrace, "never", "never");
      }
      writing.fetch_sub(1);
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; writing.load() > 0; ++i) {
      EXPECT_TRUE(set_log_filter(i % 2 == 0 ? "debug,sometimes=error" : "debug,never=off"));
      set_target_level("always", LevelFilter::kTrace);
      set_max_verbosity(i % 2 == 0 ? VerbosityFilter::kOff : VerbosityFilter::kMax);
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; writing.load() > 0; ++i) {
      EXPECT_TRUE(set_sink_filter(*few, i % 2 == 0 ? "error" : "warn,sometimes=debug"));
      if (i % 50 == 0) flush(20s);
    }
  });
  for (std::thread& thread : threads) thread.join();
  flush_all();
  for (const auto& sink : {all, few}) {
    const Texts texts = texts_of(*sink);
    EXPECT_EQ(std::count(texts.begin(), texts.end(), "always 1"), kWriters * kTurns);
    EXPECT_EQ(std::count(texts.begin(), texts.end(), "never"), 0);
  }
}

// --- verbosity ---

TEST_F(FiltersTest, MetricsAndSpansObeyTheVerbosity) {
  const auto all = sink();
  setenv("MICROMEGAS_MAX_VERBOSITY", "min", 1);
  const auto telemetry = init_telemetry({.console = false, .sinks = {{all}}});
  unsetenv("MICROMEGAS_MAX_VERBOSITY");
  ASSERT_TRUE(telemetry);
  int evaluated = 0;
  const auto record = [&] {
    MM_SPAN("detail");
    MM_IMETRIC("detail", "count", ++evaluated);
  };
  record();
  EXPECT_EQ(evaluated, 0);
  EXPECT_TRUE(set_max_verbosity(VerbosityFilter::kMax));
  record();
  {
    MM_SPAN("begun");
    set_max_verbosity(VerbosityFilter::kOff);
    record();
  }
  flush_all();
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(all->recorded().metrics.size(), 1u);
  EXPECT_EQ(all->recorded().span_events(), 4u);  // what has begun has ended
}

}  // namespace
}  // namespace micromegas
