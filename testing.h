// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// For users' unit tests: everything that is recorded, in memory and decoded.
//
//   micromegas::testing::Recorder recorder;   // starts telemetry, into memory only
//   code_under_test();
//   EXPECT_EQ(recorder.sink().logs().size(), 1u);
#ifndef MICROMEGAS_TESTING_H_
#define MICROMEGAS_TESTING_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "micromegas/dispatch.h"
#include "micromegas/instrument.h"
#include "micromegas/pipeline/sink/memory_sink.h"

namespace micromegas::testing {

// Telemetry of its own from here to the end of the block. One at a time in a process, and not
// beside a running telemetry: that ends the test program with a message.
class Recorder {
 public:
  Recorder() : sink_(std::make_shared<MemorySink>()) {
    constexpr std::size_t kBuffer = 1U << 20;
    const Result<void> started =
        dispatch::init_event_dispatch(kBuffer, kBuffer, kBuffer, sink_, {}, true);
    if (!started) {
      std::fprintf(stderr, "micromegas::testing::Recorder: %s\n",
                   started.error().message().c_str());
      std::abort();
    }
  }
  ~Recorder() { dispatch::shutdown_dispatch(); }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // What has been recorded up to this call, by any thread.
  MemorySink& sink() {
    dispatch::flush_log_buffer();
    return *sink_;
  }

 private:
  std::shared_ptr<MemorySink> sink_;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTING_H_
