// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A sink that gets a copy of what is recorded from here on, beside whatever telemetry does. For
// tests: what testing::Recorder is made of.
#ifndef MICROMEGAS_PIPELINE_CAPTURE_H_
#define MICROMEGAS_PIPELINE_CAPTURE_H_

#include <memory>
#include <utility>

#include "micromegas/pipeline/sink/event_sink.h"
#include "micromegas/platform/result.h"

namespace micromegas::pipeline {

// Any number at once. Each begin, end, join and flush is a message to the flush actor that waits
// for its answer, 10 s at most: what a thread recorded before it is on one side, what it records
// after it on the other.
class Capture {
 public:
  enum class Threads { kAll, kThose };  // of the process; that are joined

  // Joins the telemetry that runs. If none does, one is started that records everything and keeps
  // nothing; it ends with the last capture. On wasm32 it is an error if the program has started
  // telemetry itself.
  static Result<std::unique_ptr<Capture>> start(std::shared_ptr<EventSink> sink, Threads threads);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // The following are false if telemetry, which runs, does not answer within 10 s. Then a thread
  // has not joined; one that leaves does so when it can, and so does a capture that ends.
  bool join_current_thread();
  bool leave_current_thread();

  // What was recorded before the call has been given to the sink.
  bool flush();

 private:
  explicit Capture(std::shared_ptr<EventSink> sink) : sink_(std::move(sink)) {}
  std::shared_ptr<EventSink> sink_;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_CAPTURE_H_
