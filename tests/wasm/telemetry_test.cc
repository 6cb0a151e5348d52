// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// telemetry.h on wasm32.

#include "micromegas/telemetry.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "micromegas/dispatch.h"
#include "micromegas/pipeline/sink/memory_sink.h"
#include "micromegas/tests/wasm/console_capture.h"

namespace micromegas {
namespace {

using std::chrono::seconds;
using testing::ConsoleCapture;

class WasmTelemetryTest : public ::testing::Test {
 protected:
  void TearDown() override { dispatch::force_uninit(); }
};

TEST_F(WasmTelemetryTest, WithoutOptionsShowsInfoAndAboveOnTheConsole) {
  const ConsoleCapture console;
  MM_ERROR("before");
  {
    const auto telemetry = init_telemetry();
    ASSERT_TRUE(telemetry);
    MM_INFO("{} and {:.1f}", 1, 2.5);
    MM_DEBUG("not at info");
    EXPECT_TRUE(MM_LOG_ENABLED(kInfo));
    EXPECT_FALSE(MM_LOG_ENABLED(kDebug));
  }
  MM_ERROR("after");
  EXPECT_EQ(console.calls(), R"(["info","[INFO] 1 and 2.5"])");
}

TEST_F(WasmTelemetryTest, TwiceAtOnceIsAnErrorAndAgainIsFine) {
  auto first = init_telemetry();
  ASSERT_TRUE(first);
  const auto id = process_id();
  const auto second = init_telemetry();
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message().find("already running"), std::string::npos);
  EXPECT_EQ(process_id(), id);
  EXPECT_TRUE(shutdown(seconds(1)));
  EXPECT_EQ(process_id(), std::nullopt);
  const auto third = init_telemetry();
  ASSERT_TRUE(third);
  // The first guard has nothing left to end.
  { const TelemetryGuard gone = std::move(*first); }
  EXPECT_NE(process_id(), std::nullopt);
}

TEST_F(WasmTelemetryTest, AGuardMayMove) {
  auto telemetry = init_telemetry({.console = false});
  ASSERT_TRUE(telemetry);
  {
    const TelemetryGuard guard = std::move(*telemetry);
    EXPECT_NE(process_id(), std::nullopt);
  }
  EXPECT_EQ(process_id(), std::nullopt);
}

TEST_F(WasmTelemetryTest, RefusesPropertiesOfTheServer) {
  const auto telemetry = init_telemetry({.properties = {{"micromegas.x", "1"}}});
  ASSERT_FALSE(telemetry);
  EXPECT_NE(telemetry.error().message().find("micromegas.x"), std::string::npos);
  EXPECT_EQ(process_id(), std::nullopt);
}

TEST_F(WasmTelemetryTest, ExtraSinksGetTheirLevels) {
  const ConsoleCapture console;
  auto all = std::make_shared<MemorySink>();
  auto few = std::make_shared<MemorySink>();
  const auto telemetry = init_telemetry({.properties = {{"service", "page"}},
                                         .sinks = {{all}, {few, LevelFilter::kWarn}, {nullptr}}});
  ASSERT_TRUE(telemetry);
  MM_TRACE("a");
  MM_WARN("b");
  ASSERT_EQ(all->logs().size(), 2u);
  ASSERT_EQ(few->logs().size(), 1u);
  EXPECT_EQ(few->logs()[0].text, "b");
  EXPECT_EQ(console.calls(), R"(["warn","[WARN] b"])");
  EXPECT_EQ(all->process()->properties.at("service"), "page");
}

TEST_F(WasmTelemetryTest, FiltersChangeAtAnyTime) {
  auto sink = std::make_shared<MemorySink>();
  const auto telemetry =
      init_telemetry({.log_filter = LogFilter(LevelFilter::kInfo, {{"net", LevelFilter::kDebug}}),
                      .console = false,
                      .sinks = {{sink}}});
  ASSERT_TRUE(telemetry);
  const auto texts = [&] {
    std::string all;
    for (const auto& log : sink->logs()) all += log.text;
    sink->clear();
    return all;
  };
  const auto log_all = [] {
    MM_TRACE_T("net.dns", "1");
    MM_DEBUG_T("net.dns", "2");
    MM_DEBUG_T("disk", "3");
    MM_INFO_T("disk", "4");
    MM_ERROR_T("net.dns.cache", "5");
  };
  log_all();
  EXPECT_EQ(texts(), "245");
  set_target_level("net.dns.cache", LevelFilter::kOff);  // the longest prefix wins
  log_all();
  EXPECT_EQ(texts(), "24");
  set_max_level(LevelFilter::kOff);
  log_all();
  EXPECT_EQ(texts(), "2");
  set_target_level("net", LevelFilter::kOff);
  log_all();
  EXPECT_EQ(texts(), "");
}

TEST_F(WasmTelemetryTest, TheConsolesFilterChangesAloneAndBesideOtherSinks) {
  for (const bool alone : {true, false}) {
    auto other = std::make_shared<MemorySink>();
    TelemetryOptions options;
    options.console_filter = LogFilter(LevelFilter::kWarn, {{"net", LevelFilter::kDebug}});
    if (!alone) options.sinks = {{other, LevelFilter::kError}};
    const auto telemetry = init_telemetry(std::move(options));
    ASSERT_TRUE(telemetry);
    const auto shown = [] {
      const ConsoleCapture console;
      MM_DEBUG_T("net", "net");
      MM_INFO_T("disk", "disk");
      return console.calls();
    };
    EXPECT_EQ(shown(), R"(["debug","[DEBUG] net"])");
    EXPECT_TRUE(set_console_filter("net=off"));
    EXPECT_EQ(shown(), R"(["info","[INFO] disk"])");
    EXPECT_TRUE(set_log_filter("error"));
    EXPECT_EQ(shown(), "");
    EXPECT_EQ(other->logs().size(), 0u);
    EXPECT_EQ(set_sink_filter(*other, "trace").has_value(), !alone);
    EXPECT_TRUE(set_log_filter(" "));
    EXPECT_EQ(shown(), R"(["info","[INFO] disk"])");
    EXPECT_EQ(other->logs().size(), alone ? 0u : 2u);
  }
}

TEST_F(WasmTelemetryTest, ABadFilterIsAnErrorThatShowsThePlace) {
  EXPECT_FALSE(set_log_filter("info"));  // telemetry is not running
  const auto telemetry = init_telemetry();
  ASSERT_TRUE(telemetry);
  EXPECT_NE(set_log_filter("info,net=debgu").error().message().find("column 10: 'debgu'"),
            std::string::npos);
  EXPECT_FALSE(set_console_filter("loud"));
  EXPECT_FALSE(set_upload_filter("info"));  // there is none
  EXPECT_TRUE(MM_LOG_ENABLED(kInfo));
}

TEST_F(WasmTelemetryTest, CountsWhatRateHelpersLeaveOut) {
  const ConsoleCapture console;
  const auto telemetry = init_telemetry();
  ASSERT_TRUE(telemetry);
  for (int i = 0; i < 4; ++i) MM_LOG_EVERY_N(kInfo, 3, "turn {}", i);
  for (int i = 0; i < 4; ++i) MM_LOG_EVERY_MS(kInfo, 3'600'000, "hour {}", i);
  EXPECT_EQ(stats().left_out_logs, 5u);
  EXPECT_EQ(stats().total().recorded, 3u);
}

TEST_F(WasmTelemetryTest, CountsItsLogs) {
  const auto telemetry =
      init_telemetry({.console = false, .sinks = {{std::make_shared<MemorySink>()}}});
  ASSERT_TRUE(telemetry);
  MM_INFO("one");
  log_dynamic(Level::kWarn, "target", "two");
  MM_IMETRIC("nothing", "count", 1);
  const KindStats total = stats().total();
  EXPECT_EQ(total.recorded, 2u);
  EXPECT_EQ(total.delivered, 2u);
  EXPECT_EQ(total.dropped_total() + total.held, 0u);
  EXPECT_TRUE(flush(seconds(1)));
  EXPECT_TRUE(shutdown(seconds(1)));
  EXPECT_FALSE(flush(seconds(1)));
}

TEST_F(WasmTelemetryTest, TheClockCountsMicroseconds) {
  EXPECT_EQ(frequency(), 1'000'000);
  const DualTime both = DualTime::now();
  const auto system =
      std::chrono::duration_cast<std::chrono::microseconds>(both.time.time_since_epoch()).count();
  EXPECT_NEAR(static_cast<double>(both.ticks), static_cast<double>(system), 1e5);
  EXPECT_EQ(now() % 1000, 0);
}

TEST_F(WasmTelemetryTest, WhatHasNoMeaningHereDoesNothing) {
  set_thread_name("main");
  prepare_thread();
  EXPECT_FALSE(set_max_verbosity(VerbosityFilter::kMin));  // telemetry is not running
  EXPECT_FALSE(set_max_level(LevelFilter::kOff));
  EXPECT_FALSE(set_target_level("net", LevelFilter::kOff));
  const auto telemetry = init_telemetry({.url = "http://127.0.0.1:1", .handle_signals = true});
  EXPECT_TRUE(telemetry);
  EXPECT_TRUE(set_max_verbosity(VerbosityFilter::kMin));
  EXPECT_TRUE(set_max_level(LevelFilter::kOff));
  EXPECT_TRUE(set_target_level("net", LevelFilter::kOff));
}

}  // namespace
}  // namespace micromegas
