// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// For users' unit tests: everything that is recorded, in memory and decoded, and what is expected
// of it. With GoogleTest, testing_matchers.h says it better.
//
//   micromegas::testing::Recorder recorder;  // from here to the end of the block
//   code_under_test();
//   const auto refused = recorder.expect_logs(
//       1, {.level = micromegas::Level::kError, .target = "net", .contains = "refused"});
//   if (!refused) std::puts(refused.message().c_str());
//
// Tests that run at the same time in one process, each in a thread of its own, take
// Recorder::kThisThread: each sees what its thread records, and what threads do that it has let in
// with a Join. There may be any number of recorders, beside a telemetry that runs already too.
#ifndef MICROMEGAS_TESTING_H_
#define MICROMEGAS_TESTING_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/dispatch.h"
#include "micromegas/instrument.h"
#include "micromegas/pipeline/capture.h"
#include "micromegas/pipeline/sink/memory_sink.h"

namespace micromegas::testing {

// What an event must be like; what is not given does not matter. Views: for the call only.
struct LogQuery {
  std::optional<Level> level = {};
  std::optional<std::string_view> target = {};
  std::string_view contains = {};  // in the text
  std::vector<Property> properties = {};
};
struct MetricQuery {
  std::optional<std::string_view> name = {};
  std::optional<std::string_view> target = {};
  std::optional<std::string_view> unit = {};
  std::optional<double> value = {};
  std::vector<Property> properties = {};
};
struct SpanQuery {
  std::optional<std::string_view> name = {};
  std::optional<std::string_view> target = {};
  std::vector<Property> properties = {};
};

// Whether it was as expected; if not, the message tells what was wanted and what there is.
class [[nodiscard]] Verdict {
 public:
  explicit operator bool() const noexcept { return message_.empty(); }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  Verdict() = default;
  explicit Verdict(std::string message) : message_(std::move(message)) {}

 private:
  std::string message_;
};

// One line that says what the event is.
std::string describe(const MemorySink::Log& log);
std::string describe(const MemorySink::Metric& metric);
std::string describe(const MemorySink::ThreadSpan& span);
std::string describe(const MemorySink::AsyncSpan& span);
std::string describe(const MemorySink::Image& image);

// Everything that is recorded from its construction to its destruction. The accessors: any thread;
// what was recorded before the call is there. If no telemetry runs, one is started that records
// everything; one that runs already goes on, and its filters decide. Where that cannot be, because
// a sink keeps telemetry from answering for 10 s, expectations are not met, and whatever else is
// asked for aborts the program with a message: what it would give looks like less than there was.
class Recorder {
 public:
  // kThisThread: logs, metrics, images and spans of the thread; not what belongs to none, which are
  // counters, histograms and tracks.
  enum Threads { kAllThreads, kThisThread };

  explicit Recorder(Threads threads = kAllThreads);
  ~Recorder() = default;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Lets what the calling thread records in, from here to the end of the block; for a Recorder of
  // kThisThread, on other threads.
  class Join {
   public:
    explicit Join(Recorder& recorder) : recorder_(recorder) { recorder.join(); }
    ~Join() { recorder_.leave(); }
    Join(const Join&) = delete;
    Join& operator=(const Join&) = delete;

   private:
    Recorder& recorder_;
  };

  [[nodiscard]] std::vector<MemorySink::Log> logs() { return sink().logs(); }
  [[nodiscard]] std::vector<MemorySink::Metric> metrics() { return sink().metrics(); }
  // Spans that have ended.
  [[nodiscard]] std::vector<MemorySink::ThreadSpan> spans() { return sink().thread_spans(); }
  [[nodiscard]] std::vector<MemorySink::AsyncSpan> async_spans() { return sink().async_spans(); }
  [[nodiscard]] std::vector<MemorySink::Image> images() { return sink().images(); }
  // The rest of what there is to know, and wait_for() for what other threads do. No live lines.
  MemorySink& sink();
  // Forgets what was recorded so far.
  void clear() { sink().clear(); }

  // That exactly `count` events are so.
  Verdict expect_logs(std::size_t count, const LogQuery& query);
  Verdict expect_metrics(std::size_t count, const MetricQuery& query);
  Verdict expect_spans(std::size_t count, const SpanQuery& query);
  Verdict expect_async_spans(std::size_t count, const SpanQuery& query);

 private:
  void join();
  void leave() noexcept;
  // Flushes; why the sink may not have just what was recorded, or "".
  std::string why_not();

  std::shared_ptr<MemorySink> sink_;
  std::unique_ptr<pipeline::Capture> capture_;
  std::atomic<bool> left_late_{false};
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTING_H_
