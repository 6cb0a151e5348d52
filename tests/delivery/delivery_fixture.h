// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// From macros to a server, under an oracle: no test of delivery ends without its check.
//
//   TEST_F(DeliveryTest, ...) {
//     start({.url = server.url()}, {.threads = 3, .numbers = 1000});
//     record_all();
//     ...                                             // the server hands to oracle_ what it stores
//   }
#ifndef MICROMEGAS_TESTS_DELIVERY_DELIVERY_FIXTURE_H_
#define MICROMEGAS_TESTS_DELIVERY_DELIVERY_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/telemetry.h"
#include "micromegas/tests/delivery/oracle.h"

namespace micromegas::testing {

class DeliveryTest : public ::testing::Test {
 protected:
  void TearDown() override { end(); }

  void start(TelemetryOptions options, const Oracle::Plan& plan) {
    plan_ = plan;
    oracle_.expect(plan);  // before anything can arrive
    has_server_ = !options.url.empty();
    // The oracle counts.
    options.system_metrics_period = std::chrono::milliseconds(0);
    options.report_end = false;
    auto telemetry = init_telemetry(std::move(options));
    ASSERT_TRUE(telemetry) << telemetry.error().message();
    telemetry_.emplace(std::move(*telemetry));
  }
  // Ends telemetry and asks the oracle.
  void end(std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
    if (!telemetry_) return;
    shutdown(deadline);
    telemetry_.reset();
    // On a busy machine it may have been left at its deadline: the books are whole a little later.
    const auto patience = std::chrono::steady_clock::now() + kPatience;
    while (!balanced(stats().total()) && std::chrono::steady_clock::now() < patience) {
      std::this_thread::yield();
    }
    if (has_server_) oracle_.check(stats());
  }

  // Each thread of the plan records on a thread of its own.
  template <class Record>
  void record_all(Record record) {
    std::vector<std::thread> threads;
    for (int t = 0; t < plan_.threads; ++t) {
      threads.emplace_back([&, t] {
        for (int n = 0; n < plan_.numbers; ++n) record(t, n);
      });
    }
    for (auto& thread : threads) thread.join();
  }
  void record_all() { record_all(&Oracle::record); }

  Oracle oracle_;

 private:
  static bool balanced(const KindStats& books) {
    return books.recorded == books.delivered + books.dropped_total() + books.held;
  }

  std::optional<TelemetryGuard> telemetry_;
  Oracle::Plan plan_;
  bool has_server_ = false;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_DELIVERY_DELIVERY_FIXTURE_H_
