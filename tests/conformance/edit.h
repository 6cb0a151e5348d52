// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A folder of requests taken apart down to its records, to be changed and put together again.
//
//   EditableFolder folder(copy_of(scenario_folder()));
//   folder.blocks("log").front().objects.pop_back();
//   folder.save();
#ifndef MICROMEGAS_TESTS_CONFORMANCE_EDIT_H_
#define MICROMEGAS_TESTS_CONFORMANCE_EDIT_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace micromegas::conformance {

using nlohmann::json;

// A dependency or an event. The body is that of the queue, without type index and length.
struct Record {
  std::string type;
  std::string body;

  template <class T>
  [[nodiscard]] T get(std::size_t offset) const {
    T value;
    std::memcpy(&value, &body.at(offset + sizeof value - 1) - (sizeof value - 1), sizeof value);
    return value;
  }
  template <class T>
  void set(std::size_t offset, T value) {
    std::memcpy(&body.at(offset + sizeof value - 1) - (sizeof value - 1), &value, sizeof value);
  }
};

struct EditableBlock {
  std::string file;
  json envelope;  // without "payload"
  std::vector<Record> dependencies;
  std::vector<Record> objects;
  bool no_dependencies = false;  // send no bytes where an empty frame belongs
};

// Streams by tag: "log", "metrics", and of the threads' the one of "main-thread" as "cpu". Offsets
// of members are asked of the stream, ids of dependencies stand first in their records.
class EditableFolder {
 public:
  explicit EditableFolder(std::string folder);

  json& process() { return process_; }
  json& stream(const std::string& tag) { return streams_.at(tag); }
  // By object_offset.
  std::vector<EditableBlock>& blocks(const std::string& tag) { return blocks_.at(tag); }

  // A type of the stream by name, of dependencies or of events; its member by name.
  json& type(const std::string& tag, const std::string& name);
  json& member(const std::string& tag, const std::string& type, const std::string& name);
  std::size_t offset(const std::string& tag, const std::string& type, const std::string& member);

  // Makes counts and offsets right again.
  void renumber(const std::string& tag);
  void save() const;

 private:
  EditableBlock take_apart(const json& stream, const json& body) const;
  json put_together(const json& stream, const EditableBlock& block) const;

  std::string folder_;
  std::string process_file_;
  json process_;
  std::map<std::string, std::string> stream_files_;
  std::map<std::string, json> streams_;
  std::map<std::string, std::vector<EditableBlock>> blocks_;
  std::map<std::string, json> layouts_;  // as the records were written, whatever the stream says
};

}  // namespace micromegas::conformance

#endif  // MICROMEGAS_TESTS_CONFORMANCE_EDIT_H_
