// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace micromegas {
namespace {

// 0 or an errno.
int read_up_to(int fd, std::size_t limit, std::string& content) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return errno;
  if (!S_ISREG(info.st_mode)) return EINVAL;
  std::array<char, 4096> buffer;
  while (content.size() < limit) {
    const ssize_t n = read(fd, buffer.data(), std::min(buffer.size(), limit - content.size()));
    if (n == -1 && errno == EINTR) continue;
    if (n == -1) return errno;
    if (n == 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace

std::optional<std::string> read_small_file(const std::string& path, std::size_t limit) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd == -1) return std::nullopt;
  std::string content;
  const int error = read_up_to(fd, limit, content);
  close(fd);
  if (error == 0) return content;
  errno = error;
  return std::nullopt;
}

}  // namespace micromegas
