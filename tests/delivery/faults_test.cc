// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// From macros through a server that does everything wrong at random to an oracle.

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <future>
#include <memory>
#include <random>
#include <string>

#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/sink/null_sink.h"
#include "micromegas/telemetry.h"
#include "micromegas/tests/delivery/delivery_fixture.h"
#include "micromegas/tests/delivery/oracle.h"
#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/tests/support/reserved_port.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using testing::Oracle;
using testing::ReceivedRequest;
using testing::Reply;
using testing::ScriptedServer;
using testing::status;

#ifdef MICROMEGAS_SANITIZER
constexpr int kNumbers = 2'000;
#else
constexpr int kNumbers = 10'000;
#endif
constexpr int kThreads = 3;

constexpr Oracle::Plan kPlan{.threads = kThreads, .numbers = kNumbers};

TelemetryOptions options_for(const std::string& url) {
  return {.url = url,
          .console = false,
          .queue_bytes = 256U << 20,
          .flush_period = 20ms,
          .log_block_bytes = 32U << 10,
          .metrics_block_bytes = 32U << 10,
          .thread_block_bytes = 32U << 10,
          .request_timeout = 500ms,
          .system_metrics_period = 0s,
          .report_end = false};
}

std::int64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class Faults : public testing::DeliveryTest {
 protected:
  ScriptedServer server_;
};

// Every second answer or so is a failure, before or after the server has stored what it was sent.
TEST_F(Faults, WhateverTheServerDoesEverythingArrivesOnce) {
  std::mt19937 random(4711);
  int faults = 0;
  server_.decide([&](const ReceivedRequest& request) {
    const auto stored = [&](Reply reply) {
      oracle_.take(request);
      return reply;
    };
    const unsigned choice = random() % 24;
    if (choice < 12) ++faults;
    switch (choice) {
      case 0:
        return status(500);
      case 1:
        return stored(status(500));  // it failed behind the insert
      case 2:
        return stored(testing::hang_up());  // the acknowledgement is lost
      case 3:
        return testing::hang_up();
      case 4:
        return stored(testing::reset_connection());
      case 5:
        return stored(testing::raw_then_close("HTTP/1.1 2"));
      case 6:
        return status(503, {{"Retry-After", "0"}});
      case 7:
        return status(429);
      case 8:
        return status(408);
      case 9:
        return status(401);
      case 10:
        return random() % 8 == 0 ? stored(testing::say_nothing()) : stored(status(502));
      case 11:
        return status(404);
      default:
        return stored(testing::close_after(status(200)));
    }
  });
  start(options_for(server_.url()), kPlan);
  record_all();
  EXPECT_TRUE(flush(120s));
  EXPECT_TRUE(shutdown(20s));
  const KindStats total = stats().total();
  EXPECT_EQ(total.recorded, total.delivered);
  EXPECT_EQ(total.dropped_total() + total.held, 0U);
  oracle_.expect_all();
  EXPECT_GT(faults, 10);
  EXPECT_GT(stats().retries, 10U);
}

// What does not fit the budget is dropped by kind, counted, and reported as metrics once there is
// room: the oracle sees what the books say and no more.
TEST_F(Faults, WhatIsShedIsInTheBooksAndReported) {
  std::atomic<bool> away{true};
  server_.decide([&](const ReceivedRequest& request) {
    if (away) return status(503);
    oracle_.take(request);
    return status(200);
  });
  TelemetryOptions options = options_for(server_.url());
  options.upload_soft_bytes = 64U << 10;
  options.upload_hard_bytes = 128U << 10;
  start(options, kPlan);
  record_all();
  const auto dropped = [](EventKind kind) {
    return stats().events[static_cast<std::size_t>(kind)].dropped_total();
  };
  auto deadline = std::chrono::steady_clock::now() + 20s;
  do {
    flush(100ms);
  } while (dropped(EventKind::kSpan) == 0 && std::chrono::steady_clock::now() < deadline);
  EXPECT_GT(dropped(EventKind::kSpan), 0U) << "spans go first";
  away = false;
  deadline = std::chrono::steady_clock::now() + 60s;
  struct Numbers {
    std::uint64_t traces, logs, metrics;
    bool operator==(const Numbers&) const = default;
  } in_books, reported;
  bool all = false;  // nothing is on its way that could be dropped yet
  do {
    all = flush(1s);
    reported = {oracle_.reported("telemetry_dropped_traces"),
                oracle_.reported("telemetry_dropped_logs"),
                oracle_.reported("telemetry_dropped_metrics")};
    in_books = {dropped(EventKind::kSpan), dropped(EventKind::kLog),
                dropped(EventKind::kIntegerMetric)};
  } while (!(all && reported == in_books) && std::chrono::steady_clock::now() < deadline);
  EXPECT_TRUE(all);
  EXPECT_EQ(reported.traces, in_books.traces);
  EXPECT_EQ(reported.logs, in_books.logs);
  EXPECT_EQ(reported.metrics, in_books.metrics);
  EXPECT_EQ(oracle_.reported("telemetry_dropped_metadata"), 0U);
  EXPECT_TRUE(shutdown(20s));
  EXPECT_EQ(stats().total().held, 0U);
}

