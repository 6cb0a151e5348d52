// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/folder.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace micromegas::collector {
namespace {

namespace fs = std::filesystem;

constexpr BodyKind kKinds[] = {BodyKind::kProcess, BodyKind::kStream, BodyKind::kBlock};
constexpr std::string_view kSuffix = ".cbor";

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// The leading number and what follows it. At least six digits, as the writer makes them.
struct Numbered {
  std::uint64_t number = 0;
  std::string_view rest;
};
std::optional<Numbered> split_number(std::string_view name) {
  Numbered split;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), split.number);
  const auto digits = static_cast<std::size_t>(end - name.data());
  if (error != std::errc() || digits < 6) return std::nullopt;
  split.rest = name.substr(digits);
  return split;
}

// Calls `visit` with the name of each entry.
template <class Visit>
Result<void> for_each_name(const std::string& folder, Visit visit) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error) return Error(folder + ": " + error.message());
  for (; entry != fs::directory_iterator(); entry.increment(error)) {
    if (error) return Error(folder + ": " + error.message());
    visit(entry->path().filename().string());
  }
  return {};
}

}  // namespace

std::string_view to_string(BodyKind kind) noexcept {
  switch (kind) {
    case BodyKind::kProcess:
      return "process";
    case BodyKind::kStream:
      return "stream";
    case BodyKind::kBlock:
      return "block";
  }
  return "unknown";
}

Result<FolderWriter> FolderWriter::open(std::string folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Error("cannot make the folder " + folder + ": " + error.message() +
                 "; choose one that can be written");
  }
  std::uint64_t next = 0;
  const auto listed = for_each_name(folder, [&](const std::string& name) {
    if (const auto split = split_number(name)) next = std::max(next, split->number + 1);
  });
  if (!listed) return listed.error();
  return FolderWriter(std::move(folder), next);
}

Result<void> FolderWriter::write(BodyKind kind, std::string_view body, bool refused) {
  char number[32];
  std::snprintf(number, sizeof(number), "%06llu-", static_cast<unsigned long long>(next_));
  std::string path = folder_ + "/" + number + std::string(to_string(kind));
  if (refused) path += "-refused";
  path += kSuffix;
  const std::string beside = path + ".tmp";

  const auto fail = [&](const char* what) {
    const int reason = errno;
    std::remove(beside.c_str());
    return Error("cannot " + std::string(what) + " " + path + ": " + std::strerror(reason));
  };
  File file(std::fopen(beside.c_str(), "wbx"));
  if (!file) return fail("make");
  if (std::fwrite(body.data(), 1, body.size(), file.get()) != body.size()) return fail("write");
  if (std::fclose(file.release()) != 0) return fail("write");
  if (std::rename(beside.c_str(), path.c_str()) != 0) return fail("rename to");
  ++next_;
  return {};
}

Result<std::vector<FolderEntry>> list_folder(const std::string& folder) {
  std::vector<FolderEntry> entries;
  const auto listed = for_each_name(folder, [&](const std::string& name) {
    const auto split = split_number(name);
    if (!split) return;
    for (const BodyKind kind : kKinds) {
      if (split->rest == "-" + std::string(to_string(kind)) + std::string(kSuffix)) {
        entries.push_back({split->number, kind, name});
      }
    }
  });
  if (!listed) return listed.error();
  if (entries.empty()) {
    return Error(folder + ": no file named NNNNNN-process.cbor, -stream.cbor or -block.cbor");
  }
  std::sort(entries.begin(), entries.end(), [](const FolderEntry& a, const FolderEntry& b) {
    return a.number != b.number ? a.number < b.number : a.name < b.name;
  });
  return entries;
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return Error(path + ": " + std::strerror(errno));
  std::string content;
  for (;;) {
    const std::size_t held = content.size();
    content.resize(held + 256 * 1024);
    const std::size_t got = std::fread(content.data() + held, 1, content.size() - held, file.get());
    content.resize(held + got);
    if (content.size() > max_bytes) {
      return Error(path + ": larger than " + std::to_string(max_bytes) + " bytes");
    }
    if (got == 0) break;
  }
  if (std::ferror(file.get()) != 0) return Error(path + ": " + std::strerror(errno));
  return content;
}

}  // namespace micromegas::collector
