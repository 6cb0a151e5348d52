// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <thread>
#include <utility>

#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/thread.h"

namespace micromegas::http {
namespace asio = boost::asio;

struct Loop::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer timer{context};
  std::thread thread;

  void run() {
    for (;;) {
      try {
        context.run();
        return;
      } catch (const std::exception& error) {
        diagnose("upload.exception", error.what());
      } catch (...) {
        diagnose("upload.exception", "unknown exception on the upload thread");
      }
    }
  }
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

Result<void> Loop::start(std::string_view thread_name) {
  auto thread =
      start_thread_with_signals_blocked(thread_name, [impl = impl_.get()] { impl->run(); });
  if (!thread) return thread.error();
  impl_->thread = std::move(*thread);
  return {};
}

void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void Loop::run_at(std::chrono::steady_clock::time_point when, std::function<void()> work) {
  impl_->timer.expires_at(when);
  impl_->timer.async_wait([work = std::move(work)](const boost::system::error_code& error) {
    if (!error) work();
  });
}

void Loop::cancel_run_at() { impl_->timer.cancel(); }

void Loop::stop() {
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

asio::io_context& Loop::context() { return impl_->context; }

}  // namespace micromegas::http
