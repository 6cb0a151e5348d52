// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/signals.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "micromegas/platform/thread.h"

namespace micromegas {
namespace {

constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};
constexpr std::int64_t kSamePressNs = 100'000'000;

// One of kSignals. `previous` is written only while our handler is not installed for it, so the
// handler may read it without a lock.
struct Taken {
  struct sigaction previous {};
  std::atomic<bool> ours{false};       // our handler acts; false: it only passes on
  std::atomic<bool> claimed{false};    // one handler call has taken it on itself to report it
  std::atomic<bool> delivered{false};  // reported: `info` is complete
  siginfo_t info{};
};

std::array<Taken, kSignals.size()> g_taken;
constinit std::atomic<void (*)(int)> g_on_signal{nullptr};
constinit std::atomic<int> g_event_fd{-1};
constinit std::atomic<std::uint32_t> g_generation{0};  // a watcher of an older one stops
constinit std::atomic<int> g_in_handler{0};            // calls that may still use g_event_fd
constinit std::atomic<std::int64_t> g_first_ns{0};  // when the signal being handled came; 0: none
constinit std::atomic<pid_t> g_owner{0};
// Guards install and uninstall; taken with signals blocked, since a host's handler may call exit().
// Not a mutex: the forked child must be able to reset it.
constinit std::atomic<bool> g_busy{false};
bool g_running = false;                // the watcher exists; guarded by g_busy
pthread_t g_watcher{};                 // guarded by g_busy
bool g_atfork_done = false;            // guarded by g_busy
thread_local bool t_detached = false;  // on a watcher that uninstalled itself

struct WatcherArgs {
  int fd;
  std::uint32_t generation;
};

class Guard {
 public:
  Guard() noexcept {
    while (g_busy.exchange(true, std::memory_order_acquire)) sched_yield();
  }
  ~Guard() { g_busy.store(false, std::memory_order_release); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  ScopedBlockAllSignals blocked_;  // until after the release
};

Taken* find(int signal) noexcept {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] == signal) return &g_taken[i];
  }
  return nullptr;
}

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1 + static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

void raise_default(int signal) noexcept {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  raise(signal);  // blocked inside its handler: takes effect when that returns
}

// The kernel spares pid 1, in a container, what the default action does to others. Its data say
// that it has ended, and who sent the signal waits for that.
void end_pid_1(int signal) noexcept {
  if (getpid() == 1) _exit(128 + signal);
}

// What would have happened without us, inside a handler.
void pass_on(const struct sigaction& previous, int signal, siginfo_t* info, void* context) {
  if (previous.sa_handler == SIG_DFL) {  // the same word as sa_sigaction
    raise_default(signal);
  } else if (previous.sa_handler == SIG_IGN) {
    return;
  } else if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else {
    previous.sa_handler(signal);
  }
}

void wake() noexcept {
  const std::uint64_t one = 1;
  ssize_t n;
  do {
    n = write(g_event_fd.load(std::memory_order_relaxed), &one, sizeof one);
  } while (n == -1 && errno == EINTR);
}

// False: pass it on. Async-signal-safe.
bool report(Taken& taken, int signal, const siginfo_t* info) noexcept {
  // A child made past pthread_atfork (clone, vfork) shares our handler but has no watcher.
  if (!taken.ours.load(std::memory_order_seq_cst) ||
      g_owner.load(std::memory_order_relaxed) != getpid()) {
    return false;
  }
  const std::int64_t now = monotonic_ns();
  std::int64_t first = 0;
  const bool is_first = g_first_ns.compare_exchange_strong(first, now, std::memory_order_acq_rel);
  if (!is_first && signal == SIGINT && now - first > kSamePressNs) {
    raise_default(signal);
    end_pid_1(signal);
  } else if (!taken.claimed.exchange(true, std::memory_order_acq_rel)) {
    if (info != nullptr) taken.info = *info;
    taken.delivered.store(true, std::memory_order_release);
    wake();
  }
  return true;
}

// Async-signal-safe.
void handle(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (Taken* taken = find(signal)) {
    g_in_handler.fetch_add(1, std::memory_order_seq_cst);
    const bool reported = report(*taken, signal, info);
    g_in_handler.fetch_sub(1, std::memory_order_release);
    if (!reported) pass_on(taken->previous, signal, info, context);
  }
  errno = saved_errno;
}

bool is_ours(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == handle;
}

// True when the previous disposition is in force again; false when somebody stands before us.
bool give_back(std::size_t index) noexcept {
  Taken& taken = g_taken[index];
  taken.ours.store(false, std::memory_order_seq_cst);
  struct sigaction current {};
  if (sigaction(kSignals[index], nullptr, &current) != 0) return false;
  if (!is_ours(current)) return current.sa_handler == taken.previous.sa_handler;
  return sigaction(kSignals[index], &taken.previous, nullptr) == 0;
}

// On the watcher: the signal happens again, this time without us.
void raise_again(std::size_t index) {
  const int signal = kSignals[index];
  struct sigaction previous {};
  siginfo_t info{};
  bool first_in_line = false;
  {
    const Guard guard;
    Taken& taken = g_taken[index];
    first_in_line = give_back(index);
    previous = taken.previous;
    info = taken.info;
    taken.delivered.store(false, std::memory_order_release);
    taken.claimed.store(false, std::memory_order_release);
  }
  if (previous.sa_handler == SIG_DFL) {
    raise_default(signal);
    // The other threads may block it: this one makes sure.
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, signal);
    pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    pthread_sigmask(SIG_BLOCK, &only, nullptr);
    end_pid_1(signal);
  } else if (!first_in_line) {
    // Somebody installed a handler after us, and it has run already: only the one before us is
    // left.
    pass_on(previous, signal, &info, nullptr);
  } else {
    // Keeps the sender's pid and uid. The original code is refused: the kernel lets a thread claim
    // it only towards itself.
    info.si_code = SI_QUEUE;
    if (info.si_signo != signal || syscall(SYS_rt_sigqueueinfo, getpid(), signal, &info) != 0) {
      kill(getpid(), signal);
    }
  }
}

