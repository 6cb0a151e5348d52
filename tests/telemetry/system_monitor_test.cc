// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// System metrics: what is recorded, and when.

#include "micromegas/system_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/sink/memory_sink.h"
#include "micromegas/telemetry.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::DoubleEq;
using ::testing::IsEmpty;
using ::testing::Pair;

SystemUsage usage() {
  SystemUsage u;
  u.totals = {.cpu_ns = 1000,
              .minor_faults = 10,
              .major_faults = 20,
              .voluntary_switches = 30,
              .involuntary_switches = 40,
              .read_bytes = 50,
              .written_bytes = 60};
  u.process = ProcessStat{.threads = 3, .virtual_bytes = 1000, .resident_pages = 2};
  u.descriptors = 7;
  u.cpu = MachineCpu{.busy = 100, .total = 1000};
  u.memory = MachineMemory{.total = 500, .free = 100, .available = 200};
  u.network = NetworkBytes{.received = 11, .sent = 22};
  u.cgroup = {.memory_limit = 400, .memory_used = 300, .cpu_limit = 1.5, .cpu_throttled_ns = 5};
  return u;
}

// "name unit" to value.
std::map<std::string, double> recorded(const SystemUsage& before, const SystemUsage& now,
                                       std::chrono::nanoseconds period) {
  auto sink = std::make_shared<MemorySink>();
  EXPECT_TRUE(dispatch::init_event_dispatch(4096, 4096, 4096, sink, {}, false));
  record_system_metrics(before, now, period);
  dispatch::shutdown_dispatch();
  std::map<std::string, double> values;
  for (const MemorySink::Metric& m : sink->metrics()) {
    EXPECT_EQ(m.source.target, "micromegas");
    const double value = m.is_float ? m.number : static_cast<double>(m.integer);
    EXPECT_TRUE(values.emplace(m.name + " " + m.unit, value).second) << m.name << " twice";
  }
  return values;
}

TEST(SystemMetrics, AreLevelsRatesAndGrowth) {
  SystemUsage later = usage();
  later.totals = {.cpu_ns = 1500,
                  .minor_faults = 11,
                  .major_faults = 22,
                  .voluntary_switches = 33,
                  .involuntary_switches = 44,
                  .read_bytes = 55,
                  .written_bytes = 66};
  later.cpu = MachineCpu{.busy = 150, .total = 1200};
  later.network = NetworkBytes{.received = 12, .sent = 24};
  later.cgroup.cpu_throttled_ns = 8;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  const std::map<std::string, double> expected = {
      {"total_memory bytes", 500},
      {"used_memory bytes", 300},
      {"free_memory bytes", 100},
      {"cpu_usage percent", 25},
      {"network_received_bytes bytes", 1},
      {"network_sent_bytes bytes", 2},
      {"process_cpu_usage percent", 50},
      {"process_resident_bytes bytes", 2 * page},
      {"process_virtual_bytes bytes", 1000},
      {"process_threads count", 3},
      {"process_open_descriptors count", 7},
      {"process_minor_faults count", 1},
      {"process_major_faults count", 2},
      {"process_voluntary_context_switches count", 3},
      {"process_involuntary_context_switches count", 4},
      {"process_read_bytes bytes", 5},
      {"process_written_bytes bytes", 6},
      {"cgroup_memory_limit bytes", 400},
      {"cgroup_memory_used bytes", 300},
      {"cgroup_cpu_limit processors", 1.5},
      {"cgroup_cpu_throttled ns", 3},
  };
  EXPECT_EQ(recorded(usage(), later, 1000ns), expected);
}

TEST(SystemMetrics, WhatIsMissingIsLeftOut) {
  const SystemUsage nothing;
  for (const auto& [name, value] : recorded(nothing, nothing, 0ns)) {
    EXPECT_EQ(name.find("process_"), 0u) << name;  // what getrusage() tells
    EXPECT_EQ(value, 0);
  }
}

TEST(SystemMetrics, ACounterThatFallsHasNotGrown) {
  SystemUsage later = usage();
  later.totals = {};
  later.cpu = MachineCpu{.busy = 0, .total = 1100};
  later.network = NetworkBytes{};
  const auto values = recorded(usage(), later, 1000ns);
  EXPECT_THAT(values, Contains(Pair("process_cpu_usage percent", DoubleEq(0))));
  EXPECT_THAT(values, Contains(Pair("cpu_usage percent", DoubleEq(0))));
  EXPECT_THAT(values, Contains(Pair("network_sent_bytes bytes", DoubleEq(0))));
  later.cpu = MachineCpu{.busy = 5000, .total = 1100};
  EXPECT_THAT(recorded(usage(), later, 1000ns), Contains(Pair("cpu_usage percent", DoubleEq(100))));
}

