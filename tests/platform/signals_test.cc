// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/signals.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "micromegas/tests/support/child.h"

#if defined(__SANITIZE_THREAD__)
#define MICROMEGAS_TEST_TSAN_ 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MICROMEGAS_TEST_TSAN_ 1
#endif
#endif
#if defined(MICROMEGAS_TEST_TSAN_)
// The children here start threads, which is what is tested.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }
#endif

namespace micromegas {
namespace {

using testing::exited_with;
using testing::killed_by;
using testing::Pipe;
using testing::run_child;
using testing::start_child;
using testing::wait_for_child;

int g_out = -1;

void say(std::string_view text) {
  if (write(g_out, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(99);
}

void say_flush(int) { say("flush\n"); }

[[noreturn]] void wait_for_ever() {
  for (;;) pause();
}

std::size_t entries_of(const char* folder) {
  DIR* dir = opendir(folder);
  if (dir == nullptr) return 0;
  std::size_t n = 0;
  while (readdir(dir) != nullptr) ++n;
  closedir(dir);
  return n;
}

bool watcher_exists() {
  DIR* dir = opendir("/proc/self/task");
  if (dir == nullptr) return true;
  bool found = false;
  while (const dirent* entry = readdir(dir)) {
    std::ifstream comm(std::string("/proc/self/task/") + entry->d_name + "/comm");
    std::string name;
    found = found || (std::getline(comm, name) && name == "mm-signals");
  }
  closedir(dir);
  return found;
}

struct sigaction disposition(int signal) {
  struct sigaction action {};
  sigaction(signal, nullptr, &action);
  return action;
}

// A child with default dispositions, whatever the test runner has set.
template <class Body>
pid_t start_clean_child(Pipe& pipe, Body body) {
  g_out = pipe.write_end();
  return start_child([&] {
    for (int s : {SIGINT, SIGTERM, SIGHUP}) signal(s, SIG_DFL);
    body();
  });
}

pid_t g_claimed_pid = 0;

}  // namespace
}  // namespace micromegas

// Everyone's in this process, the library's too; 0: the real one.
extern "C" pid_t getpid() noexcept {
  return micromegas::g_claimed_pid != 0 ? micromegas::g_claimed_pid
                                        : static_cast<pid_t>(syscall(SYS_getpid));
}

namespace micromegas {
namespace {

// Where there is no namespace to be had: signals that this process raises do nothing, as if it were
// pid 1 and they had no handler.
void pretend_to_be_pid_1() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_tgkill, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(rules), rules};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    _exit(98);
  }
  say(std::to_string(getpid()) + "\n");
  g_claimed_pid = 1;
}

// Says under which pid others know it.
void become_pid_1() {
  if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
    return pretend_to_be_pid_1();
  }
  int said[2];
  if (pipe(said) != 0) _exit(98);
  const pid_t first = fork();
  if (first == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getpid() != 1) _exit(97);
    char end;
    close(said[1]);
    if (read(said[0], &end, 1) != 0) _exit(97);
    return;
  }
  say(std::to_string(first) + "\n");
  close(said[0]);
  close(said[1]);
  const int status = wait_for_child(first);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

class ExitSignals : public ::testing::TestWithParam<int> {};

TEST_P(ExitSignals, FlushesAndThenEndsAsTheSignalEndsAProcess) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals([](int signal) {
          say("flush ");
          say(std::to_string(signal));
        })) {
      _exit(1);
    }
    say("ready\n");
    wait_for_ever();
  });
  EXPECT_EQ(pipe.read_until('\n'), "ready\n");
  kill(child, GetParam());
  const int status = wait_for_child(child);
  EXPECT_TRUE(killed_by(status, GetParam())) << status;
  EXPECT_EQ(pipe.read_all(), "flush " + std::to_string(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Each, ExitSignals, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_P(ExitSignals, FlushesAndThenEndsPid1OfAContainer) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    become_pid_1();
    if (!install_exit_signals([](int signal) {
          say(exit_signal_ends_the_process(signal) ? "ends\n" : "goes on\n");
        })) {
      _exit(1);
    }
    say("ready\n");
    wait_for_ever();
  });
  const pid_t pid_1 = std::stoi(pipe.read_until('\n'));
  EXPECT_EQ(pipe.read_until('\n'), "ready\n");
  kill(pid_1, GetParam());
  EXPECT_TRUE(exited_with(wait_for_child(child), 128 + GetParam()));
  EXPECT_EQ(pipe.read_all(), "ends\n");
}

TEST(Signals, ASecondCtrlCEndsPid1AtOnceToo) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    become_pid_1();
    if (!install_exit_signals([](int) {
          say("flush\n");
          wait_for_ever();
        })) {
      _exit(1);
    }
    say("ready\n");
    wait_for_ever();
  });
  const pid_t pid_1 = std::stoi(pipe.read_until('\n'));
  EXPECT_EQ(pipe.read_until('\n'), "ready\n");
  kill(pid_1, SIGINT);
  EXPECT_EQ(pipe.read_until('\n'), "flush\n");
  const auto same_press = std::chrono::steady_clock::now() + std::chrono::milliseconds(150);
  while (std::chrono::steady_clock::now() < same_press) sched_yield();
  kill(pid_1, SIGINT);
  EXPECT_TRUE(exited_with(wait_for_child(child), 128 + SIGINT));
}

