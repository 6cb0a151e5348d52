// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/cgroup.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "micromegas/platform/small_file.h"
#include "micromegas/platform/text_fields.h"

namespace micromegas {
namespace {

constexpr std::size_t kValueBytes = 4096;
constexpr std::size_t kTableBytes = 1U << 20;  // mountinfo of a host with thousands of mounts
constexpr std::size_t kMaxDepth = 32;
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;  // version 1 says it as a huge number

std::string_view first_line(std::string_view text) { return take_until(text, '\n'); }

bool list_has(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    if (take_until(list, ',') == item) return true;
  }
  return false;
}

struct OwnPath {
  std::string_view path;
  bool version_2 = false;
};

// A line is HIERARCHY:CONTROLLERS:PATH; version 2's is 0::PATH.
std::optional<OwnPath> own_path(std::string_view controller, std::string_view self_cgroup) {
  std::optional<OwnPath> unified;
  while (!self_cgroup.empty()) {
    std::string_view path = take_until(self_cgroup, '\n');
    const std::string_view hierarchy = take_until(path, ':');
    const std::string_view controllers = take_until(path, ':');
    if (!path.starts_with('/')) continue;
    if (list_has(controllers, controller)) return OwnPath{path, false};
    if (hierarchy == "0" && controllers.empty()) unified = OwnPath{path, true};
  }
  return unified;
}

// mountinfo writes blank, tab, newline and backslash as \040 and so on.
std::string unescape(std::string_view text) {
  std::string out;
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      out.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                      (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

struct Mount {
  std::string root;   // which part of the hierarchy
  std::string point;  // where it is seen
};

// "36 35 98:0 ROOT POINT OPTIONS FIELDS... - TYPE SOURCE SUPER_OPTIONS".
std::optional<Mount> parse_mount(std::string_view line, std::string_view controller,
                                 bool version_2) {
  for (int field = 0; field < 3; ++field) take_field(line);
  const std::string_view root = take_field(line);
  const std::string_view point = take_field(line);
  while (!line.empty() && take_field(line) != "-") {
  }
  const std::string_view type = take_field(line);
  take_field(line);
  const bool wanted =
      version_2 ? type == "cgroup2" : type == "cgroup" && list_has(take_field(line), controller);
  if (!wanted || !root.starts_with('/') || !point.starts_with('/')) return std::nullopt;
  return Mount{unescape(root), unescape(point)};
}

bool climbs(std::string_view path) {
  while (!path.empty()) {
    if (take_until(path, '/') == "..") return true;
  }
  return false;
}

// The path below the mount point; "" where the mount does not show the group, as in a container
// that sees itself as the root.
std::string_view below(std::string_view path, std::string_view root) {
  if (root == "/") root = "";
  const bool shown =
      path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
  if (!shown || climbs(path)) return "";
  path.remove_prefix(root.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::optional<std::string> value_of(const std::string& folder, const char* file) {
  return read_small_file(folder + "/" + file, kValueBytes);
}

std::optional<double> cpu_limit_of(const std::string& folder, bool version_2) {
  if (version_2) return parse_cpu_max(value_of(folder, "cpu.max").value_or(""));
  const auto quota = value_of(folder, "cpu.cfs_quota_us");
  if (!quota) return std::nullopt;
  return parse_cfs_quota(*quota, value_of(folder, "cpu.cfs_period_us").value_or(""));
}

}  // namespace

CgroupFolders find_cgroup(std::string_view controller, std::string_view self_cgroup,
                          std::string_view mountinfo) {
  CgroupFolders found;
  const std::optional<OwnPath> own = own_path(controller, self_cgroup);
  if (!own) return found;
  found.version_2 = own->version_2;
  while (!mountinfo.empty()) {
    const auto mount = parse_mount(take_until(mountinfo, '\n'), controller, own->version_2);
    if (!mount) continue;
    const std::string point = mount->point == "/" ? "" : mount->point;
    std::string_view path = below(own->path, mount->root);
    while (!path.empty() && found.folders.size() < kMaxDepth) {
      found.folders.push_back(point + std::string(path));
      path = path.substr(0, path.rfind('/'));
    }
    found.folders.push_back(mount->point);
    break;
  }
  return found;
}

std::optional<std::uint64_t> parse_memory_limit(std::string_view text) {
  const auto bytes = parse_number(first_line(text));
  return bytes && *bytes < kNoLimit ? bytes : std::nullopt;
}

std::optional<double> parse_cpu_max(std::string_view text) {
  std::string_view line = first_line(text);
  const std::string_view quota = take_field(line);
  return parse_cfs_quota(quota, take_field(line));
}

std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) {
  const auto allowed = parse_number(first_line(quota));  // "-1" and "max" are no limit
  const auto of = parse_number(first_line(period));
  if (!allowed || !of || *allowed == 0 || *of == 0) return std::nullopt;
  return static_cast<double>(*allowed) / static_cast<double>(*of);
}

std::optional<std::uint64_t> parse_throttled_time(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view name = take_field(line);
    if (name == "throttled_time") return take_number(line);  // version 1
    if (name != "throttled_usec") continue;
    const auto micros = take_number(line);
    return micros && *micros < kNoLimit / 1000 ? std::optional(*micros * 1000) : std::nullopt;
  }
  return std::nullopt;
}

CgroupReader::CgroupReader() {
  const std::string own = read_small_file("/proc/self/cgroup", kTableBytes).value_or("");
  const std::string mounts = read_small_file("/proc/self/mountinfo", kTableBytes).value_or("");
  memory_ = find_cgroup("memory", own, mounts);
  cpu_ = find_cgroup("cpu", own, mounts);
}

CgroupReader::CgroupReader(CgroupFolders memory, CgroupFolders cpu)
    : memory_(std::move(memory)), cpu_(std::move(cpu)) {}

CgroupUsage CgroupReader::read() const {
  CgroupUsage usage;
  const std::string* limiting = nullptr;
  for (const std::string& folder : memory_.folders) {
    const char* file = memory_.version_2 ? "memory.max" : "memory.limit_in_bytes";
    const auto limit = parse_memory_limit(value_of(folder, file).value_or(""));
    if (!limit || (usage.memory_limit && *usage.memory_limit <= *limit)) continue;
    usage.memory_limit = limit;
    limiting = &folder;
  }
  if (limiting != nullptr) {
    const char* file = memory_.version_2 ? "memory.current" : "memory.usage_in_bytes";
    usage.memory_used = parse_memory_limit(value_of(*limiting, file).value_or(""));
    limiting = nullptr;
  }
  for (const std::string& folder : cpu_.folders) {
    const auto limit = cpu_limit_of(folder, cpu_.version_2);
    if (!limit || (usage.cpu_limit && *usage.cpu_limit <= *limit)) continue;
    usage.cpu_limit = limit;
    limiting = &folder;
  }
  if (limiting != nullptr) {
    usage.cpu_throttled_ns = parse_throttled_time(value_of(*limiting, "cpu.stat").value_or(""));
  }
  return usage;
}

}  // namespace micromegas
