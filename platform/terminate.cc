// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/terminate.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <mutex>

#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/exception_text.h"
#include "micromegas/platform/thread.h"

namespace micromegas {
namespace {

using OnTerminate = void (*)(std::string_view);

constexpr int kMaxPrevious = 8;
constexpr int kNotHere = -2;
constexpr std::size_t kWatchdogStack = 256U << 10;  // sanitizers want some

// The handlers that stood before ours each time that it was installed on top. More than one if
// somebody stands on top of us, and we again on top of them.
std::array<std::atomic<std::terminate_handler>, kMaxPrevious> g_previous;
constinit std::atomic<int> g_count{0};
constinit std::atomic<OnTerminate> g_on_terminate{nullptr};  // null: ours only passes on
constinit std::atomic<std::int64_t> g_limit_ns{0};
constinit std::atomic<pid_t> g_heard{0};            // the process one of whose threads is heard
constinit std::atomic<std::uintptr_t> g_spoken{0};  // how many threads have been; ends a watchdog
constinit std::mutex g_mutex;                       // install and uninstall
ExceptionText g_text;                               // of the thread that is heard
thread_local int t_next = kNotHere;                 // which previous handler is this thread's next

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

void rest() noexcept {
  const timespec a_bit{0, 5'000'000};
  nanosleep(&a_bit, nullptr);
}

// Aborts at the limit unless the thread that is heard has spoken by then.
void* watch(void* argument) {
  set_current_thread_name("mm-terminate");
  const auto spoken = reinterpret_cast<std::uintptr_t>(argument);
  const std::int64_t end = monotonic_ns() + g_limit_ns.load();
  while (g_spoken.load() == spoken) {
    if (monotonic_ns() >= end) {
      diagnose("terminate.stuck",
               "std::terminate: what it is called for could not be sent in time");
      std::abort();
    }
    rest();
  }
  return nullptr;
}

// Without memory for a thread there is none: a hang is then possible, if a lock is held.
void start_watchdog() noexcept {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kWatchdogStack);
  const ScopedBlockAllSignals blocked;
  pthread_t watchdog;
  pthread_create(&watchdog, &attributes, watch, reinterpret_cast<void*>(g_spoken.load()));
  pthread_attr_destroy(&attributes);
}

// False: another thread did not finish in time.
bool be_heard() noexcept {
  const pid_t self = getpid();
  const std::int64_t end = monotonic_ns() + g_limit_ns.load();
  while (true) {
    pid_t other = 0;
    if (g_heard.compare_exchange_strong(other, self)) return true;
    // The thread that was heard when this process was forked is not here.
    if (other != self && g_heard.compare_exchange_strong(other, self)) return true;
    if (monotonic_ns() >= end) return false;
    rest();
  }
}

void speak(OnTerminate on_terminate) noexcept {
  if (!be_heard()) return;
  start_watchdog();
  g_text.describe_current();
  on_terminate(g_text.view());
  g_spoken.fetch_add(1);
  g_heard.store(0);
}

[[noreturn]] void handle() {
  if (t_next == kNotHere) {
    t_next = g_count.load() - 1;
    if (OnTerminate on_terminate = g_on_terminate.load()) speak(on_terminate);
  }
  const int next = t_next--;
  if (next >= 0) g_previous[static_cast<std::size_t>(next)].load()();
  std::abort();
}

}  // namespace

void install_terminate_hook(OnTerminate on_terminate, std::chrono::milliseconds limit) {
  const std::lock_guard lock(g_mutex);
  g_limit_ns.store(std::chrono::nanoseconds(limit).count());
  g_on_terminate.store(on_terminate);
  const std::terminate_handler previous = std::get_terminate();
  const int count = g_count.load();
  if (previous == &handle || count == kMaxPrevious) return;
  g_previous[static_cast<std::size_t>(count)].store(previous);
  g_count.store(count + 1);
  std::set_terminate(&handle);
}

void uninstall_terminate_hook() {
  const std::lock_guard lock(g_mutex);
  g_on_terminate.store(nullptr);
  const int count = g_count.load();
  if (count == 0 || std::get_terminate() != &handle) return;
  std::set_terminate(g_previous[static_cast<std::size_t>(count - 1)].load());
  g_count.store(count - 1);
}

}  // namespace micromegas