// Who waits for room loses nothing to an outage, however small the budgets: it is as slow as the
// server while that lasts.
TEST_F(Faults, WhoWaitsForRoomLosesNothingToAnOutage) {
  std::atomic<bool> away{true};
  server_.decide([&](const ReceivedRequest& request) {
    if (away) return status(503);
    oracle_.take(request);
    return status(200);
  });
  TelemetryOptions options = options_for(server_.url());
  options.queue_bytes = 256U << 10;
  options.upload_soft_bytes = 256U << 10;
  options.upload_hard_bytes = 2U << 20;  // three times what is on its way (docs/operations.md)
  options.wait_when_full = {.logs = true, .metrics = true, .spans = true};
  options.wait_limit = 600s;
  start(options, {.threads = 2, .numbers = 60'000});
  auto writers = std::async(std::launch::async, [&] { record_all(); });
  const auto stalled = [] { return stats().waits > 0 && stats().upload_memory > (1U << 18); };
  while (!stalled() && writers.wait_for(1ms) != std::future_status::ready) {
  }
  EXPECT_NE(writers.wait_for(0s), std::future_status::ready) << "too few to fill the budgets";
  away = false;
  writers.get();
  EXPECT_TRUE(flush(120s));
  EXPECT_EQ(stats().total().dropped_total(), 0U);
  EXPECT_EQ(stats().waits_in_vain, 0U);
  EXPECT_GT(stats().wait_time, 0ns);
  oracle_.expect_all();
}

// Of kinds that wait alone the same holds: the others are dropped, and leave room for what is on
// its way.
TEST_F(Faults, WhatWaitsAloneLosesNothingToTheOthers) {
  const auto away = std::make_shared<std::atomic<bool>>(true);  // the fixture's end still asks
  server_.decide([this, away](const ReceivedRequest& request) {
    if (*away) return status(503);
    oracle_.take(request);
    return status(200);
  });
  TelemetryOptions options = options_for(server_.url());
  options.flush_period = 1h;
  options.log_block_bytes = 1U << 20;
  options.upload_soft_bytes = 1U << 20;
  options.upload_hard_bytes = 2U << 20;
  options.wait_when_full = {.logs = true};
  constexpr int kLogs = 6'000;
  constexpr int kMetrics = 300'000;
  start(options, {.threads = 1, .numbers = kMetrics, .numbers_of_logs = kLogs, .spans = false});
  // Logs in a block that is not cut yet; then more metrics than there is room for.
  for (int n = 0; n < kLogs; ++n) Oracle::record_log(0, n);
  for (int n = 0; n < kMetrics; ++n) Oracle::record_metric(0, n);
  EXPECT_TRUE(pipeline::hand_over_session(std::chrono::steady_clock::now() + 60s));
  const auto dropped = [](EventKind kind) {
    return stats()
        .events[static_cast<std::size_t>(kind)]
        .dropped[static_cast<std::size_t>(DropReason::kUploadBudget)];
  };
  EXPECT_GT(dropped(EventKind::kIntegerMetric), 0U) << "too few";
  EXPECT_EQ(dropped(EventKind::kLog), 0U);
  *away = false;
}

// What an outage of ten minutes at 10,000 logs a second takes, by macros and the real encoder, is
// held by the default budgets (docs/operations.md, "How to size the budgets"): a tenth of it, by a
// tenth of them. The waiting is outage_test's.
TEST_F(Faults, TheBudgetsHoldTenMinutesOfLogs) {
  constexpr int kSeconds = 60;
  constexpr int kLogs = 10'000;             // a second; one block
  constexpr std::size_t kMostEncoded = 27;  // 25.6: nothing of the texts can be compressed
  const testing::ReservedPort reserved;
  TelemetryOptions options{.url = reserved.url(), .console = false};
  options.upload_soft_bytes = (std::size_t{128} << 20) / 10;
  options.upload_hard_bytes = (std::size_t{256} << 20) / 10;
  start(options, {.threads = 1, .numbers = kSeconds * kLogs, .metrics = false, .spans = false});
  std::mt19937_64 random(4711);
  for (int second = 0; second < kSeconds; ++second) {
    for (int n = second * kLogs; n < (second + 1) * kLogs; ++n) {
      char text[17];
      std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random()));
      MM_INFO("0 {} {}", n, static_cast<const char*>(text));  // 48 bytes
    }
    // The pace of the machine: what waits is encoded meanwhile.
    const auto patience = std::chrono::steady_clock::now() + 60s;
    EXPECT_TRUE(pipeline::hand_over_session(patience));
    const std::size_t held = kMostEncoded * kLogs * static_cast<std::size_t>(second + 1);
    while (stats().upload_memory > held + (std::size_t{4} << 20) &&
           std::chrono::steady_clock::now() < patience) {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(stats().total().dropped_total(), 0U);
  EXPECT_EQ(stats().total().held, std::uint64_t{kSeconds} * kLogs);

  ScriptedServer server(reserved.port());
  server.decide([this](const ReceivedRequest& request) {
    oracle_.take(request);
    return status(200);
  });
  EXPECT_TRUE(flush(120s));
  oracle_.expect_all();
  const TelemetryStats books = stats();
  EXPECT_LT(books.bytes_sent, kMostEncoded * kSeconds * kLogs);
  RecordProperty("bytes_per_log", static_cast<int>(books.bytes_sent / (kSeconds * kLogs)));
  end();  // before the server's
}

// Writers work no more against a dead server than without one, and the books balance. It is their
// processor time that tells: the time on the clock is also that of whatever else runs. That they
// are not kept waiting is seen there all the same, in the best of a few rounds.
TEST_F(Faults, FiveMillionEventsAgainstADeadServerCostTheWritersNothing) {
#ifdef MICROMEGAS_SANITIZER
  constexpr int kEvents = 200'000;
#else
  constexpr int kEvents = 5'000'000;
#endif
  struct Seconds {
    double processor = 1e9;
    double clock = 1e9;
  };
  const auto run = [this](const std::string& url, Seconds& best) {
    start({.url = url,
           .console = false,
           .sinks = {{std::make_shared<NullSink>(), LevelFilter::kInfo}},  // wants them anyhow
           .flush_period = 100ms},
          {.threads = 2, .numbers = kEvents / 2, .metrics = false, .spans = false});
    std::atomic<std::int64_t> cpu_ns{0};
    const auto before = std::chrono::steady_clock::now();
    record_all([&](int thread, int number) {
      Oracle::record_log(thread, number);
      if (number == kEvents / 2 - 1) cpu_ns += thread_cpu_ns();
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
    // The actor is behind; the deadline is for the server.
    EXPECT_TRUE(pipeline::hand_over_session(std::chrono::steady_clock::now() + 120s));
    end(1s);
    EXPECT_EQ(stats().total().held, 0U);
    best.processor = std::min(best.processor, static_cast<double>(cpu_ns) * 1e-9);
    best.clock = std::min(best.clock, took.count());
  };
  // Takes the bytes, stores nothing and never answers.
  server_.decide([](const ReceivedRequest&) { return testing::say_nothing(); });
  const testing::ReservedPort nobody;
  Seconds without, dead, silent;
  // Not a measurement: ./dev bench --delivery is.
  const auto as_fast = [&] {
    return std::max(dead.processor, silent.processor) < without.processor * 2 + 0.1 &&
           std::max(dead.clock, silent.clock) < without.clock * 2 + 0.5;
  };
  int rounds = 0;
  do {
    run("", without);
    run(nobody.url(), dead);
    run(server_.url(), silent);
  } while (++rounds < 10 && !as_fast());
  std::string text;
  for (const Seconds& s : {without, dead, silent}) {
    text += std::to_string(s.processor) + " s of processor, " + std::to_string(s.clock) + " s; ";
  }
  RecordProperty("without_dead_silent", text);
  EXPECT_TRUE(as_fast()) << text;
}

}  // namespace
}  // namespace micromegas
