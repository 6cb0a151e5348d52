// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/conformance/edit.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "micromegas/transport/wire/lz4_frame.h"

namespace micromegas::conformance {
namespace {

json read_cbor(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return json::from_cbor(bytes);
}

void write_cbor(const std::string& path, const json& value) {
  const std::vector<std::uint8_t> bytes = json::to_cbor(value);
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

std::vector<Record> take_records(const json& types, const json& frame) {
  const auto& compressed = frame.get_binary();
  const std::string bytes =
      wire::decompress_frame({reinterpret_cast<const char*>(compressed.data()), compressed.size()},
                             std::size_t{1} << 30)
          .value();
  std::vector<Record> records;
  for (std::size_t at = 0; at < bytes.size();) {
    const json& type = types.at(static_cast<unsigned char>(bytes[at++]));
    std::size_t size = type.at("size");
    if (size == 0) {
      std::uint32_t length;
      std::memcpy(&length, &bytes[at], 4);
      size = length;
      at += 4;
    }
    records.push_back({type.at("name"), bytes.substr(at, size)});
    at += size;
  }
  return records;
}

json put_records(const json& types, const std::vector<Record>& records) {
  std::string bytes;
  for (const Record& record : records) {
    const auto found = std::find_if(types.begin(), types.end(), [&](const json& type) {
      return type.at("name") == record.type;
    });
    // A name that the stream does not have becomes an index that it does not have.
    bytes.push_back(static_cast<char>(found == types.end() ? 250 : found - types.begin()));
    if (found == types.end() || found->at("size") == 0) {
      const auto size = static_cast<std::uint32_t>(record.body.size());
      bytes.append(reinterpret_cast<const char*>(&size), 4);
    }
    bytes += record.body;
  }
  wire::FrameCompressor compressor(0);
  wire::ByteBuffer frame;
  if (!compressor.compress(bytes, frame)) throw std::runtime_error("LZ4 failed");
  const std::string_view view = frame.view();
  return json::binary({view.begin(), view.end()});
}

}  // namespace

EditableFolder::EditableFolder(std::string folder) : folder_(std::move(folder)) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() == ".cbor") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::map<std::string, std::string> tags;  // by stream id
  for (const auto& path : paths) {
    const std::string file = path.filename();
    if (file.find("process") != std::string::npos) {
      process_file_ = file;
      process_ = read_cbor(path);
    } else if (file.find("stream") != std::string::npos) {
      json stream = read_cbor(path);
      const std::string tag = stream.at("tags").at(0);
      if (tag == "cpu" && stream.at("properties").value("thread-name", "") != "main-thread")
        continue;
      tags[stream.at("stream_id")] = tag;
      stream_files_[tag] = file;
      layouts_[tag] = stream;
      streams_[tag] = std::move(stream);
    }
  }
  for (const auto& path : paths) {
    if (path.string().find("block") == std::string::npos) continue;
    const json body = read_cbor(path);
    const auto tag = tags.find(body.at("stream_id"));
    if (tag == tags.end()) continue;
    EditableBlock block = take_apart(streams_.at(tag->second), body);
    block.file = path.filename();
    blocks_[tag->second].push_back(std::move(block));
  }
  for (auto& [tag, blocks] : blocks_) {
    std::sort(blocks.begin(), blocks.end(), [](const EditableBlock& a, const EditableBlock& b) {
      return a.envelope.at("object_offset") < b.envelope.at("object_offset");
    });
  }
}

EditableBlock EditableFolder::take_apart(const json& stream, const json& body) const {
  EditableBlock block;
  block.envelope = body;
  block.envelope.erase("payload");
  const json& payload = body.at("payload");
  block.dependencies = take_records(stream.at("dependencies_metadata"), payload.at("dependencies"));
  block.objects = take_records(stream.at("objects_metadata"), payload.at("objects"));
  return block;
}

json EditableFolder::put_together(const json& stream, const EditableBlock& block) const {
  json body = block.envelope;
  json& payload = body["payload"];
  payload["dependencies"] =
      block.no_dependencies ? json::binary({})
                            : put_records(stream.at("dependencies_metadata"), block.dependencies);
  payload["objects"] = put_records(stream.at("objects_metadata"), block.objects);
  return body;
}

json& EditableFolder::type(const std::string& tag, const std::string& name) {
  for (const char* half : {"dependencies_metadata", "objects_metadata"}) {
    for (json& type : streams_.at(tag).at(half)) {
      if (type.at("name") == name) return type;
    }
  }
  throw std::out_of_range("no type " + name);
}

json& EditableFolder::member(const std::string& tag, const std::string& type_name,
                             const std::string& name) {
  for (json& member : type(tag, type_name).at("members")) {
    if (member.at("name") == name) return member;
  }
  throw std::out_of_range("no member " + name + " of " + type_name);
}

std::size_t EditableFolder::offset(const std::string& tag, const std::string& type,
                                   const std::string& name) {
  return member(tag, type, name).at("offset");
}

void EditableFolder::renumber(const std::string& tag) {
  std::int64_t offset = 0;
  for (EditableBlock& block : blocks(tag)) {
    block.envelope["object_offset"] = offset;
    block.envelope["nb_objects"] = block.objects.size();
    offset += static_cast<std::int64_t>(block.objects.size());
  }
}

void EditableFolder::save() const {
  write_cbor(folder_ + "/" + process_file_, process_);
  for (const auto& [tag, stream] : streams_) {
    write_cbor(folder_ + "/" + stream_files_.at(tag), stream);
    for (const EditableBlock& block : blocks_.at(tag)) {
      write_cbor(folder_ + "/" + block.file, put_together(layouts_.at(tag), block));
    }
  }
}

}  // namespace micromegas::conformance
