// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What must happen around fork(2): one set of hooks for the whole library.
#ifndef MICROMEGAS_PLATFORM_FORK_H_
#define MICROMEGAS_PLATFORM_FORK_H_

namespace micromegas {

// From now on, every fork() of the process calls `prepare` before it and then `parent` or `child`,
// all on the thread that forks; null leaves one out. A later call replaces the hooks, so calling
// again with the same ones changes nothing. `child` may only do what is async-signal-safe.
// False when the system has no memory to register them. Any thread.
bool set_fork_hooks(void (*prepare)(), void (*parent)(), void (*child)()) noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_FORK_H_
