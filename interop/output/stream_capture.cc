// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/dispatch.h"
#include "micromegas/interop/output/output_lines.h"
#include "micromegas/output_capture.h"
#include "micromegas/platform/thread.h"

namespace micromegas {
namespace {

// The thread is inside: what it prints here (a diagnostic handler) is passed on only.
constinit thread_local bool g_inside = false;

struct Inside {
  Inside() { g_inside = true; }
  ~Inside() { g_inside = false; }
};

// How many forks lie between the first process and this one.
constinit std::atomic<std::uint32_t> g_forks{0};

void count_forks() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { g_forks.fetch_add(1, std::memory_order_relaxed); });
  (void)registered;
}

}  // namespace

// Keeps no text of its own: each piece goes to the stream's own buffer at once.
class StreamCapture::Buffer final : public std::streambuf {
 public:
  Buffer(std::streambuf* original, OutputCaptureOptions options)
      : original_(original), options_(std::move(options)) {}

  [[nodiscard]] std::streambuf* original() const { return original_; }
  // False in a forked child, where the lock may be held by a thread that is not there, and the line
  // begun by it.
  [[nodiscard]] bool is_of_this_process() const noexcept {
    return forks_ == g_forks.load(std::memory_order_relaxed);
  }
  // For ever, where a leak checker finds it.
  static void keep(std::unique_ptr<Buffer> buffer) noexcept {
    static constinit std::atomic<Buffer*> kept{nullptr};
    Buffer* const last = buffer.release();
    last->kept_before_ = kept.load(std::memory_order_relaxed);
    while (!kept.compare_exchange_weak(last->kept_before_, last, std::memory_order_release)) {
    }
  }
  void end() {
    if (is_of_this_process()) take([this](auto line) { return lines_.end(line); });
    ended_.store(true, std::memory_order_relaxed);
  }

 protected:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char text = traits_type::to_char_type(c);
    return xsputn(&text, 1) == 1 ? c : traits_type::eof();
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    const std::streamsize passed = original_ != nullptr ? original_->sputn(text, size) : size;
    if (passed > 0 && !g_inside && !on_library_thread() && is_of_this_process() &&
        !ended_.load(std::memory_order_relaxed)) {
      const std::string_view output(text, static_cast<std::size_t>(passed));
      take([&](auto line) { return lines_.add(output, line); });
    }
    return passed;
  }
  int sync() override { return original_ != nullptr ? original_->pubsync() : 0; }

 private:
  // Recorded when the lock is free again.
  template <class Split>
  void take(Split split) noexcept {
    const Inside inside;
    std::vector<std::string> lines;
    const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
    std::unique_lock lock(mutex_);
    const std::size_t lost = split(keep);
    lock.unlock();
    const LogMetadata metadata{.level = options_.level, .target = options_.target};
    for (const std::string& line : lines) dispatch::log_interop(metadata, line);
    detail::count_lost_lines(metadata, lost);
  }

  std::streambuf* const original_;
  const OutputCaptureOptions options_;
  const std::uint32_t forks_ = g_forks.load(std::memory_order_relaxed);
  Buffer* kept_before_ = nullptr;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  detail::OutputLines lines_;
};

StreamCapture::StreamCapture(std::ostream& stream, OutputCaptureOptions options)
    : stream_(stream), buffer_(std::make_unique<Buffer>(stream.rdbuf(), std::move(options))) {
  count_forks();
  stream_.rdbuf(buffer_.get());
}

StreamCapture::~StreamCapture() {
  buffer_->end();
  const bool is_latest = stream_.rdbuf() == buffer_.get();
  if (is_latest) stream_.rdbuf(buffer_->original());
  // A later one passes on to it; a mutex that is locked must not be destroyed.
  if (!is_latest || !buffer_->is_of_this_process()) Buffer::keep(std::move(buffer_));
}

}  // namespace micromegas
