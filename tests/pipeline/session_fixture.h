// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// One running session with a recording sink; at the end of each test the books must balance.
#ifndef MICROMEGAS_TESTS_PIPELINE_SESSION_FIXTURE_H_
#define MICROMEGAS_TESTS_PIPELINE_SESSION_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/tests/support/recording_sink.h"

namespace micromegas {

inline pipeline::Deadline in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

inline const KindStats& of(const EventStats& stats, EventKind kind) {
  return stats[static_cast<std::size_t>(kind)];
}

inline void expect_balanced(const EventStats& stats) {
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    const KindStats& k = stats[kind];
    EXPECT_EQ(k.recorded, k.delivered + k.dropped_total() + k.sampled_out + k.held)
        << to_string(static_cast<EventKind>(kind)) << ": delivered " << k.delivered << ", dropped "
        << k.dropped_total() << ", held " << k.held;
  }
}

class SessionTest : public ::testing::Test {
 protected:
  // For tests that want other options: call before anything else.
  void start(pipeline::SessionOptions options = {}) {
    if (options.sink == nullptr) options.sink = sink_;
    options.process = dispatch::make_process_info(Uuid::random(), std::nullopt, {});
    const auto started = pipeline::start_session(std::move(options));
    ASSERT_TRUE(started) << started.error().message();
  }
  static pipeline::SessionOptions trace_options() {
    pipeline::SessionOptions options;
    options.filters.log = LevelFilter::kTrace;
    return options;
  }
  // Everything recorded so far, in the sink.
  testing_support::Recorded flushed() {
    EXPECT_TRUE(pipeline::flush_session(in(std::chrono::seconds(20))));
    return sink_->recorded();
  }
  void TearDown() override {
    EXPECT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
    expect_balanced(pipeline::session_stats());
    EXPECT_EQ(testing_support::broken_invariant(sink_->recorded()), "");
  }

  std::shared_ptr<testing_support::RecordingSink> sink_ =
      std::make_shared<testing_support::RecordingSink>();
};

}  // namespace micromegas

#endif  // MICROMEGAS_TESTS_PIPELINE_SESSION_FIXTURE_H_