TEST(Signals, ThePreviousHandlerRunsAfterTheFlushAndSeesTheSender) {
  Pipe pipe;
  static pid_t tester = getpid();
  const pid_t child = start_clean_child(pipe, [] {
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
      say(info->si_pid == tester ? "previous\n" : "wrong sender\n");
      _exit(7);
    };
    sigaction(SIGTERM, &action, nullptr);
    if (!install_exit_signals(say_flush)) _exit(1);
    say("ready\n");
    wait_for_ever();
  });
  EXPECT_EQ(pipe.read_until('\n'), "ready\n");
  kill(child, SIGTERM);
  EXPECT_TRUE(exited_with(wait_for_child(child), 7));
  EXPECT_EQ(pipe.read_all(), "flush\nprevious\n");
}

TEST(Signals, AProcessWhosePreviousHandlerReturnsLivesOn) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    signal(SIGHUP, [](int) { say("reload\n"); });
    if (!install_exit_signals(say_flush)) _exit(1);
    say("ready\n");
    wait_for_ever();
  });
  EXPECT_EQ(pipe.read_until('\n'), "ready\n");
  kill(child, SIGHUP);
  EXPECT_EQ(pipe.read_until('\n'), "flush\n");
  EXPECT_EQ(pipe.read_until('\n'), "reload\n");
  kill(child, SIGHUP);  // given back: straight to the handler
  EXPECT_EQ(pipe.read_until('\n'), "reload\n");
  kill(child, SIGTERM);  // still ours
  EXPECT_EQ(pipe.read_until('\n'), "flush\n");
  EXPECT_TRUE(killed_by(wait_for_child(child), SIGTERM));
}

TEST(Signals, AnIgnoredSignalStaysIgnored) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    signal(SIGHUP, SIG_IGN);
    if (!install_exit_signals(say_flush)) _exit(1);
    raise(SIGHUP);
    say(disposition(SIGHUP).sa_handler == SIG_IGN ? "ignored\n" : "taken\n");
  });
  EXPECT_TRUE(exited_with(wait_for_child(child), 0));
  EXPECT_EQ(pipe.read_all(), "ignored\n");
}

TEST(Signals, ASecondCtrlCWhileFlushingEndsTheProcessAtOnce) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals([](int) {
          say("started\n");
          wait_for_ever();
        })) {
      _exit(1);
    }
    say("ready\n");
    wait_for_ever();
  });
  EXPECT_EQ(pipe.read_until('\n'), "ready\n");
  kill(child, SIGINT);
  EXPECT_EQ(pipe.read_until('\n'), "started\n");
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {  // the child's alarm bounds this
    kill(child, SIGINT);
    timespec pace{0, 10'000'000};
    nanosleep(&pace, nullptr);
  }
  EXPECT_TRUE(killed_by(status, SIGINT)) << status;
}

TEST(Signals, OnePressDeliveredTwiceIsOnePress) {
  using Clock = std::chrono::steady_clock;
  static Clock::time_point pressed;
  bool in_time = false;
  for (int tries = 0; tries < 50 && !in_time; ++tries) {  // a busy machine may miss the 100 ms
    Pipe pipe;
    const pid_t child = start_clean_child(pipe, [] {
      if (!install_exit_signals([](int) {
            kill(getpid(), SIGINT);
            // Delivered to the other thread before its pause() returns to it.
            say(Clock::now() - pressed < std::chrono::milliseconds(90) ? "in time\n" : "late\n");
          })) {
        _exit(1);
      }
      pressed = Clock::now();
      raise(SIGINT);
      wait_for_ever();
    });
    const int status = wait_for_child(child);
    EXPECT_TRUE(killed_by(status, SIGINT)) << status;
    in_time = pipe.read_all() == "in time\n";
  }
  EXPECT_TRUE(in_time);
}

TEST(Signals, TermAndHupTogetherFlushOnce) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals([](int) {
          kill(getpid(), SIGHUP);
          kill(getpid(), SIGTERM);
          say("flush\n");
        })) {
      _exit(1);
    }
    raise(SIGTERM);
    wait_for_ever();
  });
  const int status = wait_for_child(child);
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(pipe.read_all(), "flush\n");
}

TEST(Signals, InstallingTwiceReplacesTheFunction) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals([](int) { say("old\n"); })) _exit(1);
    if (!install_exit_signals([](int) { say("new\n"); })) _exit(1);
    raise(SIGTERM);
    wait_for_ever();
  });
  EXPECT_TRUE(killed_by(wait_for_child(child), SIGTERM));
  EXPECT_EQ(pipe.read_all(), "new\n");
}

