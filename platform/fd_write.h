// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Writes to a file descriptor that the host owns (a terminal, a pipe whose reader may be gone)
// without ever killing or disturbing the host.
#ifndef MICROMEGAS_PLATFORM_FD_WRITE_H_
#define MICROMEGAS_PLATFORM_FD_WRITE_H_

#include <string_view>

namespace micromegas {

// Writes all of `data`: one write(2) unless the kernel takes only a part. Retries EINTR, raises no
// SIGPIPE, keeps errno. On a full non-blocking descriptor it waits at most `wait_ms` in all for
// room. False when something was left unwritten. Any thread, also in a forked child.
bool write_fully(int fd, std::string_view data, int wait_ms) noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_FD_WRITE_H_
