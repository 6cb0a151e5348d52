// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A folder of received bodies, exactly as they came, in order of arrival:
// NNNNNN-{process,stream,block}.cbor. A body that was answered 400 is NNNNNN-{...}-refused.cbor and
// is not read again.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_FOLDER_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_FOLDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/platform/result.h"

namespace micromegas::collector {

enum class BodyKind : std::uint8_t { kProcess, kStream, kBlock };
std::string_view to_string(BodyKind kind) noexcept;

// One thread at a time.
class FolderWriter {
 public:
  // Makes the folder if there is none. Numbers go on after those that it holds.
  static Result<FolderWriter> open(std::string folder);

  // The whole file appears at once (written beside and renamed).
  Result<void> write(BodyKind kind, std::string_view body, bool refused);

 private:
  FolderWriter(std::string folder, std::uint64_t next) : folder_(std::move(folder)), next_(next) {}

  std::string folder_;
  std::uint64_t next_;
};

struct FolderEntry {
  std::uint64_t number = 0;
  BodyKind kind = BodyKind::kProcess;
  std::string name;  // within the folder
};

// The bodies in a folder by number. An error if it cannot be read or holds none.
Result<std::vector<FolderEntry>> list_folder(const std::string& folder);

// The content of a file of at most `max_bytes`. Errors name the file.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_FOLDER_H_