TEST(Signals, UninstallLeavesNothingBehind) {
  EXPECT_TRUE(exited_with(run_child([] {
                            signal(SIGTERM, [](int) {});
                            const auto files = entries_of("/proc/self/fd");
                            const auto term = disposition(SIGTERM).sa_handler;
                            const auto interrupt = disposition(SIGINT).sa_handler;
                            for (int i = 0; i < 100; ++i) {
                              if (!install_exit_signals(say_flush)) _exit(1);
                              if (disposition(SIGTERM).sa_handler == term) _exit(2);
                              if (entries_of("/proc/self/fd") == files) _exit(3);
                              uninstall_exit_signals();
                              uninstall_exit_signals();
                              if (disposition(SIGTERM).sa_handler != term) _exit(4);
                              if (disposition(SIGINT).sa_handler != interrupt) _exit(5);
                              if (entries_of("/proc/self/fd") != files) _exit(6);
                            }
                            // A joined thread may stand in /proc a moment longer.
                            while (watcher_exists()) sched_yield();
                          }),
                          0));
}

TEST(Signals, UninstallInsideTheFlushWorks) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals([](int) {
          uninstall_exit_signals();
          say("flush\n");
        })) {
      _exit(1);
    }
    raise(SIGTERM);
    wait_for_ever();
  });
  EXPECT_TRUE(killed_by(wait_for_child(child), SIGTERM));
  EXPECT_EQ(pipe.read_all(), "flush\n");
}

TEST(Signals, UninstallWaitsForTheFlushAndTheProcessStillEndsByTheSignal) {
  Pipe pipe;
  static std::atomic<bool> flushing{false};
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals([](int) {
          flushing = true;
          timespec work{0, 50'000'000};
          nanosleep(&work, nullptr);
          say("flushed\n");
        })) {
      _exit(1);
    }
    raise(SIGTERM);
    while (!flushing) sched_yield();
    uninstall_exit_signals();
    say("uninstall returned\n");
  });
  EXPECT_TRUE(killed_by(wait_for_child(child), SIGTERM));
  EXPECT_EQ(pipe.read_all().substr(0, 8), "flushed\n");
}

void (*g_below)(int, siginfo_t*, void*) = nullptr;

void stand_before_us() {
  struct sigaction below {};
  struct sigaction action {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int signal, siginfo_t* info, void* context) {
    say("above\n");
    g_below(signal, info, context);
  };
  sigaction(SIGTERM, &action, &below);
  g_below = below.sa_sigaction;
}

TEST(Signals, AHandlerInstalledAfterUsMayChainToUs) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals(say_flush)) _exit(1);
    stand_before_us();
    raise(SIGTERM);
    wait_for_ever();
  });
  EXPECT_TRUE(killed_by(wait_for_child(child), SIGTERM));
  EXPECT_EQ(pipe.read_all(), "above\nflush\n");
}

TEST(Signals, OnceUninstalledWePassOnToThePreviousHandler) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    signal(SIGTERM, [](int) { say("below\n"); });
    if (!install_exit_signals(say_flush)) _exit(1);
    stand_before_us();
    uninstall_exit_signals();
    raise(SIGTERM);
  });
  EXPECT_TRUE(exited_with(wait_for_child(child), 0));
  EXPECT_EQ(pipe.read_all(), "above\nbelow\n");
}

TEST(Signals, AForkedChildHasNothingInstalled) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals(say_flush)) _exit(1);
    const pid_t silent = start_child([] {
      raise(SIGTERM);
      say("survived\n");
    });
    if (!killed_by(wait_for_child(silent), SIGTERM)) _exit(2);
    raise(SIGHUP);
    wait_for_ever();
  });
  const int status = wait_for_child(child);
  EXPECT_TRUE(killed_by(status, SIGHUP)) << status;
  EXPECT_EQ(pipe.read_all(), "flush\n");
}

#if !defined(MICROMEGAS_TEST_TSAN_)  // which runs no handlers in the child of a threaded process
TEST(Signals, AForkedChildMayInstallAgain) {
  Pipe pipe;
  const pid_t child = start_clean_child(pipe, [] {
    if (!install_exit_signals(say_flush)) _exit(1);
    const pid_t again = start_child([] {
      if (!install_exit_signals([](int) { say("child's flush\n"); })) _exit(1);
      raise(SIGINT);
      wait_for_ever();
    });
    if (!killed_by(wait_for_child(again), SIGINT)) _exit(3);
    raise(SIGHUP);
    wait_for_ever();
  });
  const int status = wait_for_child(child);
  EXPECT_TRUE(killed_by(status, SIGHUP)) << status;
  EXPECT_EQ(pipe.read_all(), "child's flush\nflush\n");
}
#endif

TEST(Signals, NoSignalIsLostWhileInstallingAndUninstalling) {
  EXPECT_TRUE(exited_with(run_child([] {
                            static std::atomic<int> seen{0};
                            signal(SIGHUP, [](int) { ++seen; });
                            for (int i = 0; i < 300; ++i) {
                              if (!install_exit_signals([](int) {})) _exit(1);
                              const int before = seen;
                              kill(getpid(), SIGHUP);
                              if (i % 2 == 0) uninstall_exit_signals();
                              while (seen == before) sched_yield();  // the alarm bounds this
                              uninstall_exit_signals();
                            }
                          }),
                          0));
}

}  // namespace
}  // namespace micromegas
