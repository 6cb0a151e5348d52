// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Counters and histograms: what is added comes out, once, as metrics that tell of a period.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/aggregate_cells.h"
#include "micromegas/pipeline/queue/aggregates.h"
#include "micromegas/pipeline/queue/catalogue.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/testing.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

class CounterTest : public SessionTest {
 protected:
  // The sums of all metrics so far, by name.
  std::map<std::string, double> sums() {
    std::map<std::string, double> out;
    for (const auto& m : flushed().metrics) {
      out[m.name] += m.is_float ? m.number : static_cast<double>(m.integer);
    }
    return out;
  }
  std::vector<std::uint64_t> values(const std::string& name) {
    std::vector<std::uint64_t> out;
    for (const auto& m : sink_->recorded().metrics) {
      if (m.name == name) out.push_back(m.integer);
    }
    return out;
  }
};

TEST_F(CounterTest, AreTheSumOfEachPeriod) {
  start();
  for (unsigned i = 1; i <= 10; ++i) MM_COUNTER_T("http", "requests", "count", i);
  const auto recorded = flushed();
  ASSERT_EQ(recorded.metrics.size(), 1u);
  EXPECT_EQ(recorded.metrics[0].name, "requests");
  EXPECT_EQ(recorded.metrics[0].unit, "count");
  EXPECT_EQ(recorded.metrics[0].target, "http");
  EXPECT_FALSE(recorded.metrics[0].is_float);
  EXPECT_TRUE(recorded.metrics[0].properties.empty());
  flushed();  // untouched: nothing
  MM_COUNTER_T("http", "requests", "count", 7);
  flushed();
  EXPECT_EQ(values("requests"), (std::vector<std::uint64_t>{55, 7}));
  const EventStats books = pipeline::session_stats();
  EXPECT_EQ(of(books, EventKind::kIntegerMetric).recorded, 2u);
  EXPECT_EQ(of(books, EventKind::kIntegerMetric).delivered, 2u);
}

TEST_F(CounterTest, ThoseOfOneNameAreOne) {
  start();
  static const auto& eu = PropertySet::intern({{"region", "eu"}});
  static const auto& us = PropertySet::intern({{"region", "us"}});
  MM_COUNTER_T("net", "bytes", "bytes", 1);
  MM_COUNTER_T("net", "bytes", "bytes", 2);
  MM_COUNTER_T("disk", "bytes", "bytes", 4);
  MM_COUNTER_T("net", "bytes", "bits", 8);
  MM_COUNTER_T("net", "bytes", "bytes", 16, eu);
  MM_COUNTER_T("net", "bytes", "bytes", 32, us);
  std::thread([] { MM_COUNTER_T("net", "bytes", "bytes", 64, us); }).join();
  std::map<std::string, std::uint64_t> found;
  for (const auto& m : flushed().metrics) {
    const auto region = m.properties.find("region");
    found[m.target + " " + m.unit + " " + (region != m.properties.end() ? region->second : "")] +=
        m.integer;
  }
  EXPECT_EQ(found, (std::map<std::string, std::uint64_t>{{"net bytes ", 3},
                                                         {"disk bytes ", 4},
                                                         {"net bits ", 8},
                                                         {"net bytes eu", 16},
                                                         {"net bytes us", 96}}));
  EXPECT_EQ(sink_->recorded().metrics.size(), 5u);
}

TEST_F(CounterTest, ACallSiteMayChangeItsSet) {
  start();
  const auto add = [](const char* region) {
    MM_COUNTER_T("net", "counter", "bytes", 1, PropertySet::intern({{"region", region}}));
    MM_HISTOGRAM_T("net", "histogram", "bytes", 1, PropertySet::intern({{"region", region}}));
  };
  for (const char* region : {"eu", "us", "us", "eu", "asia", "us"}) add(region);
  std::map<std::string, std::uint64_t> found;
  for (const auto& m : flushed().metrics) {
    if (!m.is_float) found[m.name + " " + m.properties.at("region")] += m.integer;
  }
  EXPECT_EQ(found, (std::map<std::string, std::uint64_t>{{"counter eu", 2},
                                                         {"counter us", 3},
                                                         {"counter asia", 1},
                                                         {"histogram.count eu", 2},
                                                         {"histogram.count us", 3},
                                                         {"histogram.count asia", 1}}));
}

