// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/proc_files.h"

#include <limits>

#include "micromegas/platform/text_fields.h"

namespace micromegas {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

// False if the sum does not fit.
bool add(std::uint64_t& sum, std::uint64_t value) {
  if (value > kMax - sum) return false;
  sum += value;
  return true;
}

std::optional<std::uint64_t> kib_field(std::string_view line) {
  const auto kib = take_number(line);
  if (!kib || *kib > kMax / 1024 || take_field(line) != "kB") return std::nullopt;
  return *kib * 1024;
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  // The name is the program's choice and may hold blanks and parentheses; nothing behind it does.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(name_end + 1);
  rest = take_until(rest, '\n');
  const auto skip = [&rest](int fields) {
    while (fields-- > 0) take_field(rest);
  };
  skip(17);  // from the 3rd, state, to the 19th, nice
  const auto threads = take_number(rest);
  skip(2);  // itrealvalue, starttime
  const auto virtual_bytes = take_number(rest);
  const auto resident_pages = take_number(rest);
  if (!threads || !virtual_bytes || !resident_pages) return std::nullopt;
  return ProcessStat{*threads, *virtual_bytes, *resident_pages};
}

std::optional<MachineCpu> parse_machine_cpu(std::string_view text) {
  std::string_view line = take_until(text, '\n');
  if (take_field(line) != "cpu") return std::nullopt;
  MachineCpu cpu;
  // user nice system idle iowait irq softirq steal; guest time is in user's and nice's.
  for (int field = 0; field < 8; ++field) {
    const auto ticks = take_number(line);
    if (!ticks || !add(cpu.total, *ticks)) return std::nullopt;
    if (field != 3 && field != 4) cpu.busy += *ticks;
  }
  return cpu;
}

std::optional<MachineMemory> parse_meminfo(std::string_view text) {
  std::optional<std::uint64_t> total;
  std::optional<std::uint64_t> free;
  std::optional<std::uint64_t> available;
  while (!text.empty() && !(total && free && available)) {
    std::string_view line = take_until(text, '\n');
    const std::string_view name = take_field(line);
    if (name == "MemTotal:") total = kib_field(line);
    if (name == "MemFree:") free = kib_field(line);
    if (name == "MemAvailable:") available = kib_field(line);
  }
  if (!total || !free || !available || *free > *total || *available > *total) return std::nullopt;
  return MachineMemory{*total, *free, *available};
}

std::optional<NetworkBytes> parse_network_bytes(std::string_view text) {
  take_until(text, '\n');
  if (take_until(text, '\n').find("bytes") == std::string_view::npos) return std::nullopt;
  NetworkBytes bytes;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::size_t colon = line.rfind(':');  // names may hold colons, numbers do not
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view name = line.substr(0, colon);
    std::string_view numbers = line.substr(colon + 1);
    if (take_field(name) == "lo") continue;
    const auto received = take_number(numbers);
    for (int field = 0; field < 7; ++field) take_field(numbers);
    const auto sent = take_number(numbers);
    if (!received || !sent || !add(bytes.received, *received) || !add(bytes.sent, *sent)) {
      return std::nullopt;
    }
  }
  return bytes;
}

}  // namespace micromegas
