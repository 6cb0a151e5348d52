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
// for its answer: what a thread recorded before it is on one side, what it records after it on the
// other.
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

  void join_current_thread();
  void leave_current_thread();

  // What was recorded before the call has been given to the sink; false if it was not: telemetry
  // has ended, or does not answer within 10 s.
  bool flush();

 private:
  explicit Capture(std::shared_ptr<EventSink> sink) : sink_(std::move(sink)) {}
  std::shared_ptr<EventSink> sink_;
};

}  // namespace micromegas::pipeline

#endif  // MICROMEGAS_PIPELINE_CAPTURE_H_
