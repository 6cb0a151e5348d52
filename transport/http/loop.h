// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// One thread of ours that runs a boost::asio::io_context; the only way in is a message.
#ifndef MICROMEGAS_TRANSPORT_HTTP_LOOP_H_
#define MICROMEGAS_TRANSPORT_HTTP_LOOP_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "micromegas/platform/result.h"

namespace boost::asio {
class io_context;
}

namespace micromegas::http {

class Loop {
 public:
  Loop();
  // Precondition: stopped, or never started.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Starts the thread, with every signal blocked.
  Result<void> start(std::string_view thread_name);
  // Runs `work` on the thread, later. Any thread; never blocks; after stop() nothing runs. What
  // `work` throws is reported and forgotten.
  void post(std::function<void()> work);
  // Runs `work` on the thread at a time; the last call counts. On the thread only.
  void run_at(std::chrono::steady_clock::time_point when, std::function<void()> work);
  void cancel_run_at();
  // Ends the thread after what it is doing right now and waits for it. Not on the thread itself.
  void stop();

  [[nodiscard]] boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_LOOP_H_
