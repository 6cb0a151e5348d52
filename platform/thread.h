// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Threads: who is running, and how the library starts its own.
#ifndef MICROMEGAS_PLATFORM_THREAD_H_
#define MICROMEGAS_PLATFORM_THREAD_H_

#include <pthread.h>
#include <signal.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "micromegas/platform/result.h"

namespace micromegas {

// The kernel's id of the calling thread, as top and gdb show it.
std::uint64_t current_thread_id() noexcept;

// The calling thread's name, at most 15 bytes; a thread that was never named has the name of the
// program's executable or of its creator. Empty when the system does not say.
std::string current_thread_name();

// Cut to 15 bytes, at a UTF-8 boundary.
void set_current_thread_name(std::string_view name) noexcept;

// Blocks every signal that can wait in the calling thread until destroyed. Those that a fault of
// the thread itself raises (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS) stay as they
// are: blocked, they would kill the process past the host's crash handler.
class ScopedBlockAllSignals {
 public:
  ScopedBlockAllSignals() noexcept;
  ~ScopedBlockAllSignals();
  ScopedBlockAllSignals(const ScopedBlockAllSignals&) = delete;
  ScopedBlockAllSignals& operator=(const ScopedBlockAllSignals&) = delete;

 private:
  sigset_t previous_;
};

// pthread_cancel() of the calling thread takes effect after this is destroyed, not in a wait or a
// system call meanwhile: what unwinds there would come to a noexcept function, and end the program.
class ScopedNoCancellation {
 public:
  ScopedNoCancellation() noexcept { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &previous_); }
  ~ScopedNoCancellation() { pthread_setcancelstate(previous_, nullptr); }
  ScopedNoCancellation(const ScopedNoCancellation&) = delete;
  ScopedNoCancellation& operator=(const ScopedNoCancellation&) = delete;

 private:
  int previous_ = PTHREAD_CANCEL_ENABLE;
};

// Starts a thread of the library: named, every signal blocked from its first instruction, so that
// the host's signals keep going to the host's threads. `body` must not throw. An error when the
// system has no thread to give.
Result<std::thread> start_thread_with_signals_blocked(std::string_view name,
                                                      std::function<void()> body);

// Whether the calling thread is the library's: started above, or after become_library_thread().
[[nodiscard]] bool on_library_thread() noexcept;
void become_library_thread() noexcept;

// The calling thread is the library's until destroyed.
class ScopedLibraryThread {
 public:
  ScopedLibraryThread() noexcept;
  ~ScopedLibraryThread();
  ScopedLibraryThread(const ScopedLibraryThread&) = delete;
  ScopedLibraryThread& operator=(const ScopedLibraryThread&) = delete;

 private:
  bool before_;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_THREAD_H_
