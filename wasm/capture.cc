// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// pipeline/capture.h on wasm32: one sink that gives each line to the captures that want it.

#include "micromegas/pipeline/capture.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/wasm/session.h"

namespace micromegas::pipeline {
namespace {

struct Taker {
  std::shared_ptr<EventSink> sink;
  bool all_threads = false;
  std::vector<std::thread::id> threads;
};

class Demux final : public EventSink {
 public:
  void on_startup(std::shared_ptr<const ProcessInfo> process) override {
    const std::lock_guard lock(mutex_);
    process_ = std::move(process);
  }
  void on_log(const LogMetadata& metadata, std::span<const Property> properties, std::int64_t time,
              std::string_view text) override {
    for (const auto& sink : wanting()) sink->on_log(metadata, properties, time, text);
  }

  void add(Taker taker) {
    std::shared_ptr<EventSink> sink = taker.sink;
    std::shared_ptr<const ProcessInfo> process;
    {
      const std::lock_guard lock(mutex_);
      takers_.push_back(std::move(taker));
      process = process_;
    }
    sink->on_startup(std::move(process));
  }
  // How many are left.
  std::size_t remove(const EventSink* sink) {
    const std::lock_guard lock(mutex_);
    std::erase_if(takers_, [sink](const Taker& taker) { return taker.sink.get() == sink; });
    return takers_.size();
  }
  template <class Change>
  void change_threads(const EventSink* sink, Change change) {
    const std::lock_guard lock(mutex_);
    for (Taker& taker : takers_) {
      if (taker.sink.get() == sink) change(taker.threads);
    }
  }

 private:
  std::vector<std::shared_ptr<EventSink>> wanting() {
    const auto self = std::this_thread::get_id();
    std::vector<std::shared_ptr<EventSink>> sinks;
    const std::lock_guard lock(mutex_);
    for (const Taker& taker : takers_) {
      if (taker.all_threads ||
          std::find(taker.threads.begin(), taker.threads.end(), self) != taker.threads.end()) {
        sinks.push_back(taker.sink);
      }
    }
    return sinks;
  }

  std::mutex mutex_;
  std::shared_ptr<const ProcessInfo> process_;
  std::vector<Taker> takers_;
};

struct Shared {
  std::mutex mutex;
  std::shared_ptr<Demux> demux;
  wasm::SessionId session = 0;
};
Shared& shared() {
  static Shared& instance = *new Shared;
  return instance;
}

std::shared_ptr<Demux> demux() {
  const std::lock_guard lock(shared().mutex);
  return shared().demux;
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::start(std::shared_ptr<EventSink> sink, Threads threads) {
  Shared& s = shared();
  const std::lock_guard lock(s.mutex);
  if (s.demux == nullptr || !wasm::session_running(s.session)) {
    auto demux = std::make_shared<Demux>();
    const auto started = wasm::start_session(demux, {}, {});
    if (!started) return started.error();
    s.demux = std::move(demux);
    s.session = *started;
  }
  s.demux->add({sink, threads == Threads::kAll, {}});
  return std::unique_ptr<Capture>(new Capture(std::move(sink)));
}

Capture::~Capture() {
  Shared& s = shared();
  const std::lock_guard lock(s.mutex);
  if (s.demux == nullptr || s.demux->remove(sink_.get()) > 0) return;
  wasm::stop_session(s.session, std::chrono::seconds(1));
  s.demux = nullptr;
}

bool Capture::join_current_thread() {
  const auto self = std::this_thread::get_id();
  if (const auto d = demux()) {
    d->change_threads(sink_.get(), [self](auto& threads) { threads.push_back(self); });
  }
  return true;
}

bool Capture::leave_current_thread() {
  const auto self = std::this_thread::get_id();
  if (const auto d = demux()) {
    d->change_threads(sink_.get(), [self](auto& threads) {
      const auto found = std::find(threads.begin(), threads.end(), self);
      if (found != threads.end()) threads.erase(found);
    });
  }
  return true;
}

// Each line was given where it was logged.
bool Capture::flush() { return true; }

}  // namespace micromegas::pipeline
