// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <memory>
#include <mutex>
#include <new>
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

}  // namespace

// Keeps no text of its own: each piece goes to the stream's own buffer at once.
class StreamCapture::Buffer final : public std::streambuf {
 public:
  Buffer(std::streambuf* original, OutputCaptureOptions options)
      : original_(original), options_(std::move(options)) {}

  [[nodiscard]] std::streambuf* original() const { return original_; }
  // Of a capture that ends before one that began later, whose buffer passes on to it: for ever.
  static void keep(std::unique_ptr<Buffer> buffer) {
    static auto& mutex = *new std::mutex;
    static auto& kept = *new std::vector<std::unique_ptr<Buffer>>;
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(buffer));
  }
  void end() {
    take([this](auto line) { lines_.end(line); });
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
    if (passed > 0 && !g_inside && !on_library_thread() &&
        !ended_.load(std::memory_order_relaxed)) {
      const std::string_view output(text, static_cast<std::size_t>(passed));
      take([&](auto line) { lines_.add(output, line); });
    }
    return passed;
  }
  int sync() override { return original_ != nullptr ? original_->pubsync() : 0; }

 private:
  // Recorded when the lock is free again.
  template <class Split>
  void take(Split split) noexcept {
    const Inside inside;
    try {
      record(lines_of(split));
    } catch (const std::bad_alloc&) {  // it has been passed on
    }
  }
  template <class Split>
  std::vector<std::string> lines_of(Split split) {
    std::vector<std::string> lines;
    const std::lock_guard lock(mutex_);
    split([&](std::string_view line) { lines.emplace_back(line); });
    return lines;
  }
  void record(const std::vector<std::string>& lines) const {
    const LogMetadata metadata{.level = options_.level, .target = options_.target};
    for (const std::string& line : lines) dispatch::log_interop(metadata, line);
  }

  std::streambuf* const original_;
  const OutputCaptureOptions options_;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  detail::OutputLines lines_;
};

StreamCapture::StreamCapture(std::ostream& stream, OutputCaptureOptions options)
    : stream_(stream), buffer_(std::make_unique<Buffer>(stream.rdbuf(), std::move(options))) {
  stream_.rdbuf(buffer_.get());
}

StreamCapture::~StreamCapture() {
  buffer_->end();
  if (stream_.rdbuf() == buffer_.get()) {
    stream_.rdbuf(buffer_->original());
  } else {
    Buffer::keep(std::move(buffer_));
  }
}

}  // namespace micromegas
