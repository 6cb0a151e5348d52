// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A last word when the program calls std::terminate: an exception that nobody catches, one that
// leaves a noexcept function, a thread that is destroyed unjoined.
//
//   micromegas::install_terminate_hook([](std::string_view why) { log_and_flush(why); }, 5s);
//   ...
//   micromegas::uninstall_terminate_hook();
//
// Afterwards the handler that was there before runs, and if it returns, abort(). So the process
// ends as it would have without us, a little later.
#ifndef MICROMEGAS_PLATFORM_TERMINATE_H_
#define MICROMEGAS_PLATFORM_TERMINATE_H_

#include <chrono>
#include <string_view>

namespace micromegas {

// `on_terminate` runs on the thread that terminates, which may hold any lock, so it may hang: after
// `limit` the process is aborted. Of several threads that terminate, one is heard at a time. What
// terminates inside it goes to the previous handler. Called twice: the new function replaces the
// old one, nothing is chained to itself. Any thread. In a forked child the hook is still there.
void install_terminate_hook(void (*on_terminate)(std::string_view why),
                            std::chrono::milliseconds limit);

// Puts the previous handler back, except where somebody has installed one after us and may call
// ours: that one stays, and ours only passes on. Any thread.
void uninstall_terminate_hook();

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_TERMINATE_H_
