// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/system_usage.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>

#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/small_file.h"

namespace micromegas {
namespace {

constexpr std::size_t kFileBytes = 256U << 10;  // /proc/net/dev of a host with 1,000 interfaces
constexpr std::uint64_t kMaxListed = 65'536;    // names of descriptors that are counted one by one

std::uint64_t ns(const timeval& time) {
  return (static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
          static_cast<std::uint64_t>(time.tv_usec)) *
         1000;
}

ProcessTotals process_totals() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);  // cannot fail
  constexpr std::uint64_t kBlock = 512;
  ProcessTotals totals;
  totals.cpu_ns = ns(usage.ru_utime) + ns(usage.ru_stime);
  totals.minor_faults = static_cast<std::uint64_t>(usage.ru_minflt);
  totals.major_faults = static_cast<std::uint64_t>(usage.ru_majflt);
  totals.voluntary_switches = static_cast<std::uint64_t>(usage.ru_nvcsw);
  totals.involuntary_switches = static_cast<std::uint64_t>(usage.ru_nivcsw);
  totals.read_bytes = static_cast<std::uint64_t>(usage.ru_inblock) * kBlock;
  totals.written_bytes = static_cast<std::uint64_t>(usage.ru_oublock) * kBlock;
  return totals;
}

}  // namespace

std::optional<std::uint64_t> list_descriptors(const std::string& path) {
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return std::nullopt;
  std::uint64_t count = 0;
  while (count <= kMaxListed) {
    const dirent* const entry = readdir(folder);
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(folder);
  if (count > kMaxListed) {
    errno = EOVERFLOW;
    return std::nullopt;
  }
  return count - std::min<std::uint64_t>(count, 1);
}

SystemUsage SystemUsageReader::read() {
  SystemUsage usage;
  usage.totals = process_totals();
  // Of this thread, which shares what is read here with all others: /proc/self is the first thread,
  // which may have ended (pthread_exit() in main()), and then has no memory, file or network.
  usage.process = parsed("/thread-self/stat", &parse_process_stat);
  usage.descriptors = count_descriptors();
  usage.cpu = parsed("/stat", &parse_machine_cpu);
  usage.memory = parsed("/meminfo", &parse_meminfo);
  usage.network = parsed("/thread-self/net/dev", &parse_network_bytes);
  usage.cgroup = cgroup_.read();
  say_failures();
  return usage;
}

template <class T>
std::optional<T> SystemUsageReader::parsed(const char* file,
                                           std::optional<T> (*parse)(std::string_view)) {
  const std::optional<std::string> text = read_small_file(proc_ + file, kFileBytes);
  if (!text) {
    note_failure(file, strerror(errno));
    return std::nullopt;
  }
  std::optional<T> value = parse(*text);
  if (!value) note_failure(file, "not as proc(5) describes it");
  return value;
}

std::optional<std::uint64_t> SystemUsageReader::count_descriptors() {
  constexpr const char* kFolder = "/thread-self/fd";
  const std::string path = proc_ + kFolder;
  struct stat info {};
  // Linux 6.2 and later say it without listing them.
  if (stat(path.c_str(), &info) == 0 && info.st_size > 0) {
    return static_cast<std::uint64_t>(info.st_size);
  }
  const std::optional<std::uint64_t> listed = list_descriptors(path);
  if (!listed) note_failure(kFolder, strerror(errno));
  return listed;
}

void SystemUsageReader::note_failure(const char* file, const char* why) {
  const std::string_view name = file;
  if (std::find(failed_.begin(), failed_.end(), name) != failed_.end()) return;
  failed_.push_back(file);
  if (!unsaid_.empty()) unsaid_ += ", ";
  unsaid_ += proc_ + file + " (" + why + ")";
}

void SystemUsageReader::say_failures() {
  if (unsaid_.empty()) return;
  diagnose("system_monitor", "system metrics are incomplete: cannot read " + unsaid_);
  unsaid_.clear();
}

}  // namespace micromegas