TEST_F(CounterTest, TheEmptySetIsNone) {
  start();
  static const auto& eu = PropertySet::intern({{"region", "eu"}});
  static const auto& empty = PropertySet::intern({});
  MM_COUNTER_T("net", "bytes", "bytes", 1);
  for (const auto* set : {&eu, &empty, &eu, &empty}) MM_COUNTER_T("net", "bytes", "bytes", 2, *set);
  for (const auto* set : {&empty, &eu}) MM_COUNTER_T("net", "bytes", "bytes", 8, *set);
  std::vector<std::pair<std::size_t, std::uint64_t>> found;  // properties, sum
  for (const auto& m : flushed().metrics) found.emplace_back(m.properties.size(), m.integer);
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (std::vector<std::pair<std::size_t, std::uint64_t>>{{0, 13}, {1, 12}}));
}

TEST_F(CounterTest, SumsStopAtTheGreatestInteger) {
  start();
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const auto add = [](std::uint64_t n) { MM_COUNTER("bytes", "bytes", n); };
  add(kMax);
  add(5);
  flushed();
  add(7);  // of the next period
  flushed();
  add(kMax - 1);
  std::thread([&] { add(5); }).join();
  flushed();
  add(kMax - 2);  // one thread's passes 2^64 without being that much in a period
  flushed();
  add(9);
  flushed();
  EXPECT_EQ(values("bytes"), (std::vector<std::uint64_t>{kMax, 7, kMax, kMax - 2, 9}));
}

TEST_F(CounterTest, ASumThatIsReadWhileItPassesTheGreatestIsToldLater) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  queue::CounterCell cell;
  cell.add(kMax);
  EXPECT_EQ(cell.take(), kMax);
  cell.value = 4;  // and 2^64, which is not said yet
  EXPECT_EQ(cell.take(), 0u);
  cell.wraps = 1;
  EXPECT_EQ(cell.take(), 5u);
}

