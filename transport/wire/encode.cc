// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/encode.h"

#include <span>
#include <string_view>
#include <utility>

#include "micromegas/transport/wire/cbor_writer.h"
#include "micromegas/transport/wire/layout.h"
#include "micromegas/transport/wire/time_text.h"
#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {
namespace {

// VARCHAR(255) in the server's database, which answers 500 for ever to anything longer.
constexpr std::size_t kMaxColumnCharacters = 255;

void write_properties(CborWriter& cbor, const PropertyMap& properties) {
  PropertyMap clean;  // two names may become one
  for (const auto& [name, value] : properties) {
    clean.insert_or_assign(sanitize(name), sanitize(value));
  }
  cbor.map(clean.size());
  for (const auto& [name, value] : clean) {
    cbor.text(name);
    cbor.text(value);
  }
}

void write_types(CborWriter& cbor, std::span<const layout::PackedType> types) {
  cbor.array(types.size());
  for (const layout::PackedType& type : types) {
    cbor.map(4);
    cbor.text("name");
    cbor.text(type.name);
    cbor.text("size");
    cbor.integer(type.size);
    cbor.text("members");
    cbor.array(type.members.size());
    for (const layout::PackedMember& member : type.members) {
      cbor.map(5);
      cbor.text("name");
      cbor.text(member.name);
      cbor.text("type_name");
      cbor.text(member.type_name);
      cbor.text("offset");
      cbor.integer(member.offset);
      cbor.text("size");
      cbor.integer(member.size);
      cbor.text("is_reference");
      cbor.boolean(member.is_reference);
    }
    cbor.text("is_reference");
    cbor.boolean(type.is_reference);
  }
}

}  // namespace

std::string encode_process(const ProcessInfo& process) {
  std::string body;
  CborWriter cbor(body);
  cbor.map(12);
  cbor.text("process_id");
  cbor.text(process.process_id.to_string());
  const std::pair<std::string_view, const std::string*> columns[] = {
      {"exe", &process.exe},           {"username", &process.username},
      {"realname", &process.realname}, {"computer", &process.computer},
      {"distro", &process.distro},     {"cpu_brand", &process.cpu_brand},
  };
  for (const auto& [key, value] : columns) {
    cbor.text(key);
    cbor.text(sanitize(*value, kMaxColumnCharacters));
  }
  cbor.text("tsc_frequency");
  cbor.integer(process.tsc_frequency);
  cbor.text("start_time");
  cbor.text(format_time(process.start_time, "Z"));
  cbor.text("start_ticks");
  cbor.integer(process.start_ticks);
  cbor.text("parent_process_id");  // the key must be there
  if (process.parent_process_id.has_value()) {
    cbor.text(process.parent_process_id->to_string());
  } else {
    cbor.null();
  }
  cbor.text("properties");
  write_properties(cbor, process.properties);
  return body;
}

std::string encode_stream(const StreamInfo& stream) {
  const layout::StreamLayout& layout = layout::of(stream.kind);
  std::string body;
  CborWriter cbor(body);
  cbor.map(6);
  cbor.text("process_id");
  cbor.text(stream.process_id.to_string());
  cbor.text("stream_id");
  cbor.text(stream.stream_id.to_string());
  cbor.text("dependencies_metadata");
  write_types(cbor, layout.dependencies);
  cbor.text("objects_metadata");
  write_types(cbor, layout.objects);
  cbor.text("tags");
  cbor.array(1);
  cbor.text(layout.tag);
  cbor.text("properties");
  write_properties(cbor, stream.properties);
  return body;
}

}  // namespace micromegas::wire
