// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/thread.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>
#include <utility>

extern "C" {
// One for all copies of this code in the process, as the names in pipeline/queue/hot.h.
__attribute__((visibility("default"),
               weak)) constinit thread_local bool micromegas_v0_library_thread = false;
}

namespace micromegas {

std::uint64_t current_thread_id() noexcept {
  return static_cast<std::uint64_t>(syscall(SYS_gettid));
}

std::string current_thread_name() {
  std::array<char, 16> name{};
  if (pthread_getname_np(pthread_self(), name.data(), name.size()) != 0) return {};
  name.back() = 0;
  return name.data();
}

void set_current_thread_name(std::string_view name) noexcept {
  std::array<char, 16> text{};
  std::size_t size = std::min(name.size(), text.size() - 1);
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(name[at]) & 0xc0) == 0x80;
  };
  if (size < name.size()) {
    while (size > 0 && continues(size)) --size;
  }
  if (size != 0) std::memcpy(text.data(), name.data(), size);
  pthread_setname_np(pthread_self(), text.data());
}

ScopedBlockAllSignals::ScopedBlockAllSignals() noexcept {
  sigset_t all;
  sigfillset(&all);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    sigdelset(&all, fault);
  }
  pthread_sigmask(SIG_BLOCK, &all, &previous_);
}

ScopedBlockAllSignals::~ScopedBlockAllSignals() {
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

Result<std::thread> start_thread_with_signals_blocked(std::string_view name,
                                                      std::function<void()> body) {
  const ScopedBlockAllSignals blocked;  // the new thread inherits the mask
  try {
    return std::thread([name = std::string(name), body = std::move(body)] {
      become_library_thread();
      set_current_thread_name(name);
      body();
    });
  } catch (const std::system_error& error) {
    return Error("cannot start the thread \"" + std::string(name) + "\": " + error.what() +
                 "; raise the limit of threads (ulimit -u, pids cgroup)");
  }
}

bool on_library_thread() noexcept { return micromegas_v0_library_thread; }
void become_library_thread() noexcept { micromegas_v0_library_thread = true; }

ScopedLibraryThread::ScopedLibraryThread() noexcept : before_(micromegas_v0_library_thread) {
  micromegas_v0_library_thread = true;
}
ScopedLibraryThread::~ScopedLibraryThread() { micromegas_v0_library_thread = before_; }

}  // namespace micromegas