TEST_F(CounterTest, TooManyAreRefused) {
  static auto& catalogue = *new queue::Catalogue;  // keeps what it has, as the process's does
  queue::Aggregates aggregates;
  const auto add = [&](std::uint32_t set) {
    return aggregates.add(queue::AggregateKind::kHistogram, {.name = "n", .unit = "x"}, set,
                          catalogue);
  };
  for (std::uint32_t i = 1; i <= queue::Aggregates::kMaxAggregates; ++i) ASSERT_EQ(add(i), i);
  EXPECT_EQ(add(100'000), 0u);
  EXPECT_EQ(add(5), 5u);
  // Memory too is bounded.
  std::size_t cells = 0;
  for (; aggregates.add_cell(1) != nullptr; ++cells) ASSERT_FALSE(aggregates.full());
  EXPECT_TRUE(aggregates.full());
  EXPECT_NEAR(static_cast<double>(cells), (128U << 20) / 4400.0, 2000);
}

TEST_F(CounterTest, HistogramsTellHowValuesAreSpread) {
  start();
  for (int i = 1; i <= 1000; ++i) MM_HISTOGRAM_T("http", "latency", "ms", i);
  std::map<std::string, testing_support::Metric> metrics;
  for (const auto& m : flushed().metrics) metrics.emplace(m.name, m);
  ASSERT_EQ(metrics.size(), 7u);
  EXPECT_EQ(metrics.at("latency.count").integer, 1000u);
  EXPECT_EQ(metrics.at("latency.count").unit, "count");
  EXPECT_EQ(metrics.at("latency.sum").number, 500'500);
  EXPECT_EQ(metrics.at("latency.min").number, 1);
  EXPECT_EQ(metrics.at("latency.max").number, 1000);
  EXPECT_NEAR(metrics.at("latency.p50").number, 500, 500 / 32.0);
  EXPECT_NEAR(metrics.at("latency.p90").number, 900, 900 / 32.0);
  EXPECT_NEAR(metrics.at("latency.p99").number, 990, 990 / 32.0);
  for (const auto& [name, m] : metrics) {
    EXPECT_EQ(m.target, "http");
    EXPECT_EQ(m.unit, name == "latency.count" ? "count" : "ms") << name;
  }
  // The next period knows nothing of this one.
  MM_HISTOGRAM_T("http", "latency", "ms", 5);
  const auto all = flushed().metrics;
  ASSERT_EQ(all.size(), 14u);
  for (std::size_t i = 7; i < 14; ++i) {
    EXPECT_EQ(all[i].is_float ? all[i].number : static_cast<double>(all[i].integer),
              all[i].name == "latency.count" ? 1 : 5)
        << all[i].name;
  }
}

TEST_F(CounterTest, QuantilesAreWithinAThirtySecond) {
  std::mt19937_64 random(42);
  std::lognormal_distribution<double> spread(0, 4);
  queue::HistogramBank bank;
  std::vector<double> values;
  for (int i = 0; i < 50'000; ++i) values.push_back(spread(random));
  for (const double value : values) bank.add(value);
  std::sort(values.begin(), values.end());
  for (const unsigned percent : {0U, 1U, 25U, 50U, 90U, 99U, 100U}) {
    const double exact = values[std::max(500U * percent, 1U) - 1];
    EXPECT_NEAR(bank.percentile(percent), exact, exact / 32) << percent;
  }
}

// Of few values too: the least that so many do not pass, by its rank.
TEST_F(CounterTest, PercentilesOfFewValuesAreTheirOwn) {
  for (const unsigned count : {1U, 2U, 10U, 51U, 100U, 101U}) {
    queue::HistogramBank bank;
    std::vector<double> values;
    for (unsigned i = 0; i < count; ++i) values.push_back(std::pow(1.2, i));
    for (const double value : values) bank.add(value);
    for (const unsigned percent : {50U, 90U, 99U}) {
      unsigned rank = 1;
      while (rank * 100 < count * percent) ++rank;
      EXPECT_NEAR(bank.percentile(percent), values[rank - 1], values[rank - 1] / 32)
          << percent << " of " << count;
    }
  }
  queue::HistogramBank outlier;
  for (int i = 0; i < 9; ++i) outlier.add(1);
  outlier.add(1000);
  EXPECT_NEAR(outlier.percentile(99), 1000, 1000 / 32.0);
}

TEST_F(CounterTest, NumbersThatAreTooLargeStopAtTheGreatest) {
  constexpr double kMax = std::numeric_limits<double>::max();
  queue::HistogramBank bank;
  bank.add(1);
  bank.buckets[queue::HistogramBank::bucket_of(1)] = std::numeric_limits<std::uint32_t>::max();
  bank.add(1);
  queue::HistogramSum sum;
  sum.add(bank);
  sum.add(bank);
  EXPECT_EQ(sum.buckets[queue::HistogramBank::bucket_of(1)], 2 * std::uint64_t{0xffffffff});
  start();
  for (int i = 0; i < 3; ++i) MM_HISTOGRAM("large", "x", kMax);
  EXPECT_EQ(sums().at("large.sum"), kMax);
}

TEST_F(CounterTest, HistogramsTakeAnyFiniteNumber) {
  using Limits = std::numeric_limits<double>;
  start();
  for (const double value : {0.0, -0.0, -5.0, 1e-300, Limits::denorm_min(), 1e300, Limits::max()}) {
    queue::HistogramBank bank;
    bank.add(value);
    EXPECT_EQ(bank.percentile(50), value);
    MM_HISTOGRAM("any", "x", value);
  }
  MM_HISTOGRAM("any", "x", Limits::infinity());
  MM_HISTOGRAM("any", "x", -Limits::infinity());
  MM_HISTOGRAM("any", "x", Limits::quiet_NaN());
  MM_COUNTER("negative", "x", -1);
  const auto found = sums();
  EXPECT_EQ(found.at("any.count"), 7);
  EXPECT_EQ(found.at("any.min"), -5);
  EXPECT_EQ(found.at("any.max"), Limits::max());
  EXPECT_FALSE(found.contains("negative"));
  const EventStats books = pipeline::session_stats();
  const auto invalid = static_cast<std::size_t>(DropReason::kInvalid);
  EXPECT_EQ(of(books, EventKind::kFloatMetric).dropped[invalid], 3u);
  EXPECT_EQ(of(books, EventKind::kIntegerMetric).dropped[invalid], 1u);
}

TEST_F(CounterTest, LeaveByTheTimer) {
  pipeline::SessionOptions options;
  options.flush.period = std::chrono::milliseconds(50);
  start(std::move(options));
  MM_COUNTER("first", "count", 1);
  EXPECT_TRUE(sink_->wait([](const auto& r) { return r.metrics.size() == 1; }));
  MM_COUNTER("second", "count", 1);
  EXPECT_TRUE(sink_->wait([](const auto& r) { return r.metrics.size() == 2; }));
}

TEST_F(CounterTest, ThreadsThatEndLoseNothing) {
  start();
  constexpr int kThreads = 300;
  for (int t = 0; t < kThreads; ++t) {
    std::thread([] {
      MM_COUNTER("from ended threads", "count", 3);
      MM_HISTOGRAM("histogram", "x", 2);
    }).join();
  }
  const auto found = sums();
  EXPECT_EQ(found.at("from ended threads"), 3 * kThreads);
  EXPECT_EQ(found.at("histogram.count"), kThreads);
  EXPECT_EQ(found.at("histogram.sum"), 2 * kThreads);
}

TEST_F(CounterTest, TheEndLosesNothingAndTheNextSessionBeginsAtZero) {
  start();
  MM_COUNTER("at the end", "count", 5);
  MM_HISTOGRAM("histogram", "x", 1);
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  EXPECT_EQ(values("at the end"), std::vector<std::uint64_t>{5});
  EXPECT_EQ(values("histogram.count"), std::vector<std::uint64_t>{1});
  MM_COUNTER("at the end", "count", 100);  // not running
  sink_ = std::make_shared<testing_support::RecordingSink>();
  start();
  flushed();
  EXPECT_TRUE(sink_->recorded().metrics.empty());
  for (int i = 0; i < 2; ++i) MM_COUNTER("at the end", "count", 1);
  EXPECT_EQ(sums().at("at the end"), 2);
}

// Threads need the lock for their first addition.
TEST_F(CounterTest, NobodyWaitsForTheActor) {
  using queue::AggregateKind;
  queue::Catalogue& catalogue = queue::Runtime::get().catalogue();
  queue::Aggregates aggregates;
  const StaticMetricMetadata metadata{.name = "m", .unit = "count"};
  const auto counter = aggregates.add(AggregateKind::kCounter, metadata, 0, catalogue);
  const auto histogram = aggregates.add(AggregateKind::kHistogram, metadata, 0, catalogue);
  static_cast<queue::CounterCell*>(aggregates.add_cell(counter))->value = 1;
  static_cast<queue::HistogramCell*>(aggregates.add_cell(histogram))->bank.load()->add(1);
  int visits = 0;
  aggregates.collect(
      [&](const queue::AggregateMetric&) {
        ++visits;
        std::thread([&] {
          const std::unique_lock lock(aggregates.mutex(), std::try_to_lock);
          EXPECT_TRUE(lock);
        }).join();
      },
      std::chrono::milliseconds(0));
  EXPECT_EQ(visits, 8);
}

// A thread that is interrupted in the middle of an addition has the bank of its cell in its hands.
class InterruptedAdditionTest : public CounterTest {
 protected:
  void add_and_interrupt() {
    static constinit StaticMetricMetadata site{.name = "interrupted", .unit = "x", .target = "t"};
    site_ = &site;
    detail::Histogram(site, 3);
    cell_ = static_cast<queue::HistogramCell*>(
        queue::Runtime::get().aggregate_cell(site, queue::AggregateKind::kHistogram, 0));
    ASSERT_NE(cell_, nullptr);
    bank_ = cell_->bank.exchange(nullptr);
    ASSERT_EQ(bank_->count, 1u);
  }
  void go_on() {
    bank_->add(4);
    cell_->bank.store(bank_);
  }
  const StaticMetricMetadata* site_ = nullptr;
  queue::HistogramCell* cell_ = nullptr;
  queue::HistogramBank* bank_ = nullptr;
};

TEST_F(InterruptedAdditionTest, TheEndWaitsForIt) {
  bool given_up = true;  // as it may when `late` has no processor for longer
  for (int tries = 0; given_up && tries < 10; ++tries) {
    sink_ = std::make_shared<testing_support::RecordingSink>();
    start();
    add_and_interrupt();
    std::thread late([this] {
      while (queue::Runtime::get().running()) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // has no processor
      go_on();
    });
    EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
    late.join();
    given_up = of(pipeline::session_stats(), EventKind::kIntegerMetric)
                   .dropped[static_cast<std::size_t>(DropReason::kStopped)] == 1;
  }
  EXPECT_EQ(values("interrupted.count"), std::vector<std::uint64_t>{2});
}

TEST_F(InterruptedAdditionTest, TheEndDoesNotWaitForEverAndCounts) {
  start();
  add_and_interrupt();
  EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
  EXPECT_TRUE(values("interrupted.count").empty());
  const EventStats books = pipeline::session_stats();
  EXPECT_EQ(of(books, EventKind::kIntegerMetric).recorded, 1u);
  EXPECT_EQ(
      of(books, EventKind::kIntegerMetric).dropped[static_cast<std::size_t>(DropReason::kStopped)],
      1u);
  go_on();
}

TEST_F(InterruptedAdditionTest, ASignalHandlerThatAddsToItIsIgnoredAndCounted) {
  start();
  add_and_interrupt();
  detail::Histogram(*site_, 5);
  go_on();
  EXPECT_EQ(sums().at("interrupted.count"), 2);
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kFloatMetric)
                .dropped[static_cast<std::size_t>(DropReason::kInvalid)],
            1u);
}

TEST_F(InterruptedAdditionTest, AFlushLeavesItForTheNextOne) {
  start();
  add_and_interrupt();
  EXPECT_FALSE(sums().contains("interrupted.count"));
  go_on();
  EXPECT_EQ(sums().at("interrupted.count"), 2);
}

TEST_F(CounterTest, WhatTheVerbosityLeavesOutIsNotEvaluated) {
  pipeline::SessionOptions options;
  options.filters.max_verbosity = VerbosityFilter::kMin;
  start(std::move(options));
  int evaluated = 0;
  MM_COUNTER_V(kMed, "left out", "count", ++evaluated);
  MM_HISTOGRAM_V(kMax, "left out", "x", ++evaluated);
  MM_COUNTER_V(kMin, "in", "count", 1);
  EXPECT_EQ(evaluated, 0);
  EXPECT_EQ(sums(), (std::map<std::string, double>{{"in", 1}}));
}

// Every addition is in one period, and in one only, whatever is flushed when.
TEST_F(CounterTest, ManyThreadsAndManyFlushesAreExact) {
  start();
  constexpr int kThreads = 6;
#ifdef MICROMEGAS_SANITIZER
  constexpr int kTurns = 20'000;
#else
  constexpr int kTurns = 500'000;
#endif
  std::atomic<int> running{kThreads};
  std::atomic<int> halfway{0};
  std::atomic<bool> cut{false};  // halfway: there are two periods at least
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kTurns; ++i) {
        if (i == kTurns / 2) {
          ++halfway;
          while (!cut) std::this_thread::yield();
        }
        MM_COUNTER("added", "count", i);
        MM_HISTOGRAM("spread", "x", i % 1000);
        if (i % 5000 == 0) MM_COUNTER_T("own", "now and then", "count", 1);
      }
      running.fetch_sub(1);
    });
  }
  while (running.load() > 0) {
    const bool all = halfway == kThreads;
    EXPECT_TRUE(pipeline::flush_session(in(std::chrono::seconds(20))));
    if (all) cut = true;
  }
  for (std::thread& thread : threads) thread.join();
  const auto found = sums();
  const double turns = double{kThreads} * kTurns;
  EXPECT_EQ(found.at("added"), turns * (kTurns - 1) / 2);
  EXPECT_EQ(found.at("spread.count"), turns);
  EXPECT_EQ(found.at("spread.sum"), turns * 999 / 2);
  // One period's numbers fit each other.
  std::map<std::int64_t, std::map<std::string, double>> periods;
  for (const auto& m : sink_->recorded().metrics) {
    if (m.name.starts_with("spread")) {
      periods[m.time][m.name] = m.is_float ? m.number : static_cast<double>(m.integer);
    }
  }
  EXPECT_GT(periods.size(), 1u);
  for (auto& [time, p] : periods) {
    EXPECT_EQ(p.size(), 7u);
    EXPECT_LE(p["spread.min"] * p["spread.count"], p["spread.sum"]);
    EXPECT_GE(p["spread.max"] * p["spread.count"], p["spread.sum"]);
    EXPECT_LE(p["spread.min"], p["spread.p50"]);
    EXPECT_LE(p["spread.p50"], p["spread.p99"]);
    EXPECT_LE(p["spread.p99"], p["spread.max"]);
  }
}