class RunningMonitor : public ::testing::Test {
 protected:
  static std::size_t count(const MemorySink& sink, std::string_view name) {
    std::size_t n = 0;
    for (const MemorySink::Metric& m : sink.metrics()) n += m.name == name ? 1 : 0;
    return n;
  }
  static TelemetryOptions to(std::shared_ptr<MemorySink> sink,
                             std::optional<std::chrono::milliseconds> period) {
    return {.console = false,
            .sinks = {{std::move(sink)}},
            .flush_period = 10ms,
            .system_metrics_period = period,
            .report_end = false};
  }
};

TEST_F(RunningMonitor, RecordsByItsPeriodAndStopsWhenTold) {
  auto sink = std::make_shared<MemorySink>();
  const auto telemetry = init_telemetry(to(sink, 100ms));
  ASSERT_TRUE(telemetry) << telemetry.error().message();
  ASSERT_TRUE(sink->wait_for([&] { return count(*sink, "process_threads") >= 3; }, 60s));
  std::int64_t last = 0;
  for (const MemorySink::Metric& m : sink->metrics()) {
    if (m.name != "process_threads") continue;
    EXPECT_GE(m.time - last, 90'000'000);
    last = m.time;
    EXPECT_GE(m.integer, 2u);
  }
  EXPECT_GE(count(*sink, "cpu_usage"), 1u);
  EXPECT_GE(count(*sink, "process_resident_bytes"), 3u);

  set_system_metrics_period(0ms);
  ASSERT_TRUE(flush(20s));  // a look that had begun is over
  const std::size_t stopped = sink->metrics().size();
  // Three ticks of the actor and more: each shows a live line.
  for (int i = 0; i < 10; ++i) {
    MM_INFO("tick {}", i);
    const auto shown = [&] { return sink->live_lines().size() == static_cast<std::size_t>(i) + 1; };
    ASSERT_TRUE(sink->wait_for(shown, 20s));
  }
  EXPECT_EQ(sink->metrics().size(), stopped);
  set_system_metrics_period(1ms);  // as often as is allowed
  EXPECT_TRUE(sink->wait_for([&] { return sink->metrics().size() > stopped; }, 60s));
}

TEST_F(RunningMonitor, RestsIfItIsToldToAndWhereNobodyTakesMetrics) {
  // What a monitor of the running telemetry records in some hours.
  const auto in_hours = [](std::optional<std::chrono::milliseconds> period,
                           VerbosityFilter verbosity) {
    auto sink = std::make_shared<MemorySink>();
    {
      const auto telemetry = init_telemetry(to(sink, period));
      EXPECT_TRUE(telemetry);
      set_max_verbosity(verbosity);
      SystemMonitor monitor;
      const auto begin = std::chrono::steady_clock::now();
      for (int hour = 0; hour < 5; ++hour) monitor.poll(begin + std::chrono::hours(hour));
    }
    return count(*sink, "process_threads");
  };
  EXPECT_GE(in_hours(std::nullopt, VerbosityFilter::kMax), 1u) << "by default it does not rest";
  EXPECT_EQ(in_hours(0ms, VerbosityFilter::kMax), 0u);
  EXPECT_EQ(in_hours(std::nullopt, VerbosityFilter::kOff), 0u);
}

TEST_F(RunningMonitor, TheLongestPeriodIsADay) {
  auto sink = std::make_shared<MemorySink>();
  {
    const auto telemetry = init_telemetry(to(sink, 0ms));
    ASSERT_TRUE(telemetry) << telemetry.error().message();
    set_system_metrics_period(std::chrono::milliseconds::max());
    SystemMonitor monitor;
    const auto begin = std::chrono::steady_clock::now();
    for (int hour = 0; hour < 24; ++hour) monitor.poll(begin + std::chrono::hours(hour));
    ASSERT_TRUE(flush(20s));
    EXPECT_EQ(count(*sink, "process_threads"), 0u);
    monitor.poll(begin + std::chrono::hours(25));
  }
  EXPECT_EQ(count(*sink, "process_threads"), 1u);
}

}  // namespace
}  // namespace micromegas
