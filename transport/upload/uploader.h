// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The upload actor: one thread that takes requests from an Outbox, encodes and sends them, and
// reports what came back.
//
//   upload::Uploader uploader(outbox_options, client_options);
//   if (auto started = uploader.start(); !started) return started.error();
//   if (uploader.outbox().add_block(...)) uploader.wake();
//   uploader.stop(deadline);
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_UPLOADER_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_UPLOADER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "micromegas/platform/result.h"
#include "micromegas/transport/http/client.h"
#include "micromegas/transport/http/loop.h"
#include "micromegas/transport/upload/outbox.h"

namespace micromegas::upload {

class Uploader {
 public:
  // `credential` makes one that works on this loop, in place of the client's; it may be empty.
  using MakeCredential = std::function<std::shared_ptr<http::Credential>(http::Loop&)>;
  Uploader(OutboxOptions outbox, http::ClientOptions client,
           const MakeCredential& credential = nullptr);
  // Before start(), for tests of long waits: what the rules take for now. Who moves it wakes.
  void set_clock(std::function<TimePoint()> clock) { clock_ = std::move(clock); }
  // Precondition: stopped, or never started.
  ~Uploader();
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  Result<void> start();

  [[nodiscard]] Outbox& outbox() noexcept { return outbox_; }
  [[nodiscard]] const Outbox& outbox() const noexcept { return outbox_; }

  // Something was added to the outbox. Any thread, never blocks.
  void wake();

  // Accepts nothing more, tries everything once more until `deadline`, drops and counts the rest,
  // and ends the thread. Returns soon after the deadline at the latest. Any thread; a second call
  // waits for the first.
  void stop(TimePoint deadline);

 private:
  void pump();
  bool encode(Job& job);
  bool split(const Job& job, Outbox::Cut cut, TimePoint now);
  void send(const Job& job);
  void schedule(bool ready);

  Outbox outbox_;
  std::function<TimePoint()> clock_ = &std::chrono::steady_clock::now;
  std::mutex stop_mutex_;
  std::mutex loop_mutex_;  // of the pointer loop_, between wake() and stop()
  std::atomic<bool> woken_{false};
  std::unique_ptr<http::Loop> loop_;
  std::shared_ptr<http::Credential> credential_;  // null: none, or one that is always ready
  std::unique_ptr<http::Client> client_;
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_UPLOADER_H_
