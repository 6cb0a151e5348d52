// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Opt-in: a last flush when the process is told to end by SIGINT, SIGTERM or SIGHUP.
//
//   auto installed = micromegas::install_exit_signals([](int) { flush_bounded(); });
//   ...
//   micromegas::uninstall_exit_signals();
//
// The handler itself only wakes a thread of ours. That thread calls `on_signal`, then puts back
// what was there before and raises the signal again, with its sender's pid and uid: the process
// ends by the signal as it would have without us, or the previous handler runs. As pid 1, in a
// container, where the kernel ignores a signal that nobody handles, it exits with 128 + the signal.
// A signal that was ignored (nohup) stays ignored.
//
// SIGINT again while `on_signal` runs ends the process at once: a person is waiting. Within 100 ms
// it is taken for the same press, which shells and supervisors may deliver twice. SIGTERM and
// SIGHUP again change nothing, so `on_signal` must be bounded.
#ifndef MICROMEGAS_PLATFORM_SIGNALS_H_
#define MICROMEGAS_PLATFORM_SIGNALS_H_

#include "micromegas/platform/result.h"

namespace micromegas {

// `on_signal` runs on a thread of ours with all signals blocked and may do anything, but must end
// by itself and not throw. Called twice: the new function replaces the old one, nothing is chained
// to itself, and signals that were given back are taken again. Any thread. In a forked child
// nothing is installed any more; it may install again.
Result<void> install_exit_signals(void (*on_signal)(int signal));

// For `on_signal`, of the signal that it is called for: whether the process ends by it, because
// nobody handles it but us.
bool exit_signal_ends_the_process(int signal) noexcept;

// Puts the previous handlers back, except where somebody has installed one after us and may call
// ours: that one stays, and ours only passes on. Waits for an `on_signal` that is running (unless
// called by it). Nothing if nothing is installed. Any thread.
void uninstall_exit_signals();

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_SIGNALS_H_
