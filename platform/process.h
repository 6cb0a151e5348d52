// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the system tells about this process and its machine. Asked once, at start.
#ifndef MICROMEGAS_PLATFORM_PROCESS_H_
#define MICROMEGAS_PLATFORM_PROCESS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace micromegas {

// Strings are the system's bytes: not necessarily UTF-8, any length. Never empty, except `exe`
// where /proc is not mounted.
struct SystemInfo {
  std::string exe;       // full path of the executable
  std::string username;  // login name, or the number of a user without one
  std::string realname;  // full name of the user, or the login name
  std::string computer;  // host name
  std::string distro;    // "Debian GNU/Linux 12 (bookworm)"; else the kernel's name and release
  std::string cpu_brand;
  std::uint32_t logical_cores = 1;
  std::uint32_t physical_cores = 1;
  std::uint64_t total_memory = 0;  // bytes
};

// May read files and ask the user database (which may be remote): not for a hot path. Any thread.
SystemInfo gather_system_info();

// PRETTY_NAME of a file in the format of os-release(5), or "". For gather_system_info and its
// tests.
std::string parse_os_release(std::string_view content);

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_PROCESS_H_