// Returns after all that was reported has been handled.
void handle_reported() {
  const auto reported = [](std::size_t i) {
    return g_taken[i].delivered.load(std::memory_order_acquire);
  };
  int first = 0;
  for (std::size_t i = 0; i < kSignals.size() && first == 0; ++i) {
    if (reported(i)) first = kSignals[i];
  }
  if (first == 0) return;
  if (auto* on_signal = g_on_signal.load(std::memory_order_acquire)) on_signal(first);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (reported(i)) raise_again(i);
  }
  g_first_ns.store(0, std::memory_order_release);
}

void* watch(void* argument) {
  const WatcherArgs args = *static_cast<WatcherArgs*>(argument);
  delete static_cast<WatcherArgs*>(argument);
  become_library_thread();  // the host's handlers run here too
  set_current_thread_name("mm-signals");
  do {
    std::uint64_t count = 0;
    while (read(args.fd, &count, sizeof count) == -1 && errno == EINTR) {
    }
    handle_reported();
  } while (g_generation.load(std::memory_order_acquire) == args.generation);
  handle_reported();  // what came just before uninstall
  if (t_detached) close(args.fd);
  return nullptr;
}

// In the child: as if nothing had ever been installed. Async-signal-safe.
void forget_in_child() {
  if (g_running) {
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      if (g_taken[i].ours.load(std::memory_order_relaxed)) give_back(i);
      g_taken[i].delivered.store(false, std::memory_order_relaxed);
      g_taken[i].claimed.store(false, std::memory_order_relaxed);
    }
    close(g_event_fd.exchange(-1, std::memory_order_relaxed));
    g_running = false;
  }
  g_in_handler.store(0, std::memory_order_relaxed);
  g_first_ns.store(0, std::memory_order_relaxed);
  g_busy.store(false, std::memory_order_relaxed);
}

Result<void> start_watcher() {
  const auto failed = [](int error) {
    return Error(std::string("handle_signals cannot be installed: ") + strerror(error) +
                 "; raise the limits of descriptors and threads, or turn handle_signals off");
  };
  const int fd = eventfd(0, EFD_CLOEXEC);
  if (fd == -1) return failed(errno);
  g_event_fd.store(fd, std::memory_order_relaxed);
  g_first_ns.store(0, std::memory_order_relaxed);
  auto* args = new WatcherArgs{fd, g_generation.load(std::memory_order_relaxed)};
  int error = 0;
  {
    const ScopedBlockAllSignals blocked;
    error = pthread_create(&g_watcher, nullptr, watch, args);
  }
  if (error != 0) {
    delete args;
    close(g_event_fd.exchange(-1, std::memory_order_relaxed));
    return failed(error);
  }
  g_running = true;
  return {};
}

void take(std::size_t index) {
  Taken& taken = g_taken[index];
  struct sigaction current {};
  if (sigaction(kSignals[index], nullptr, &current) != 0) return;
  const bool ignored = (current.sa_flags & SA_SIGINFO) == 0 && current.sa_handler == SIG_IGN;
  if (ignored || taken.ours.load(std::memory_order_acquire)) return;
  if (!is_ours(current)) {  // ours, but passing on: the previous one is still the right one
    taken.previous = current;
    struct sigaction action {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    for (int signal : kSignals) sigaddset(&action.sa_mask, signal);
    taken.ours.store(true, std::memory_order_release);
    sigaction(kSignals[index], &action, nullptr);
  } else {
    taken.ours.store(true, std::memory_order_release);
  }
}

}  // namespace

Result<void> install_exit_signals(void (*on_signal)(int)) {
  const Guard guard;
  g_on_signal.store(on_signal, std::memory_order_release);
  if (!g_atfork_done) {
    const int error = pthread_atfork(nullptr, nullptr, forget_in_child);
    if (error != 0) return Error("handle_signals cannot be installed: no memory for a fork hook");
    g_atfork_done = true;
  }
  g_owner.store(getpid(), std::memory_order_relaxed);
  if (!g_running) {
    Result<void> started = start_watcher();
    if (!started) return started;
  }
  for (std::size_t i = 0; i < kSignals.size(); ++i) take(i);
  return {};
}

bool exit_signal_ends_the_process(int signal) noexcept {
  const Taken* const taken = find(signal);
  return taken != nullptr && taken->delivered.load(std::memory_order_acquire) &&
         taken->previous.sa_handler == SIG_DFL;
}

void uninstall_exit_signals() {
  pthread_t watcher{};
  int fd = -1;
  {
    const Guard guard;
    if (!g_running) return;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      if (g_taken[i].ours.load(std::memory_order_relaxed)) give_back(i);
    }
    // A handler on another thread may be on its way to the descriptor; afterwards none is.
    while (g_in_handler.load(std::memory_order_seq_cst) != 0) sched_yield();
    g_generation.fetch_add(1, std::memory_order_release);
    wake();
    watcher = g_watcher;
    fd = g_event_fd.exchange(-1, std::memory_order_relaxed);
    g_running = false;
  }
  if (pthread_equal(watcher, pthread_self()) != 0) {
    t_detached = true;  // it closes the descriptor itself
    pthread_detach(watcher);
    return;
  }
  pthread_join(watcher, nullptr);
  close(fd);
}

}  // namespace micromegas
