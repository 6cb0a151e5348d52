// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/decode_folder.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "micromegas/platform/uuid.h"
#include "micromegas/transport/collector/folder.h"
#include "micromegas/transport/wire/json_lines.h"

namespace micromegas::collector {
namespace {

class FolderDecoder {
 public:
  FolderDecoder(const std::string& folder, FunctionRef<void(std::string_view)> line,
                FunctionRef<void(std::string_view)> error, const wire::DecodeLimits& limits)
      : folder_(folder), line_(line), error_(error), limits_(limits) {}

  bool run() {
    const auto entries = list_folder(folder_);
    if (!entries) return fail(entries.error().message());
    for (const BodyKind kind : {BodyKind::kProcess, BodyKind::kStream, BodyKind::kBlock}) {
      for (const FolderEntry& entry : *entries) {
        if (entry.kind == kind) read(entry);
      }
    }
    return good_;
  }

 private:
  bool fail(const std::string& message) {
    error_(message);
    good_ = false;
    return false;
  }

  void read(const FolderEntry& entry) {
    const std::string path = folder_ + "/" + entry.name;
    const auto body = read_file(path, limits_.body_bytes);
    Result<void> done;
    if (!body) {
      fail(body.error().message());
      return;
    }
    if (entry.kind == BodyKind::kProcess) done = process(*body);
    if (entry.kind == BodyKind::kStream) done = stream(*body, entry.name);
    if (entry.kind == BodyKind::kBlock) done = block(*body, entry.name);
    if (!done) fail(path + ": " + done.error().message());
  }

  Result<void> process(const std::string& body) {
    const auto decoded = wire::decode_process(body, limits_);
    if (!decoded) return decoded.error();
    if (processes_.insert(decoded->info.process_id).second) line_(wire::process_line(*decoded));
    return {};
  }

  Result<void> stream(const std::string& body, const std::string& name) {
    auto decoded = wire::decode_stream(body, limits_);
    if (!decoded) return decoded.error();
    const Uuid id = decoded->stream_id;
    const auto [entry, is_new] = streams_.try_emplace(id, std::move(*decoded));
    if (is_new) line_(wire::stream_line(entry->second, name));
    return {};
  }

  Result<void> block(const std::string& body, const std::string& name) {
    const auto decoded = wire::decode_block(body, limits_);
    if (!decoded) return decoded.error();
    if (!blocks_.insert(decoded->block_id).second) return {};
    const auto stream = streams_.find(decoded->stream_id);
    if (stream == streams_.end()) {
      return Error("its stream " + decoded->stream_id.to_string() + " is not in the folder");
    }
    // One bad event hides the whole block, so none is printed before all were read.
    const auto read = wire::for_each_event(
        stream->second, *decoded, [](std::int64_t, const wire::Object&) {}, limits_);
    if (!read) return read.error();
    line_(wire::block_line(*decoded, stream->second, name));
    const auto print = [&](std::int64_t id, const wire::Object& event) {
      line_(wire::event_line(*decoded, id, event));
    };
    (void)wire::for_each_event(stream->second, *decoded, print, limits_);
    if (!processes_.contains(decoded->process_id)) {
      return Error("its process " + decoded->process_id.to_string() + " is not in the folder");
    }
    return {};
  }

  const std::string folder_;
  const FunctionRef<void(std::string_view)> line_;
  const FunctionRef<void(std::string_view)> error_;
  const wire::DecodeLimits limits_;
  std::unordered_set<Uuid> processes_;
  std::unordered_map<Uuid, wire::DecodedStream> streams_;
  std::unordered_set<Uuid> blocks_;
  bool good_ = true;
};

}  // namespace

bool decode_folder(const std::string& folder, FunctionRef<void(std::string_view)> line,
                   FunctionRef<void(std::string_view)> error, const wire::DecodeLimits& limits) {
  return FolderDecoder(folder, line, error, limits).run();
}

}  // namespace micromegas::collector