TEST_F(CounterTest, AForkedChildCountsForItself) {
  start();
  MM_COUNTER("before the fork", "count", 1);
  const auto add = [] {
    MM_COUNTER("shared", "count", 1);
    MM_HISTOGRAM("spread", "x", 1);
  };
  add();
  const int status = testing::run_child([&] {
    const auto sink = std::make_shared<testing_support::RecordingSink>();
    if (!dispatch::init_event_dispatch(4096, 4096, 4096, sink, {}, true)) _exit(1);
    add();
    dispatch::shutdown_dispatch();
    std::map<std::string, double> found;
    for (const auto& m : sink->recorded().metrics) {
      found[m.name] += m.is_float ? m.number : static_cast<double>(m.integer);
    }
    _exit(found.size() == 8 && found["shared"] == 1 && found["spread.count"] == 1 ? 0 : 2);
  });
  EXPECT_TRUE(testing::exited_with(status, 0)) << status;
  const auto found = sums();
  EXPECT_EQ(found.at("shared"), 1);
  EXPECT_EQ(found.at("spread.count"), 1);
}

TEST_F(CounterTest, ATestSeesThem) {
  testing::Recorder recorder;
  for (int i = 0; i < 3; ++i) MM_COUNTER("requests", "count", 2);
  EXPECT_TRUE(recorder.expect_metrics(1, {.name = "requests", .value = 6}));
}

}  // namespace
}  // namespace micromegas
