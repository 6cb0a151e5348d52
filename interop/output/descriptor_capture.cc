// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "micromegas/dispatch.h"
#include "micromegas/interop/output/output_lines.h"
#include "micromegas/output_capture.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/fd_write.h"
#include "micromegas/platform/own_output.h"
#include "micromegas/platform/thread.h"
#include "micromegas/platform/uuid.h"

namespace micromegas {
namespace {

std::string why() { return std::error_code(errno, std::generic_category()).message(); }

class Descriptor {
 public:
  Descriptor() = default;
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset(int fd = -1) noexcept {
    if (fd_ != -1) close(fd_);
    fd_ = fd;
  }
  int release() noexcept { return std::exchange(fd_, -1); }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

// Both ends above the standard descriptors: a daemon has closed these, and means to open them.
bool make_pipe(Descriptor& read_end, Descriptor& write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  Descriptor* const to[2] = {&read_end, &write_end};
  for (int i = 0; i < 2; ++i) to[i]->reset(ends[i]);
  for (Descriptor* end : to) {
    if (end->get() > 2) continue;
    const int moved = fcntl(end->get(), F_DUPFD_CLOEXEC, 3);
    if (moved == -1) return false;
    end->reset(moved);
  }
  return true;
}

// Whether `fd` is an end of the pipe. Async-signal-safe.
bool leads_into(int fd, int pipe) noexcept {
  struct stat one;
  struct stat other;
  return fstat(fd, &one) == 0 && fstat(pipe, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

// Where `fd` led before, unless the program has led it elsewhere meanwhile. Async-signal-safe.
void restore(int fd, int original, int pipe) noexcept {
  if (leads_into(fd, pipe)) dup2(original, fd);
}

// What a forked child puts back: descriptors 1 and 2, -1: not captured. And what it closes.
struct Captured {
  std::atomic<int> original{-1};
  std::atomic<int> pipe{-1};
};
constinit Captured g_captured[3];

void put_back_in_child() {
  for (int fd = 1; fd <= 2; ++fd) {
    const int original = g_captured[fd].original.exchange(-1);
    const int pipe = g_captured[fd].pipe.exchange(-1);
    if (original == -1 || pipe == -1) continue;
    restore(fd, original, pipe);
    close(pipe);
  }
  forget_own_output();
}

}  // namespace

class DescriptorCapture::Tap {
 public:
  // `number`: from 1, in the order of their starts.
  Tap(int fd, OutputCaptureOptions options, std::uint64_t number)
      : fd_(fd), options_(std::move(options)), number_(number) {}
  ~Tap() { stop(); }
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  Result<void> start();
  void stop() noexcept;
  [[nodiscard]] int original() const noexcept { return original_.get(); }
  [[nodiscard]] bool is_of_this_process() const noexcept { return process_ == getpid(); }
  [[nodiscard]] std::uint64_t lost() const noexcept {
    return lost_.load(std::memory_order_relaxed);
  }

  // Those that live; exit() ends them.
  static std::mutex& mutex() {
    static auto& mutex = *new std::mutex;
    return mutex;
  }
  static std::array<std::weak_ptr<Tap>, 3>& taps() {
    static auto& taps = *new std::array<std::weak_ptr<Tap>, 3>;
    return taps;
  }

  // With the mutex. Of the exit handlers the last registered runs first: one for each telemetry
  // that was started, which a capture that began after it is to end before.
  static void register_handlers() {
    static bool forks = false;
    static bool exits = false;
    static std::optional<Uuid> before;
    if (!forks) {
      forks = pthread_atfork([] { mutex().lock(); }, [] { mutex().unlock(); },
                             [] {
                               put_back_in_child();
                               mutex().unlock();
                             }) == 0;
    }
    const std::optional<Uuid> now = dispatch::process_id();
    if (exits && now == before) return;
    before = now;
    exits = std::atexit([] {
              for (const std::shared_ptr<Tap>& tap : latest_first()) {
                if (tap != nullptr) tap->stop();
              }
            }) == 0;
  }

  // What goes on from one may lead into an earlier one. With null where none lives.
  static std::array<std::shared_ptr<Tap>, 3> latest_first() {
    const std::lock_guard lock(mutex());
    std::array<std::shared_ptr<Tap>, 3> living;
    for (std::size_t i = 0; i < living.size(); ++i) living[i] = taps()[i].lock();
    const auto number = [](const std::shared_ptr<Tap>& tap) { return tap ? tap->number_ : 0; };
    std::sort(living.begin(), living.end(),
              [&](const auto& a, const auto& b) { return number(a) > number(b); });
    return living;
  }

 private:
  void run() noexcept;
  bool pass_on(std::string_view output) noexcept;
  void put_back() noexcept;

  const int fd_;
  const OutputCaptureOptions options_;
  const std::uint64_t number_;
  Descriptor original_;
  Descriptor pipe_;        // its reading end
  Descriptor stop_write_;  // closed: the thread reads what is there and ends
  Descriptor stop_read_;
  std::thread thread_;
  const pid_t process_ = getpid();
  std::once_flag stopped_;
  std::once_flag left_behind_;  // in a forked child
  std::atomic<std::uint64_t> lost_{0};
  bool reader_gone_ = false;  // the thread's
};

Result<void> DescriptorCapture::Tap::start() {
  const std::string name = "DescriptorCapture: descriptor " + std::to_string(fd_);
  original_.reset(fcntl(fd_, F_DUPFD_CLOEXEC, 3));
  if (original_.get() == -1) return Error(name + " cannot be captured: " + why());
  Descriptor write_end;
  if (!make_pipe(pipe_, write_end) || !make_pipe(stop_read_, stop_write_)) {
    return Error(name + ": no pipe: " + why());
  }
  // The thread knows nothing of this object's owner; stop() joins it.
  Result<std::thread> started =
      start_thread_with_signals_blocked(fd_ == 1 ? "mm-stdout" : "mm-stderr", [this] { run(); });
  if (!started) return Error(name + ": no thread: " + started.error().message());
  thread_ = std::move(*started);
  std::fflush(fd_ == 1 ? stdout : stderr);
  lead_own_output(fd_, original_.get());
  g_captured[fd_].original = original_.get();
  g_captured[fd_].pipe = pipe_.get();
  if (dup2(write_end.get(), fd_) == -1) {
    const std::string text = why();
    stop();
    return Error(name + " cannot be replaced: " + text);
  }
  return {};
}

void DescriptorCapture::Tap::put_back() noexcept {
  restore(fd_, original_.get(), pipe_.get());
  g_captured[fd_].pipe = -1;
  g_captured[fd_].original = -1;
}

// Any thread, several at once: whoever comes second waits.
void DescriptorCapture::Tap::stop() noexcept {
  if (!is_of_this_process()) {
    // A forked child has no such thread: nothing may be asked of it, also not to be let go.
    std::call_once(left_behind_, [this] {
      alignas(std::thread) static std::byte left_behind[sizeof(std::thread)];
      new (left_behind) std::thread(std::move(thread_));
      (void)pipe_.release();  // closed already
    });
    return;
  }
  std::call_once(stopped_, [this] {
    if (!thread_.joinable()) return;  // it could not be started
    std::fflush(fd_ == 1 ? stdout : stderr);
    put_back();
    stop_write_.reset();
    thread_.join();
    if (!lead_own_output(fd_, -1)) (void)original_.release();
  });
}

// False: the reader of what is passed on is gone.
bool DescriptorCapture::Tap::pass_on(std::string_view output) noexcept {
  constexpr int kPatienceMs = 1000;
  if (reader_gone_) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  if (write_fully(original_.get(), output, kPatienceMs)) return true;
  lost_.fetch_add(1, std::memory_order_relaxed);
  diagnose(
      "output.lost",
      "DescriptorCapture: what was printed did not all go on to where it went before: disk full, "
      "nobody reads, or no room for a second");
  pollfd poller{original_.get(), POLLOUT, 0};
  poll(&poller, 1, 0);
  return (poller.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

void DescriptorCapture::Tap::run() noexcept {
  bypass_diagnostic_handler();  // what it prints comes here: it would wait for this thread
  detail::OutputLines lines;
  const LogMetadata metadata{.level = options_.level, .target = options_.target};
  const auto record = [&](std::string_view line) { dispatch::log_interop(metadata, line); };
  std::array<char, 16 * 1024> buffer;
  bool stopping = false;
  // What a pipe holds; whoever else prints into it is not waited for.
  std::size_t left = 1 << 20;
  while (left > 0) {
    pollfd wait[2] = {{pipe_.get(), POLLIN, 0}, {stop_read_.get(), POLLIN, 0}};
    if (poll(wait, stopping ? 1 : 2, stopping ? 0 : -1) == -1 && errno != EINTR) break;
    if ((wait[0].revents & POLLIN) != 0) {
      const ssize_t n = read(pipe_.get(), buffer.data(), buffer.size());
      if (n <= 0) break;
      const std::string_view output(buffer.data(), static_cast<std::size_t>(n));
      if (stopping) left -= std::min(left, output.size());
      if (!pass_on(output) && !reader_gone_) {
        // Whoever prints next is told so, as without us.
        reader_gone_ = true;
        restore(fd_, original_.get(), pipe_.get());
      }
      detail::count_lost_lines(metadata, lines.add(output, record));
      continue;
    }
    if (stopping || (wait[0].revents & (POLLHUP | POLLERR)) != 0) break;
    stopping = wait[1].revents != 0;
  }
  detail::count_lost_lines(metadata, lines.end(record));
}

Result<DescriptorCapture> DescriptorCapture::start(int fd, OutputCaptureOptions options) {
  if (fd != 1 && fd != 2) {
    return Error("DescriptorCapture: descriptor " + std::to_string(fd) +
                 " cannot be captured: 1 is stdout, 2 is stderr");
  }
  const std::lock_guard lock(Tap::mutex());
  Tap::register_handlers();
  std::weak_ptr<Tap>& slot = Tap::taps()[static_cast<std::size_t>(fd)];
  // In a forked child the parent's is none.
  if (const std::shared_ptr<Tap> other = slot.lock(); other && other->is_of_this_process()) {
    return Error("DescriptorCapture: descriptor " + std::to_string(fd) + " is captured already");
  }
  static std::uint64_t started = 0;
  auto tap = std::make_shared<Tap>(fd, std::move(options), ++started);
  if (Result<void> result = tap->start(); !result) return result.error();
  slot = tap;
  return DescriptorCapture(std::move(tap));
}

DescriptorCapture::DescriptorCapture(std::shared_ptr<Tap> tap) noexcept : tap_(std::move(tap)) {}
DescriptorCapture::DescriptorCapture(DescriptorCapture&& other) noexcept = default;
DescriptorCapture& DescriptorCapture::operator=(DescriptorCapture&& other) noexcept = default;
DescriptorCapture::~DescriptorCapture() = default;

int DescriptorCapture::original() const noexcept { return tap_ != nullptr ? tap_->original() : -1; }

std::uint64_t DescriptorCapture::lost() const noexcept {
  return tap_ != nullptr ? tap_->lost() : 0;
}

}  // namespace micromegas
