// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Small files of the system: /proc, /sys, /etc.
#ifndef MICROMEGAS_PLATFORM_SMALL_FILE_H_
#define MICROMEGAS_PLATFORM_SMALL_FILE_H_

#include <cstddef>
#include <optional>
#include <string>

namespace micromegas {

// At most `limit` bytes of a regular file, and nothing for anything else (a FIFO would block for
// ever); errno then says why. Any thread.
std::optional<std::string> read_small_file(const std::string& path, std::size_t limit);

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_SMALL_FILE_H_
