// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A thread that records while the flush actor is in the middle of reading it.
#ifndef MICROMEGAS_TESTS_PIPELINE_BUSY_THREAD_H_
#define MICROMEGAS_TESTS_PIPELINE_BUSY_THREAD_H_

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "micromegas/tests/support/recording_sink.h"

namespace micromegas {

// Does what it is given on one thread.
class Worker {
 public:
  Worker() : thread_([this] { run(); }) {}
  ~Worker() {
    give(nullptr);
    thread_.join();
  }
  // Returns when it is done.
  void give(std::function<void()> work) {
    work_ = std::move(work);
    has_work_ = true;
    has_work_.notify_all();
    has_work_.wait(true);
  }

 private:
  void run() {
    for (bool more = true; more;) {
      has_work_.wait(false);
      more = work_ != nullptr;
      if (more) work_();
      has_work_ = false;
      has_work_.notify_all();
    }
  }

  std::function<void()> work_;
  std::atomic<bool> has_work_{false};
  std::thread thread_;
};

// A live line holds the actor until it is let go; then its first block of spans calls something.
struct BusySink : testing_support::RecordingSink {
  bool on_log_enabled(const LogMetadata&) override { return true; }
  void on_log(const LogMetadata&, std::span<const Property>, std::int64_t,
              std::string_view) override {
    holding = true;
    holding.notify_all();
    let_go.wait(false);
  }
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override {
    RecordingSink::on_process_thread_block(std::move(block));
    if (at_first_block) std::exchange(at_first_block, nullptr)();
  }
  std::atomic<bool> holding{false};
  std::atomic<bool> let_go{false};
  std::function<void()> at_first_block;
};

}  // namespace micromegas

#endif  // MICROMEGAS_TESTS_PIPELINE_BUSY_THREAD_H_
