// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/process.h"

#include <errno.h>
#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "micromegas/platform/small_file.h"

namespace micromegas {
namespace {

std::string executable_path() {
  std::vector<char> path(256);
  for (;;) {
    const ssize_t n = readlink("/proc/self/exe", path.data(), path.size());
    if (n <= 0) return {};
    const auto size = static_cast<std::size_t>(n);
    if (size < path.size()) return std::string(path.data(), size);
    if (path.size() >= 65536) return {};
    path.resize(path.size() * 2);
  }
}

void fill_user(SystemInfo& info) {
  const uid_t uid = getuid();
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(1024);
  while (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
         buffer.size() < (std::size_t{1} << 20)) {
    buffer.resize(buffer.size() * 2);
  }
  if (found != nullptr) {
    if (found->pw_name != nullptr) info.username = found->pw_name;
    if (found->pw_gecos != nullptr) info.realname = found->pw_gecos;
    info.realname.erase(std::min(info.realname.find(','), info.realname.size()));
  }
  if (info.username.empty()) info.username = std::to_string(uid);
  if (info.realname.empty()) info.realname = info.username;
}

std::string distro_name() {
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    std::string name = parse_os_release(read_small_file(path, 65536).value_or(""));
    if (!name.empty()) return name;
  }
  utsname kernel{};
  if (uname(&kernel) != 0) return "unknown";
  return std::string(kernel.sysname) + " " + kernel.release;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "unknown";
  return name.data();
}

std::string cpu_brand_name() {
#if defined(__x86_64__) || defined(__i386__)
  std::array<unsigned, 12> words{};
  for (unsigned leaf = 0; leaf < 3; ++leaf) {
    unsigned* out = words.data() + leaf * std::size_t{4};
    if (__get_cpuid(0x80000002 + leaf, out, out + 1, out + 2, out + 3) == 0) return "x86";
  }
  std::array<char, sizeof(words) + 1> text{};
  std::memcpy(text.data(), words.data(), sizeof(words));
  const std::string_view brand = text.data();
  const std::size_t begin = brand.find_first_not_of(' ');
  if (begin == std::string_view::npos) return "x86";
  return std::string(brand.substr(begin, brand.find_last_not_of(' ') - begin + 1));
#elif defined(__aarch64__)
  return "aarch64";
#else
  utsname kernel{};
  return uname(&kernel) == 0 ? kernel.machine : "unknown";
#endif
}

std::optional<int> read_topology(unsigned cpu, const char* what) {
  const std::string path =
      "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/" + what;
  const std::string text = read_small_file(path, 32).value_or("");
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

void fill_cores(SystemInfo& info) {
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  info.logical_cores = online > 0 ? static_cast<std::uint32_t>(online) : 1;
  const long configured = std::clamp(sysconf(_SC_NPROCESSORS_CONF), 1L, 8192L);
  std::set<std::pair<int, int>> cores;  // package, core within it
  for (unsigned cpu = 0; cpu < static_cast<unsigned>(configured); ++cpu) {
    const auto core = read_topology(cpu, "core_id");  // absent: offline, or hidden by a sandbox
    if (core) cores.emplace(read_topology(cpu, "physical_package_id").value_or(0), *core);
  }
  info.physical_cores =
      cores.empty()
          ? info.logical_cores
          : static_cast<std::uint32_t>(std::min<std::size_t>(cores.size(), info.logical_cores));
}

}  // namespace

std::string parse_os_release(std::string_view content) {
  constexpr std::string_view kKey = "PRETTY_NAME=";
  while (!content.empty()) {
    const std::size_t end = content.find('\n');
    std::string_view line = content.substr(0, end);
    content = end == std::string_view::npos ? std::string_view() : content.substr(end + 1);
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    const bool quoted = line.size() >= 2 && (line.front() == '"' || line.front() == '\'') &&
                        line.front() == line.back();
    const bool escapes = !quoted || line.front() == '"';
    if (quoted) line = line.substr(1, line.size() - 2);
    std::string name;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (escapes && line[i] == '\\' && i + 1 < line.size()) ++i;
      name.push_back(line[i]);
    }
    return name;
  }
  return {};
}

SystemInfo gather_system_info() {
  SystemInfo info;
  info.exe = executable_path();
  fill_user(info);
  info.computer = host_name();
  info.distro = distro_name();
  info.cpu_brand = cpu_brand_name();
  fill_cores(info);
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_size = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_size > 0) {
    info.total_memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_size);
  }
  return info;
}

}  // namespace micromegas
